"""What a worker process and the kit say to each other: one JSON object a line.

This is private to the kit: both ends are always of the same version.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.timeline import Event


class RunMessage(msgspec.Struct, frozen=True, tag_field="type", tag="run"):
    """To the worker: run this scenario."""

    id: int
    scenario: dict[str, object]
    profile: dict[str, object]


class ReadyMessage(msgspec.Struct, frozen=True, tag_field="type", tag="ready"):
    """From the worker: the adapter is loaded."""

    info: AdapterInfo


class DoneMessage(msgspec.Struct, frozen=True, tag_field="type", tag="done"):
    """From the worker: the scenario ran."""

    id: int
    timeline: tuple[Event, ...]


class FaultMessage(msgspec.Struct, frozen=True, tag_field="type", tag="fault"):
    """From the worker: the scenario did not run to its end, or (id 0) the adapter cannot be loaded."""

    id: int
    kind: FaultKind
    text: str
    timeline: tuple[Event, ...] = ()


FromWorker: TypeAlias = ReadyMessage | DoneMessage | FaultMessage

encode = msgspec.json.Encoder().encode
decode_run = msgspec.json.Decoder(RunMessage).decode
decode_answer = msgspec.json.Decoder(FromWorker).decode
