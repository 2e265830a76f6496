"""The messages between a worker process and the kit, one JSON object per line.

They are private to the kit: both ends always have the same version.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.timeline import Event


class RunMessage(msgspec.Struct, frozen=True, tag_field="type", tag="run"):
    """The kit's request to run a scenario under a profile.

    Scenario and profile are JSON text. The worker caches what it has decoded, because a worker that is asked
    about many SDKs or profiles gets the same scenarios again and again.
    """

    id: int
    scenario: msgspec.Raw
    profile: msgspec.Raw


class ReadyMessage(msgspec.Struct, frozen=True, tag_field="type", tag="ready"):
    """The worker's report that the adapter is loaded."""

    info: AdapterInfo


class DoneMessage(msgspec.Struct, frozen=True, tag_field="type", tag="done"):
    """The worker's report that the scenario has run."""

    id: int
    timeline: tuple[Event, ...]


class FaultMessage(msgspec.Struct, frozen=True, tag_field="type", tag="fault"):
    """The worker's report that a scenario did not run to its end or, with the id 0, that loading failed."""

    id: int
    kind: FaultKind
    text: str
    timeline: tuple[Event, ...] = ()


FromWorker: TypeAlias = ReadyMessage | DoneMessage | FaultMessage

encode = msgspec.json.Encoder().encode
decode_run = msgspec.json.Decoder(RunMessage).decode
decode_answer = msgspec.json.Decoder(FromWorker).decode
