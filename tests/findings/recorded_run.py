"""A run of the whole catalogue, reduced to what the findings pages state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.wanted_got import wanted_got
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import forgiven
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_reading import FILE, Report, load_report

DATA: Final = Path(__file__).parents[2] / "docs/findings/catalogue.json"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement that an SDK does not meet.

    Attributes:
        id: Its id.
        level: `contract` or `quirk`.
        verdict: The verdict, or `quirk not shared`.
        sentence: What must hold.
        mismatches: The first mismatch of each scenario, in words.
    """

    id: str
    level: str
    verdict: str
    sentence: str
    mismatches: tuple[str, ...]


class JudgedSdk(msgspec.Struct, frozen=True, kw_only=True):
    """One SDK of the run.

    Attributes:
        spec: Its SPEC.
        name: Its name.
        version: Its version.
        profile: The profile that it was judged by.
        conclusion: The conclusion in words.
        counts: The number of requirements by verdict.
        differences: The requirements that it does not meet.
        not_claimed: The ids of the requirements about features that it does not have.
    """

    spec: str
    name: str
    version: str
    profile: str
    conclusion: str
    counts: dict[str, int]
    differences: tuple[Difference, ...]
    not_claimed: tuple[str, ...]


def judged_sdks(folder: Path) -> tuple[JudgedSdk, ...]:
    """Return what `matrix --report FOLDER` wrote, by SPEC in alphabetical order."""
    reports = [load_report(path.parent) for path in folder.glob(f"*/{FILE}")]
    return tuple(sorted((_sdk(report) for report in reports), key=lambda sdk: sdk.spec))


def load_data() -> tuple[JudgedSdk, ...]:
    """Return the committed run."""
    return msgspec.json.decode(DATA.read_bytes(), type=tuple[JudgedSdk, ...])


def write_data(sdks: tuple[JudgedSdk, ...]) -> None:
    """Replace the committed run."""
    DATA.write_bytes(msgspec.json.format(msgspec.json.encode(sdks), indent=1) + b"\n")


def changes(before: tuple[JudgedSdk, ...], after: tuple[JudgedSdk, ...]) -> Iterator[str]:
    """Yield a sentence for each verdict that differs between two runs."""
    first, second = ({sdk.spec: sdk for sdk in sdks} for sdks in (before, after))
    for spec in sorted({*first, *second}):
        if spec not in first or spec not in second:
            yield f"{spec} is in {'the new' if spec in second else 'the recorded'} run only"
            continue
        old, new = _verdicts(first[spec]), _verdicts(second[spec])
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                yield f"{spec}, {name}: {old.get(name, 'passed')} -> {new.get(name, 'passed')}"
        if first[spec].counts != second[spec].counts and old == new:
            yield f"{spec}: {first[spec].counts} -> {second[spec].counts}"


def _verdicts(sdk: JudgedSdk) -> dict[str, str]:
    return {each.id: each.verdict for each in sdk.differences} | dict.fromkeys(sdk.not_claimed, "not claimed")


def _sdk(report: Report) -> JudgedSdk:
    words = [(result, _word(result, strict=report.start.strict)) for result in report.results]
    start = report.start
    return JudgedSdk(
        spec=start.sdk.spec,
        name=start.sdk.name,
        version=start.sdk.version,
        profile=start.profile.name,
        conclusion="" if report.end is None else report.end.conclusion,
        counts=dict(sorted(Counter(word for _, word in words).items())),
        differences=tuple(
            Difference(
                id=result.id,
                level=result.level.value,
                verdict=word,
                sentence=result.sentence,
                mismatches=tuple(_first_of_each(result)),
            )
            for result, word in words
            if word not in {Verdict.PASSED.value, Verdict.NOT_CLAIMED.value}
        ),
        not_claimed=tuple(result.id for result, word in words if word == Verdict.NOT_CLAIMED.value),
    )


def _word(result: Result, *, strict: bool) -> str:
    return "quirk not shared" if forgiven(result, strict=strict) else result.verdict.value


def _first_of_each(result: Result) -> Iterator[str]:
    seen: set[str] = set()
    for mismatch in result.mismatches:
        if mismatch.scenario not in seen:
            seen.add(mismatch.scenario)
            told = wanted_got(mismatch.wanted, mismatch.got)
            yield f"{mismatch.scenario}, at {mismatch.at:.3f} s: {told}"
