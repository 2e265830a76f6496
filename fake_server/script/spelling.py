"""Report words in scripts that look like misspelt words of the real service; they are sent as they are.

A script may contain any word, because an SDK must survive unknown ones. But a word that is similar to a known
word, and not equal, is most often a mistake of the author. In Python the report is a ``UserWarning`` at the
author's line; for a script file it is one sentence that names file, script and step. A word that is similar
to no known word is not reported.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

from fake_server.core.errors import misspelt

STATES: Final = ("active", "paused_capacity", "paused_rate_limit")
KEYS_OF_A_PAUSE: Final = frozenset({"type", "request_id", "queue_state", "queue_state_reason"})
"""The keys of a 408 or ``try_again`` of the real service (specification of Tinkex, ``tinker`` 0.7.0)."""
KEYS_OF_A_RESULT: Final = frozenset(
    {
        *("loss_fn_output_type", "loss_fn_outputs", "metrics", "model_id", "path", "prompt_logprobs"),
        *("sampling_session_id", "sequences", "topk_prompt_logprobs", "type"),
    }
)
"""The fields that the real service gives results, over all operations (0.1.0 to 0.38.0)."""

_KEYS_OF_STEPS: Final[Mapping[str, frozenset[str]]] = {
    "timeout": KEYS_OF_A_PAUSE,
    "try_again": KEYS_OF_A_PAUSE,
    "complete": KEYS_OF_A_RESULT,
    "template": KEYS_OF_A_RESULT,
}
_STATUSES: Final[Mapping[str, int]] = {"timeout": 408}
_PAUSES: Final = ("paused", "outage", "at_most")
_LONGEST_WORD: Final = 64

_in_a_file: ContextVar[bool] = ContextVar("_in_a_file", default=False)


@contextmanager
def spelling_of_a_file() -> Iterator[None]:
    """Give no Python warnings within a ``with`` block: for a script file, `near_words_of` reports."""
    token = _in_a_file.set(True)
    try:
        yield
    finally:
        _in_a_file.reset(token)


def warn_of_a_misspelt_state(state: object, stacklevel: int = 3) -> None:
    """Warn if a queue state looks like a misspelt state of the real service; every word may be sent.

    Args:
        state: The queue state.
        stacklevel: How many calls lie between the author's line and this function, as ``warnings.warn``
            counts.
    """
    if _in_a_file.get() or (near := _near_state(state)) is None:
        return
    text = (
        f"queue_state {state!r} is no state of the real service; is it {near!r} misspelt? It is sent as "
        f"it is; give it as a body, such as timeout({{'queue_state': {state!r}}}), to have no warning"
    )
    warnings.warn(text, UserWarning, stacklevel=stacklevel)


def near_words_of(data: object, source: str) -> Iterator[str]:
    """Yield one sentence for each key or state of a script file that is nearly one of the real service.

    Args:
        data: The content of the file, which ``fake_server.script.script_yaml`` has decoded without an error.
        source: The name of the file.
    """
    for number, entry in enumerate(data if isinstance(data, list) else (), 1):
        if isinstance(entry, Mapping):
            yield from _near_words_of_entry(entry, f"{source}, script {number}")


def _near_words_of_entry(entry: Mapping[object, object], place: str) -> Iterator[str]:
    yield from _near_words_of_steps(entry.get("submission"), f"{place}, submission")
    yield from _near_words_of_steps(entry.get("steps"), place)
    for name in _PAUSES:
        match entry.get(name):
            case {"state": str() as state} if near := _near_state(state):
                advice = "write steps with a status" if name == "paused" else "ignore this warning"
                yield f"{place}: {name} has the state {state!r}{_question(near)}; if it is meant, {advice}"


def _near_words_of_steps(steps: object, place: str) -> Iterator[str]:
    for number, step in enumerate(steps if isinstance(steps, list) else (), 1):
        for name, known in _KEYS_OF_STEPS.items():
            body = step.get(name) if isinstance(step, Mapping) else None
            if not isinstance(body, Mapping):
                continue
            where = f"{place}, step {number}: {name} has the"
            advice = f"; if it is meant, write {{status: {_STATUSES.get(name, 200)}, body: …}}"
            for key, value in body.items():
                if near := _near(key, known):
                    yield f"{where} key {key!r}{_question(near)}{advice}"
                elif key == "queue_state" and (near := _near_state(value)):
                    yield f"{where} queue_state {value!r}{_question(near)}{advice}"


def _question(near: str) -> str:
    return f", which the real service never sends; is it {near!r} misspelt? It is sent as it is"


def _near_state(state: object) -> str | None:
    """Return the state of the real service to which a word is similar, or None.

    There is no result for other letter case, or white space around a state, which tests of parsing send on
    purpose.
    """
    return None if isinstance(state, str) and state.strip().lower() in STATES else _near(state, STATES)


def _near(word: object, known: Iterable[str]) -> str | None:
    if not isinstance(word, str) or len(word) > _LONGEST_WORD or word in known:
        return None
    return _compared(word, tuple(known))


@lru_cache(maxsize=1_000)
def _compared(word: str, known: tuple[str, ...]) -> str | None:
    return misspelt(word, sorted(known))
