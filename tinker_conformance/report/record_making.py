"""Create the records of a report, cut to a bounded size whatever an SDK prints."""

from __future__ import annotations

import datetime
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from fake_server.core.number_words import counted
from tinker_conformance._version import __version__
from tinker_conformance.checks.case import Case
from tinker_conformance.checks.pause_lines import pause_lines
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.profile.profile import Profile
from tinker_conformance.report.conclusion import conclude, forgiven
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.records import (
    End,
    JudgedKind,
    MismatchRecord,
    ProfileRecord,
    Result,
    ScenarioRecord,
    ScriptsRecord,
    SdkRecord,
    Start,
)
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import AnyRequirement, Requirement
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.timeline import Event, Timeline

_UNJUDGED: Final = "not judged"
MOST_EVENTS: Final = 200
MOST_MISMATCHES: Final = 100
MOST_CHARACTERS: Final = 2000


def start_record(
    sdk: SdkSession,
    profile: Profile,
    asked: Sequence[Requirement],
    *,
    strict: bool,
    as_of: str | None,
    seed: int | None = None,
    dialect: str | None = None,
) -> Start:
    """Return the opening record of a report."""
    return Start(
        kit=__version__,
        sdk=SdkRecord(
            spec=_bounded(sdk.spec),
            name=_bounded(sdk.info.name),
            version=_bounded(sdk.info.version),
            language=_bounded(sdk.info.language),
            clock=sdk.clock.value,
            runtime=_bounded(sdk.info.runtime),
        ),
        profile=ProfileRecord(
            name=profile.name, observer=profile.observer.revision, polling=profile.polling.revision
        ),
        interpreter=f"{platform.python_implementation()} {sys.version.split()[0]}",
        platform=platform.platform(),
        started=datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        asked=tuple(required.id for required in asked),
        strict=strict,
        as_of=as_of,
        seed=seed,
        dialect=dialect,
    )


def server_start_record(
    url: str,
    name: str,
    judged_by: str,
    asked: Sequence[AnyRequirement],
    *,
    strict: bool,
    as_of: str | None,
) -> Start:
    """Return the opening record of a report on a server.

    Args:
        url: The server's base URL.
        name: The name of the server in the report.
        judged_by: The name in the report for all probes together, where an SDK's report has the profile.
        asked: The probes of the run, in order.
        strict: Whether a failed quirk counts as a failure.
        as_of: The version of the kit whose probes are asked; None asks all.
    """
    return Start(
        kit=__version__,
        sdk=SdkRecord(spec=_bounded(url), name=_bounded(name), version="", language="", clock=""),
        profile=ProfileRecord(name=judged_by, observer="", polling=""),
        interpreter=f"{platform.python_implementation()} {sys.version.split()[0]}",
        platform=platform.platform(),
        started=datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        asked=tuple(required.id for required in asked),
        strict=strict,
        as_of=as_of,
        kind=JudgedKind.SERVER,
    )


def unjudged(spec: str, profile: str | None, reason: str) -> Report:
    """Return a report of an SDK that could not be started, for a matrix with others.

    Args:
        spec: The value of `--sdk`.
        profile: The requested profile; None if the SDK's adapter was to name one.
        reason: Why the SDK could not be started, in words.
    """
    name = "" if profile is None else profile
    start = Start(
        kit=__version__,
        sdk=SdkRecord(spec=_bounded(spec), name=_bounded(spec), version=_UNJUDGED, language="", clock=""),
        profile=ProfileRecord(name=_bounded(name), observer="", polling=""),
        interpreter=f"{platform.python_implementation()} {sys.version.split()[0]}",
        platform=platform.platform(),
        started=datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        asked=(),
    )
    return Report(start, (), end_record(start, (), early=reason, early_code=Exit.ADAPTER))


def is_unjudged(report: Report) -> bool:
    """Return whether the SDK of a report could not be started."""
    return report.start.sdk.version == _UNJUDGED and not report.results


