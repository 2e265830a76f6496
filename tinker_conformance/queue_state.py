"""The state of the queue in which a request waits, and how an SDK reads it from a reply."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class QueueState(StrEnum):
    """What the server says about the queue; the values are the strings in its JSON replies.

    Source: ``tinker`` 0.1.0 to 0.38.0, and the specification of Tinkex, "Queue State Enum & Observer ABC".
    """

    ACTIVE = "active"
    PAUSED_RATE_LIMIT = "paused_rate_limit"
    PAUSED_CAPACITY = "paused_capacity"
    UNKNOWN = "unknown"


class ClientKind(StrEnum):
    """The kinds of clients that log queue states, each with its own texts."""

    SAMPLING = "sampling"
    TRAINING = "training"
    MODEL_CREATION = "model_creation"


class Parsing(StrEnum):
    """How strictly an SDK compares the spelling of a queue state."""

    EXACT = "exact"
    """Character by character (``tinker``, every release)."""
    TRIMMED_LOWERCASE = "trimmed_lowercase"
    """White space around and letter case are ignored (Tinkex; its specification, "The Gap Explained")."""


_BY_WORD: Final = {state.value: state for state in QueueState}


def parse_queue_state(value: object, parsing: Parsing = Parsing.EXACT) -> QueueState:
    """Return the queue state that a JSON value means; never raises.

    Args:
        value: The reply's ``queue_state``, of any JSON type; ``None`` if it is absent.
        parsing: Which spellings are equal.

    Returns:
        The state, or ``UNKNOWN`` for any value that is not one of the four words.
    """
    if not isinstance(value, str):
        return QueueState.UNKNOWN
    word = value.strip().lower() if parsing is Parsing.TRIMMED_LOWERCASE else value
    return _BY_WORD.get(word, QueueState.UNKNOWN)
