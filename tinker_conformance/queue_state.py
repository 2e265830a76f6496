"""The state of the queue that a request waits in, and how an SDK reads it from a reply."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class QueueState(StrEnum):
    """What the server says about the queue; the values are the words on the wire.

    Source: ``tinker`` 0.1.0 to 0.38.0 and the seed, "Queue State Enum & Observer ABC".
    """

    ACTIVE = "active"
    PAUSED_RATE_LIMIT = "paused_rate_limit"
    PAUSED_CAPACITY = "paused_capacity"
    UNKNOWN = "unknown"


class ClientKind(StrEnum):
    """The kinds of clients that observe their queue, each with texts of its own."""

    SAMPLING = "sampling"
    TRAINING = "training"
    MODEL_CREATION = "model_creation"


class Parsing(StrEnum):
    """How much of a state's spelling counts."""

    EXACT = "exact"
    """Character by character (``tinker``, every release)."""
    TRIMMED_LOWERCASE = "trimmed_lowercase"
    """White space around and the case of letters are ignored (Tinkex; seed, "The Gap Explained")."""


_BY_WORD: Final = {state.value: state for state in QueueState}


def parse_queue_state(value: object, parsing: Parsing = Parsing.EXACT) -> QueueState:
    """Reads a queue state from any JSON value; total, never raises.

    Args:
        value: What the reply holds under ``queue_state``; may be absent (``None``) or of any JSON type.
        parsing: Which spellings are the same.

    Returns:
        The state, or ``UNKNOWN`` for everything that is not one of the words.
    """
    if not isinstance(value, str):
        return QueueState.UNKNOWN
    word = value.strip().lower() if parsing is Parsing.TRIMMED_LOWERCASE else value
    return _BY_WORD.get(word, QueueState.UNKNOWN)
