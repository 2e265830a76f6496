"""The messages between the kit and the worker process of a release, one JSON object per line.

A verb is one thing that a release does with the server under test, such as to connect, train or save.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tinker_conformance.report.verb_outcome import VerbOutcome


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a release has created on the server. Later verbs use it, also in another worker process.

    Attributes:
        model_ids: The ids of the models.
        state_path: The path of the saved weights with optimizer; None if nothing was saved.
        sampler_path: The path of the weights saved for a sampler; None if nothing was saved.
        paths: The paths of everything that was saved.
    """

    model_ids: tuple[str, ...] = ()
    state_path: str | None = None
    sampler_path: str | None = None
    paths: tuple[str, ...] = ()


class AskMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The kit's request to the worker to run one verb.

    Attributes:
        verb: The name of the verb.
        seconds: The time limit of the verb, in real seconds.
        most_requests: How many requests the release may have sent by the end of the verb, counted from its
            start.
        kept: What the release has created before.
    """

    verb: str
    seconds: float
    most_requests: int
    kept: Kept = Kept()


class VerbDone(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's report on one verb, a thing that the release did with the server.

    Attributes:
        outcome: How the verb ended.
        note: The error and where it came from, or where the verb hangs.
        seconds: How long the verb took, in real seconds.
        kept: What the release has created on the server until now.
        alive: Whether the worker can run another verb; False after a hang.
        spent: Whether the verb was broken off because no more requests were allowed.
    """

    outcome: VerbOutcome
    note: str = ""
    seconds: float = 0.0
    kept: Kept = Kept()
    alive: bool = True
    spent: bool = False


encode: Final = msgspec.json.Encoder().encode
decode_ask: Final = msgspec.json.Decoder(AskMessage).decode
decode_done: Final = msgspec.json.Decoder(VerbDone).decode
