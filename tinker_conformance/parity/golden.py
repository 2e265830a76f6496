"""Golden timelines: what a real release did in the shipped scenarios, as data.

With them the reference can be held against a release where no registry is at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.bounded_files import FileError, read_bytes
from tinker_conformance.error_families import SdkError
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.timeline import Event, Log, Telemetry, Timeline

FORMAT: Final = 1
"""Grows when files of before can no longer be read."""


class GoldenError(SdkError, ValueError):
    """Golden timelines that cannot be used or recorded; the text says what to do."""


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """What one release did.

    Attributes:
        format: `FORMAT` of the kit that recorded it.
        sdk: The SDK's name.
        version: The release.
        profile: Name of the profile that it shows.
        recorded: The day, ISO 8601.
        scenarios: Timelines, by the scenario's id.
    """

    format: int = FORMAT
    sdk: str
    version: str
    profile: str
    recorded: str
    scenarios: dict[str, tuple[Event, ...]]


def recorded(sdk: SdkSession, profile: Profile, scenarios: Iterable[Scenario], day: str) -> Golden:
    """Runs every scenario that the SDK can be asked.

    Raises:
        GoldenError: If one of them does not come to its end.
    """
    timelines: dict[str, Timeline] = {}
    for scenario in scenarios:
        if scenario.concurrent or unclaimed([scenario], sdk.info):
            continue  # futures in flight together have no order of events
        run = sdk.run(scenario, profile)
        if run.fault is not None:
            message = f"{scenario.id} did not come to its end with {sdk.spec}: {run.fault}; mend that first"
            raise GoldenError(message)
        timelines[scenario.id] = tuple(_kept(run.timeline))
    return Golden(
        sdk=sdk.info.name,
        version=sdk.info.version,
        profile=profile.name,
        recorded=day,
        scenarios=timelines,
    )


def _kept(timeline: Timeline) -> Iterator[Event]:
    """What of a timeline is written down: no chatter below a warning, of telemetry the names alone."""
    for event in timeline:
        match event:
            case Log(level="info" | "debug"):
                pass
            case Telemetry():
                yield msgspec.structs.replace(event, data={})
            case _:
                yield event


def encoded(golden: Golden) -> bytes:
    """The file: JSON, an event a line, so that a difference between two recordings reads well."""
    head = msgspec.structs.replace(golden, scenarios={})
    lines = [msgspec.json.encode(head).removesuffix(b"{}}") + b"{"]
    for place, (identifier, events) in enumerate(golden.scenarios.items(), 1):
        lines.append(msgspec.json.encode(identifier) + b":[")
        lines += [_line(event) + b"," for event in events]
        lines[-1] = lines[-1].removesuffix(b",")
        lines.append(b"]," if place < len(golden.scenarios) else b"]")
    return b"\n".join([*lines, b"}}", b""])


def _line(event: Event) -> bytes:
    """An event without the fields that have their defaults."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(event)}
    fields = msgspec.to_builtins(event)
    return msgspec.json.encode(
        {key: value for key, value in fields.items() if key not in defaults or value is not defaults[key]}
    )


def decoded(path: Path) -> Golden:
    """Reads a file.

    Raises:
        GoldenError: If it is none, or of another format.
    """
    try:
        golden = msgspec.json.decode(read_bytes(path), type=Golden)
    except (FileError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        message = f"{path}: {error}; record it again with tinker-conformance record-goldens"
        raise GoldenError(message) from error
    if golden.format != FORMAT:
        message = (
            f"{path} is of format {golden.format}, this kit reads {FORMAT}; "
            "record it again with tinker-conformance record-goldens"
        )
        raise GoldenError(message)
    return golden
