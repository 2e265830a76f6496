"""The records of a report, one JSON object per line of `report.jsonl`.

A report begins with one `start` record, has one `requirement` record per judged requirement, in order, and
ends with one `end` record. The report of a server may also have `verb` records before the end: what real
releases of the SDK did against it. A report without an `end` is incomplete: its results are valid, and the
rest is unknown. The field `format` increases when a record changes so that an older reader would misread the
report.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.verb_outcome import VerbOutcome
from tinker_conformance.requirements import Level
from tinker_conformance.timeline import Timeline

FORMAT: Final = 1

# msgspec states the type of keys only since 0.23.
_BY_VERDICT: Final = msgspec.Meta(extra_json_schema={"propertyNames": {"$ref": "#/$defs/Verdict"}})


class JudgedKind(StrEnum):
    """Which end of the connection was judged: an SDK or a server."""

    SDK = "sdk"
    SERVER = "server"


def noun(kind: JudgedKind) -> str:
    """Return the word in texts for what was judged: "SDK" or "server"."""
    return "SDK" if kind is JudgedKind.SDK else "server"


class SdkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The SDK under test, as its adapter describes it; of a server, only `spec` and `name` are given.

    Attributes:
        spec: The value of `--sdk`, or of `--url`.
        name: The SDK's name, or the server's.
        version: The SDK's version.
        language: The programming language of the SDK.
        runtime: What runs the SDK, such as `CPython 3.11.7`; empty if the adapter does not say.
        clock: How the kit moved the SDK's clocks.
    """

    spec: str
    name: str
    version: str
    language: str
    clock: str
    runtime: str = ""


class ProfileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The profile that the SDK was judged by.

    Attributes:
        name: The name of the profile.
        observer: The revision of the profile's observer facet (what is logged about a pause).
        polling: The revision of the profile's polling facet (which requests are sent).
    """

    name: str
    observer: str
    polling: str


class Start(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="start"):
    """The opening record: the run before any result.

    Attributes:
        kit: The kit's version.
        sdk: The SDK under test.
        profile: The profile by which the SDK is judged.
        interpreter: The Python that runs the kit.
        platform: The operating system and machine.
        started: When the run began, ISO 8601, UTC.
        asked: Ids of the requirements of the run, in order.
        seed: The seed of generated scripts, or None if there are none.
        strict: Whether a failed quirk counts as a failure.
        as_of: The version of the kit whose requirements were judged; None for all requirements.
        kind: Whether an SDK or a server was judged.
        dialect: The server that the fake imitated, or None for the official service. A report with a dialect
            is information for users of that server, and never says whether the SDK conforms.
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
    kind: JudgedKind = JudgedKind.SDK
    dialect: str | None = None
    format: int = FORMAT


class MismatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One difference; see `tinker_conformance.checks.case.Mismatch`."""

    scenario: str
    at: float
    wanted: str
    got: str
    event: int | None = None
    missing: int | None = None


class ScenarioRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The timelines of one scenario with a mismatch.

    Attributes:
        id: The scenario's id.
        expected: The reference's events.
        observed: The SDK's events.
        expected_lines: Indices of the reference's events that are pause lines.
        observed_lines: Indices of the SDK's events that are pause lines.
        interval: The profile's minimum time between two pause lines of one client, in seconds.
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
    """The result of one requirement.

    Attributes:
        id: The requirement's id.
        chapter: The part of the id before the dot.
        sentence: What must hold.
        source: The source of the requirement.
        level: How much the requirement weighs: `contract` or `quirk`.
        since: The version of the kit that introduced the requirement.
        verdict: The verdict.
        note: The reason for the verdict, if the mismatches do not show it.
        mismatches: The differences found.
        scenarios: The scenarios with a mismatch.
        asked: Ids of all scenarios of the requirement.
        alone: The command that judges this requirement alone.
        fix_first: Ids of the requirements that have to hold before this one can be tested.
        releases: In a report of a server, the releases of the official SDK that rely on the requirement; else
            empty.
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
    releases: str = ""


class VerbRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="verb"):
    """How one release of the official SDK fared with one verb, such as `sample`, against a server.

    Attributes:
        release: The release of `tinker`.
        verb: What the release was asked to do.
        outcome: Whether that worked.
        note: The error and where it came from, or the call in which the release hangs.
        seconds: How long the verb took, in real seconds.
    """

    release: str
    verb: str
    outcome: VerbOutcome
    note: str = ""
    seconds: float = 0.0


class ScriptsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Scripts that belong to no requirement: generated, or replayed from a file.

    Attributes:
        judged: Number of scripts that ran.
        failed: Number of scripts in which the SDK behaved differently from the reference.
        adapter_errors: Number of scripts in which the adapter crashed, hung or violated the protocol.
        kit_errors: Number of scripts in which the reference or the fake server failed.
    """

    judged: int
    failed: int
    adapter_errors: int = 0
    kit_errors: int = 0


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="end"):
    """The closing record.

    Attributes:
        counts: Results by verdict; they add up to the results of the report.
        quirks_not_shared: Number of failed quirks, in a run where quirks do not count.
        exit_code: The exit code of `tinker-conformance run` for these results; after a signal, 128 plus its
            number.
        early: Why the run ended early, or None.
        stale: Sentences about entries of known failures that excused nothing.
        scripts: The results of generated or replayed scripts, or None.
        conclusion: Whether the SDK conforms, in the sentence that every report format shows.
        releases: In a report of a server, a sentence about the releases of the SDK with which everything
            works; empty if none was driven.
    """

    counts: Annotated[dict[Verdict, int], _BY_VERDICT]
    exit_code: int
    quirks_not_shared: int = 0
    early: str | None = None
    stale: tuple[str, ...] = ()
    scripts: ScriptsRecord | None = None
    conclusion: str = ""
    releases: str = ""


Record: TypeAlias = Start | Result | VerbRecord | End

encode: Final = msgspec.json.Encoder().encode
decode: Final = msgspec.json.Decoder(Record).decode
