"""The records of a report, one JSON object a line of `report.jsonl`.

A report begins with one `start`, has one `requirement` for each that was judged, in the order in which they
were, and closes with one `end`. A report without an `end` was cut off: what it holds was measured, and
nothing is known of the rest. `format` goes up when a record changes so that an older reader would misread it.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.requirements import Level
from tinker_conformance.timeline import Timeline

FORMAT: Final = 1

# msgspec states what the keys are from 0.23 only.
_BY_VERDICT: Final = msgspec.Meta(extra_json_schema={"propertyNames": {"$ref": "#/$defs/Verdict"}})


class SdkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The SDK under test, as its adapter tells it.

    Attributes:
        spec: What `--sdk` said.
        name: The SDK's name.
        version: The SDK's version.
        language: What it is written in.
        clock: How its clocks were moved.
    """

    spec: str
    name: str
    version: str
    language: str
    clock: str


class ProfileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What it was judged by.

    Attributes:
        name: The profile.
        observer: The revision of its observer.
        polling: The revision of its polling.
    """

    name: str
    observer: str
    polling: str


class Start(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="start"):
    """The run, before anything is measured.

    Attributes:
        kit: The kit's version.
        sdk: The SDK under test.
        profile: What it is judged by.
        interpreter: The Python that runs the kit.
        platform: The operating system and machine.
        started: When the run began, ISO 8601, UTC.
        asked: Ids of the requirements of the run, in order.
        seed: The seed of generated scripts, or None where there are none.
        strict: Whether quirks count.
        as_of: The kit's version that the requirements are held at, or None.
        format: The version of these records.
    """

    kit: str
    sdk: SdkRecord
    profile: ProfileRecord
    interpreter: str
    platform: str
    started: str
    asked: tuple[str, ...]
    seed: int | None = None
    strict: bool = False
    as_of: str | None = None
    format: int = FORMAT


class MismatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One difference; see `tinker_conformance.checks.case.Mismatch`."""

    scenario: str
    at: float
    wanted: str
    got: str
    event: int | None = None


class ScenarioRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in one scenario in which something was wrong.

    Attributes:
        id: The scenario's id.
        expected: The reference's events.
        observed: The SDK's events.
        expected_lines: Which of the reference's events are pause lines, by place.
        observed_lines: Which of the SDK's events are pause lines, by place.
        interval: The profile's least time between two lines of one client, seconds.
        left_out: How many further events were not recorded.
    """

    id: str
    expected: Timeline
    observed: Timeline
    expected_lines: tuple[int, ...]
    observed_lines: tuple[int, ...]
    interval: float
    left_out: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="requirement"):
    """What became of one requirement.

    Attributes:
        id: The requirement's id.
        chapter: The part of the id before the dot.
        sentence: What must hold.
        source: Where that is known from.
        level: How much it weighs.
        since: The kit's version that it came with.
        verdict: The answer.
        note: Why, where it is not the mismatches that say so.
        mismatches: All differences found.
        scenarios: The scenarios with a mismatch.
        asked: Ids of all its scenarios.
        alone: The command that asks this requirement alone.
        fix_first: Ids of the requirements that have to hold before this one can be tested.
    """

    id: str
    chapter: str
    sentence: str
    source: str
    level: Level
    since: str
    verdict: Verdict
    note: str = ""
    mismatches: tuple[MismatchRecord, ...] = ()
    scenarios: tuple[ScenarioRecord, ...] = ()
    asked: tuple[str, ...] = ()
    alone: str = ""
    fix_first: tuple[str, ...] = ()


class ScriptsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Scripts that belong to no requirement: generated, or replayed from a file.

    Attributes:
        judged: How many were run.
        failed: In how many the SDK behaved otherwise than the reference.
        adapter_errors: In how many the adapter crashed, hung or broke the protocol.
        kit_errors: In how many the reference or the fake server failed.
    """

    judged: int
    failed: int
    adapter_errors: int = 0
    kit_errors: int = 0


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="end"):
    """The closing record.

    Attributes:
        counts: Results by verdict; they add up to the results of the report.
        quirks_not_shared: How many of the failures are of quirks, where these do not count.
        exit_code: What `tinker-conformance run` ends with for these results; of an interrupt, 128 and the
            signal's number.
        early: Why the run ended before all was judged, or None.
        stale: Sentences about entries of known failures that excused nothing.
        scripts: What came of generated or replayed scripts, or None.
        conclusion: Whether the SDK conforms, in a sentence: the one that every form of the report shows.
    """

    counts: Annotated[dict[Verdict, int], _BY_VERDICT]
    exit_code: int
    quirks_not_shared: int = 0
    early: str | None = None
    stale: tuple[str, ...] = ()
    scripts: ScriptsRecord | None = None
    conclusion: str = ""


Record: TypeAlias = Start | Result | End

encode: Final = msgspec.json.Encoder().encode
decode: Final = msgspec.json.Decoder(Record).decode
