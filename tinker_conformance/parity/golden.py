"""Record golden timelines: what a real release of the official SDK did in the shipped scenarios.

With golden timelines, tests compare the reference with a release without installing the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.bounded_files import read_bytes
from fake_server.core.errors import FileError
from tinker_conformance.checks.session_polls import CANCELLATION, SESSION_POLL
from tinker_conformance.error_families import KitError, SdkError, UserError
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import FaultKind, SdkSession
from tinker_conformance.timeline import Event, Log, Request, Response, Telemetry, Timeline

FORMAT: Final = 1
"""The format of the files, which increases when older files can no longer be read."""


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """The recording of one release.

    Attributes:
        format: `FORMAT` of the kit that recorded it.
        sdk: The name of the SDK.
        version: The release.
        profile: The name of the profile under which the release ran.
        recorded: The day of the recording, ISO 8601.
        scenarios: The timelines, by scenario id.
    """

    format: int = FORMAT
    sdk: str
    version: str
    profile: str
    recorded: str
    scenarios: dict[str, tuple[Event, ...]]


def recorded(sdk: SdkSession, profile: Profile, scenarios: Iterable[Scenario], day: str) -> Golden:
    """Run every scenario that applies to the SDK, and return the recording.

    Raises:
        SdkError: If a scenario does not finish.
        KitError: If the kit failed in a scenario.
    """
    timelines: dict[str, Timeline] = {}
    for scenario in scenarios:
        if scenario.concurrent or unclaimed([scenario], sdk.info):
            continue  # concurrent futures have no fixed order of events
        run = sdk.run(scenario, profile)
        if run.fault is not None and run.fault.kind is FaultKind.KIT:
            raise KitError(f"the kit failed in {scenario.id} with {sdk.spec}: {run.fault}")
        if run.fault is not None:
            message = f"{scenario.id} did not finish with {sdk.spec}: {run.fault}; fix that first"
            raise SdkError(message)
        timelines[scenario.id] = tuple(_kept(run.timeline))
    return Golden(
        sdk=sdk.info.name,
        version=sdk.info.version,
        profile=profile.name,
        recorded=day,
        scenarios=timelines,
    )


def _kept(timeline: Timeline) -> Iterator[Event]:
    """Yield the events to record: no log lines below warning, and telemetry without its data."""
    for event in timeline:
        match event:
            case Log(level="info" | "debug"):
                pass
            case Telemetry():
                yield msgspec.structs.replace(event, data={})
            case Response():
                yield msgspec.structs.replace(event, raw=None)
            case Request(path=path) if path.endswith((SESSION_POLL, CANCELLATION)):
                # What is compared of these depends on what they say.
                yield msgspec.structs.replace(event, key=None)
            case Request():
                yield msgspec.structs.replace(event, body=None, key=None, gap=None)
            case _:
                yield event


def encoded(golden: Golden) -> bytes:
    """Return a recording as JSON with one event per line, so that diffs of two files are readable."""
    head = msgspec.structs.replace(golden, scenarios={})
    lines = [msgspec.json.encode(head).removesuffix(b"{}}") + b"{"]
    for place, (identifier, events) in enumerate(golden.scenarios.items(), 1):
        lines.append(msgspec.json.encode(identifier) + b":[")
        lines += [_line(event) + b"," for event in events]
        lines[-1] = lines[-1].removesuffix(b",")
        lines.append(b"]," if place < len(golden.scenarios) else b"]")
    return b"\n".join([*lines, b"}}", b""])


def _line(event: Event) -> bytes:
    """Return an event as JSON, with defaults omitted."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(event)}
    fields = msgspec.to_builtins(event)
    return msgspec.json.encode(
        {key: value for key, value in fields.items() if key not in defaults or value is not defaults[key]}
    )


def decoded(path: Path) -> Golden:
    """Return the recording in a file.

    Raises:
        UserError: If the file is not a recording, or has another format.
    """
    try:
        golden = msgspec.json.decode(read_bytes(path), type=Golden)
    except (FileError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        message = f"{path}: {error}; record it again with tinker-conformance record-goldens"
        raise UserError(message) from error
    if golden.format != FORMAT:
        message = (
            f"{path} has format {golden.format}, but this kit reads {FORMAT}; "
            "record it again with tinker-conformance record-goldens"
        )
        raise UserError(message)
    return golden
