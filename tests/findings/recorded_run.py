"""Runs reduced to what the findings pages state: of the whole catalogue, and of recorded SDKs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.wanted_got import wanted_got
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import forgiven
from tinker_conformance.report.record_making import end_record
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_reading import FILE, Report, load_report
from tinker_conformance.suite.conformance_run import RunRequest, open_run

FOLDER: Final = Path(__file__).parents[2] / "docs/findings"
DATA: Final = FOLDER / "catalogue.json"
RECORDED: Final = {"tinkex-0.4.0": ("tinkex-seed", "tinker-0.21")}
"""SDKs that cannot be had here: the file of each recording, and the profiles that its page is about."""


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


def replayed(name: str) -> tuple[JudgedSdk, ...]:
    """Judge a recording by each of its profiles, without the SDK."""
    return tuple(_replayed(name, profile) for profile in RECORDED[name])


def _replayed(name: str, profile: str) -> JudgedSdk:
    spec = f"recorded:{(FOLDER / f'{name}.jsonl')}"
    run = open_run(RunRequest(spec=spec, profile=profile).checked())
    try:
        results = tuple(run.result(judgement) for judgement in run.ask_all(run.asked))
        start = run.start(run.asked)
    finally:
        run.judge.close()
    sdk = _sdk(Report(start, results, end_record(start, results)))
    return msgspec.structs.replace(sdk, spec=f"recorded:{name}.jsonl")


def load_data(path: Path = DATA) -> tuple[JudgedSdk, ...]:
    """Return a committed run."""
    return msgspec.json.decode(path.read_bytes(), type=tuple[JudgedSdk, ...])


def write_data(sdks: tuple[JudgedSdk, ...], path: Path = DATA) -> None:
    """Replace a committed run."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(sdks), indent=1) + b"\n")


def changes(before: tuple[JudgedSdk, ...], after: tuple[JudgedSdk, ...]) -> Iterator[str]:
    """Yield a sentence for each verdict that differs between two runs."""
    first, second = ({sdk.spec: sdk for sdk in sdks} for sdks in (before, after))
    for spec in sorted({*first, *second}):
        if spec not in first or spec not in second:
            yield f"{spec} is in {'the new' if spec in second else 'the recorded'} run only"
            continue
        old, new = _verdicts(first[spec]), _verdicts(second[spec])
        for name in sorted({*old, *new}):
            # Nothing is known of a scenario that a recording does not hold.
            if old.get(name) != new.get(name) and new.get(name) != Verdict.NOT_TESTABLE.value:
                yield f"{spec}, {name}: {old.get(name, 'passed')} -> {new.get(name, 'passed')}"


def _verdicts(sdk: JudgedSdk) -> dict[str, str]:
    return {each.id: each.verdict for each in sdk.differences} | dict.fromkeys(sdk.not_claimed, "not claimed")


def _sdk(report: Report) -> JudgedSdk:
    words = [(result, verdict_word(result, strict=report.start.strict)) for result in report.results]
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


def verdict_word(result: Result, *, strict: bool) -> str:
    """Return the verdict as the pages name it."""
    return "quirk not shared" if forgiven(result, strict=strict) else result.verdict.value


def _first_of_each(result: Result) -> Iterator[str]:
    seen: set[str] = set()
    for mismatch in result.mismatches:
        if mismatch.scenario not in seen:
            seen.add(mismatch.scenario)
            difference = wanted_got(mismatch.wanted, mismatch.got)
            yield f"{mismatch.scenario}, at {mismatch.at:.3f} s: {difference}"
