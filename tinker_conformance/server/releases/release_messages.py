"""What the kit and the worker of a release send each other, one JSON object a line."""

from __future__ import annotations

from typing import Final

import msgspec

from tinker_conformance.report.verb_outcome import VerbOutcome


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a release made on the server that later verbs use, in another process too.

    Attributes:
        model_ids: The models.
        state_path: The saved weights with optimizer, or None.
        sampler_path: The weights saved for a sampler, or None.
        paths: Everything that was saved.
    """

    model_ids: tuple[str, ...] = ()
    state_path: str | None = None
    sampler_path: str | None = None
    paths: tuple[str, ...] = ()


class AskMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Asks the worker to do one thing.

    Attributes:
        verb: The name of the verb.
        seconds: Its time limit, in real seconds.
        most_requests: How many requests the release may have sent then, from its first one on.
        kept: What was made before.
    """

    verb: str
    seconds: float
    most_requests: int
    kept: Kept = Kept()


class VerbDone(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        outcome: The outcome.
        note: The error and where it came from, or where it hangs.
        seconds: How long it took, in real seconds.
        kept: What there is on the server now.
        alive: Whether the worker can be asked again; False after a hang.
        spent: Whether the verb was cut short because no more requests were allowed.
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
