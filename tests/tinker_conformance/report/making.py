"""Reports written by hand, for tests without an SDK."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.record_making import end_record
from tinker_conformance.report.records import (
    MismatchRecord,
    ProfileRecord,
    Result,
    ScenarioRecord,
    SdkRecord,
    Start,
)
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import REQUIREMENTS, Requirement
from tinker_conformance.timeline import Callback, Log, Response, Timeline


def start(name: str = "sdk", version: str = "1.0", asked: Sequence[Requirement] = REQUIREMENTS) -> Start:
    return Start(
        kit="0.1.0",
        sdk=SdkRecord(spec="reference", name=name, version=version, language="python", clock="frozen"),
        profile=ProfileRecord(name="tinker-0.5.1", observer="tinker-0.5.1", polling="tinker-0.6.3"),
        interpreter="CPython 3.11.7",
        platform="Linux",
        started="2026-06-01T00:00:00+00:00",
        asked=tuple(required.id for required in asked),
    )


def timeline(*at: float, message: str = "Sampling is paused for sampler a. Reason: b") -> Timeline:
    """A pause, told and logged, at each of these seconds."""
    return tuple(
        event
        for second in at
        for event in (
            Response(at=second, client="c", future=1, status=408, body={"queue_state": "paused_capacity"}),
            Callback(at=second, client="c", future=1, state="paused_capacity"),
            Log(at=second, client="c", future=1, level="warning", logger="l", message=message),
        )
    )


def result(required: Requirement, verdict: Verdict = Verdict.PASSED, text: str = "a line") -> Result:
    wrong = verdict is Verdict.FAILED
    scenario = ScenarioRecord(
        id=required.scenarios[0],
        expected=timeline(0.0, 60.0, message=text),
        observed=timeline(0.0, 59.999, message=text),
        expected_lines=(2, 5),
        observed_lines=(2, 5),
        interval=60.0,
    )
    mismatch = MismatchRecord(scenario=scenario.id, at=59.999, wanted="nothing", got=text, event=5)
    return Result(
        id=required.id,
        chapter=required.chapter,
        sentence=required.sentence,
        source=required.source,
        level=required.level,
        since=required.since,
        verdict=verdict,
        mismatches=(mismatch,) if wrong else (),
        scenarios=(scenario,) if wrong else (),
        asked=required.scenarios,
        alone="pytest …",
    )


def report(name: str = "sdk", version: str = "1.0", *results: Result, strict: bool = False) -> Report:
    """A whole report of these results."""
    asked = [required for required in REQUIREMENTS if required.id in {each.id for each in results}]
    begun = msgspec.structs.replace(start(name, version, asked), strict=strict)
    return Report(begun, results, end_record(begun, results))
