"""What a worker process and the kit say to each other: one JSON object a line.

This is private to the kit: both ends are always of the same version.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import Event


class FaultKind(StrEnum):
    """Why a scenario has no complete timeline."""

    STUCK = "stuck"
    """The SDK would never finish: a finding about the SDK."""
    KIT = "kit"
    """The fake server failed: a fault of the kit, which says nothing of the SDK."""
    SET_UP = "set_up"
    """The adapter failed before the first future."""
    CRASH = "crash"
    """The adapter's process ended."""
    HANG = "hang"
    """The adapter's process gave no answer within the limit."""
    CLOSED = "closed"
    """The adapter's process closed its standard output."""
    NOT_JSON = "not_json"
    """The adapter wrote a line that is not JSON, or not UTF-8."""
    LINE_TOO_LONG = "line_too_long"
    """The adapter wrote a line beyond the limit."""
    PROTOCOL = "protocol"
    """The adapter wrote a message that the protocol does not have, or with a field that it does not have."""
    OUT_OF_TURN = "out_of_turn"
    """The adapter wrote a message at the wrong time, or for the wrong scenario or future."""
    NOT_TESTABLE = "not_testable"
    """The clock that the SDK runs under cannot show this scenario."""
    GIVEN_UP = "given_up"
    """The adapter broke in too many scenarios in a row, and is not started again."""


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