def result_record(judgement: Judgement, rerun: str, *, releases: str = "") -> Result:
    """Return the record of one judgement, with the timelines of the scenarios that have mismatches.

    Args:
        judgement: The judgement.
        rerun: The command that judges this requirement alone.
        releases: For a server, the releases of the official SDK that rely on the requirement; else empty.
    """
    required = judgement.requirement
    differing = {mismatch.scenario for mismatch in judgement.mismatches}
    mismatches = judgement.mismatches[:MOST_MISMATCHES]
    left_out = len(judgement.mismatches) - len(mismatches)
    more = f"not recorded: {counted(left_out, 'more mismatch', 'more mismatches')}" if left_out else ""
    return Result(
        id=required.id,
        chapter=required.chapter,
        sentence=required.sentence,
        source=required.source,
        level=required.level,
        since=required.since,
        verdict=judgement.verdict,
        note=_bounded("; ".join(part for part in (judgement.note, more) if part)),
        mismatches=tuple(
            MismatchRecord(
                scenario=mismatch.scenario,
                at=mismatch.at,
                wanted=_bounded(mismatch.wanted),
                got=_bounded(mismatch.got),
                event=mismatch.event,
                missing=mismatch.missing,
            )
            for mismatch in mismatches
        ),
        scenarios=tuple(_scenario(case) for name, case in judgement.cases.items() if name in differing)
        or _exchanges(judgement),
        asked=required.scenarios,
        alone=rerun,
        fix_first=judgement.fix_first,
        releases=releases,
    )


def end_record(
    start: Start,
    results: Sequence[Result],
    *,
    early: str | None = None,
    early_code: int = Exit.KIT,
    stale: Iterable[str] = (),
    scripts: ScriptsRecord | None = None,
    releases: str = "",
) -> End:
    """Return the closing record of a run.

    Args:
        start: The opening record.
        results: The results.
        early: Why the run ended early, or None.
        early_code: The exit code of a run that ended early.
        stale: Sentences about entries of known failures that excused nothing.
        scripts: The results of generated or replayed scripts, or None.
        releases: For a server, a sentence about the releases of the SDK with which everything works.
    """
    counts = Counter(result.verdict for result in results)
    end = End(
        counts={verdict: counts[verdict] for verdict in Verdict},
        exit_code=early_code,
        quirks_not_shared=sum(forgiven(result, strict=start.strict) for result in results),
        early=None if early is None else _bounded(early),
        stale=tuple(stale),
        scripts=scripts,
        releases=releases,
    )
    found = conclude(Report(start, tuple(results), end))
    return msgspec.structs.replace(end, exit_code=int(found.exit_code), conclusion=found.sentence)


def _exchanges(judgement: Judgement) -> tuple[ScenarioRecord, ...]:
    if not (judgement.mismatches and judgement.exchanges):
        return ()
    exchanged = ScenarioRecord(
        id=judgement.requirement.id,
        expected=(),
        observed=bounded_timeline(judgement.exchanges),
        expected_lines=(),
        observed_lines=(),
        interval=0,
        left_out=max(0, len(judgement.exchanges) - MOST_EVENTS),
    )
    return (exchanged,)


def _scenario(case: Case) -> ScenarioRecord:
    return ScenarioRecord(
        id=case.scenario.id,
        expected=bounded_timeline(case.expected),
        observed=bounded_timeline(case.observed),
        expected_lines=_places(case.expected, case),
        observed_lines=_places(case.observed, case),
        interval=case.profile.observer.interval_seconds,
        left_out=sum(max(0, len(line) - MOST_EVENTS) for line in (case.expected, case.observed)),
    )


def _places(timeline: Timeline, case: Case) -> tuple[int, ...]:
    return tuple(line.event for line in pause_lines(timeline, case) if line.event < MOST_EVENTS)


def bounded_timeline(timeline: Timeline) -> Timeline:
    """Return the events that a report keeps, with long texts and bodies cut."""
    return tuple(_bounded_event(event) for event in timeline[:MOST_EVENTS])


def _bounded_event(event: Event) -> Event:
    fields = msgspec.structs.asdict(event)
    changes = {name: _bounded_value(value) for name, value in fields.items()}
    return event if changes == fields else msgspec.structs.replace(event, **changes)


def _bounded_value(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, StrEnum):
        return _bounded(value)
    if isinstance(value, dict | list) and len(text := msgspec.json.encode(value).decode()) > MOST_CHARACTERS:
        # It stays an object, or a list, as the schema of the report says.
        return {"…": _bounded(text)} if isinstance(value, dict) else [_bounded(text)]
    return value


def _bounded(text: str) -> str:
    cut = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}… ({len(text)} characters)"
    return cut.encode("utf-8", "backslashreplace").decode()
