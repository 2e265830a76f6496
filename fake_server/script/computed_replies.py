"""Results that the engine computes from the request: by a Python function, or by a template in a script file.

``computed(lambda request: {"path": f"tinker://{request['model_id']}/weights/x"})`` and ``template({"path":
"tinker://${model_id}/weights/x"})`` give the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fake_server.core.byte_text import tokens_of
from fake_server.core.chat_markers import marked_tokens_of
from fake_server.core.errors import ScriptError, meant
from fake_server.core.json_values import copied
from fake_server.core.number_words import counted
from fake_server.script.request_match import prompt_text, prompt_tokens, value_at
from fake_server.script.steps import Complete

Sequences = str | Sequence[int] | Sequence[str] | Sequence[Sequence[int]]
"""The sequences of a sample: a text, a list of tokens, or several texts or token lists, one for each
requested sample.
"""
DEFAULT_LOGPROB: Final = -0.5
"""Log-probability of a scripted token; exact in float32."""
DEFAULT_MAX_TOKENS: Final = 1 << 20
_STOP_REASONS: Final = ("length", "stop")
"""The stop reasons of the real service (``StopReason`` of ``tinker``)."""
_PLACE: Final = re.compile(r"\$\{([^{}]+)\}")


def computed(make: Callable[[Mapping[str, object]], Mapping[str, object]]) -> Complete:
    """Return a result whose fields a function computes from the body of the submission.

    Args:
        make: Called with the decoded body; returns fields of the result, as ``complete`` takes them.
    """
    return Complete(make=make)


@dataclass(frozen=True, slots=True)
class Template:
    """Fields of a result with places that are filled in from the request.

    ``"${model_id}"`` stands for the value at that path of the request, and keeps its JSON type; within a
    longer text, the value becomes text. ``${prompt_text}`` stands for the text of the prompt.
    """

    fields: Mapping[str, object]

    def __call__(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields, filled in from a request.

        Raises:
            ScriptError: The request has no value at a path of the template.
        """
        return {name: _filled(value, request) for name, value in self.fields.items()}


def _filled(value: object, request: Mapping[str, object]) -> object:
    match value:
        case str():
            if (whole := _PLACE.fullmatch(value)) is not None:
                return _at(request, whole[1])
            return _PLACE.sub(lambda place: str(_at(request, place[1])), value)
        case Mapping():
            return {name: _filled(inner, request) for name, inner in value.items()}
        case list():
            return [_filled(inner, request) for inner in value]
        case _:
            return value


def _at(request: Mapping[str, object], path: str) -> object:
    if path == "prompt_text":
        return prompt_text(request)
    if path == "prompt":
        return prompt_tokens(request)
    found = value_at(request, path)
    if found is None:
        given = ", ".join(sorted(request)) or "no fields"
        raise ScriptError(f"the template has ${{{path}}}, but the request has {given}; fix the path")
    return found


@dataclass(frozen=True, slots=True)
class Sampled:
    """Computes the sequences of a sample from the request; see the function ``sampled``."""

    sequences: Sequences | Callable[[str], Sequences]
    logprobs: float | Sequence[float] | None = None
    stop_reason: str | None = None

    def __post_init__(self) -> None:
        if not callable(self.sequences):
            _each(self.sequences, None)

    def __call__(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """Return the field ``sequences`` of the result for a request.

        Raises:
            ScriptError: There are more or fewer sequences, or log-probabilities, than the request needs.
        """
        given = self.sequences(prompt_text(request)) if callable(self.sequences) else self.sequences
        count, limit = request.get("num_samples", 1), value_at(request, "sampling_params.max_tokens")
        most = limit if isinstance(limit, int) else DEFAULT_MAX_TOKENS
        each = _each(given, count if isinstance(count, int) else 1)
        return {"sequences": [_sequence(tokens, most, self.logprobs, self.stop_reason) for tokens in each]}


def sampled(
    sequences: Sequences | Callable[[str], Sequences],
    *,
    logprobs: float | Sequence[float] | None = None,
    stop_reason: str | None = None,
) -> Complete:
    """Return the result of a sample with these sequences.

    Args:
        sequences: A text (one byte is one token) or a list of tokens, which every requested sample gets; or a
            list of several of them, one for each requested sample; or a function that returns any of these
            from the text of the prompt.
        logprobs: The log-probability of every token, or a list with one for each token of a sequence; None
            for a default.
        stop_reason: The stop reason; None for ``length`` where ``max_tokens`` cuts a sequence off, else
            ``stop``.

    Raises:
        ScriptError: The sequences are neither texts nor tokens, or the stop reason is a misspelt one.
    """
    unknown = stop_reason is not None and stop_reason not in _STOP_REASONS
    if unknown and (hint := meant(stop_reason, _STOP_REASONS)):
        raise ScriptError(f"stop_reason is {stop_reason!r}{hint}")
    return Complete(make=Sampled(sequences, logprobs, stop_reason))


@dataclass(frozen=True, slots=True)
class Spoken:
    """Computes the sequences of a sample from words; see the function ``says``.

    The engine adds the log-probabilities.
    """

    words: str | Callable[[str], str]

    def __post_init__(self) -> None:
        if not isinstance(self.words, str) and not callable(self.words):
            raise ScriptError(f"says is {self.words!r}; give a text, or a function that returns one")

    def __call__(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """Return the field ``sequences`` of the result for a request, with constant log-probabilities.

        Raises:
            ScriptError: The function returns no text.
        """
        return self.sequences(request, lambda tokens: [DEFAULT_LOGPROB] * len(tokens))

    def sequences(
        self, request: Mapping[str, object], logprobs: Callable[[Sequence[int]], list[float]]
    ) -> Mapping[str, object]:
        """Return the field ``sequences`` of the result: as many equal sequences as the request asks for.

        Args:
            request: The decoded body of the submission.
            logprobs: Returns the log-probability of each token.

        Raises:
            ScriptError: The function that makes the words returns no text.
        """
        whole, count = self._tokens(request), request.get("num_samples", 1)
        limit = value_at(request, "sampling_params.max_tokens")
        kept = whole[: limit if isinstance(limit, int) else DEFAULT_MAX_TOKENS]
        reason = "length" if len(kept) < len(whole) else "stop"
        sequence = {"stop_reason": reason, "tokens": kept, "logprobs": logprobs(kept)}
        return {"sequences": [sequence] * (count if isinstance(count, int) else 1)}

    def _tokens(self, request: Mapping[str, object]) -> list[int]:
        text = self.words(prompt_text(request)) if callable(self.words) else self.words
        if not isinstance(text, str):
            raise ScriptError(f"the function given to says() returned {text!r}; return a text")
        return [*marked_tokens_of(text), *_first_stop(value_at(request, "sampling_params.stop"))]


def says(words: str | Callable[[str], str]) -> Complete:
    """Return the result of a sample that says these words, and then stops as the request asks.

    One byte is one token, and so is each marker of a chat format, such as ``</think>``. After the words comes
    the first of the stops that the request names. All requested samples are equal. If the engine has a seed,
    the log-probabilities are those of the sampled model; otherwise they are constants.

    Args:
        words: The text, or a function that returns it from the text of the prompt.

    Raises:
        ScriptError: ``words`` is neither a text nor a function.
    """
    return Complete(make=Spoken(words))


def _first_stop(stop: object) -> list[int]:
    match stop:
        case str():
            return tokens_of(stop)
        case [str() as first, *_]:
            return tokens_of(first)
        case [int() as first, *_]:
            return [first]
        case _:
            return []


def _each(given: object, wanted: int | None) -> list[list[int]]:
    """Return the tokens of each requested sample.

    Args:
        given: What the test gave as sequences.
        wanted: How many samples the request asks for; None to check only the form.
    """
    one = _tokens(given)
    if one is not None:
        return [one] * (wanted or 1)
    several = [_tokens(item) for item in given] if isinstance(given, Sequence) else [None]
    found = [tokens for tokens in several if tokens is not None]
    if len(found) != len(several):
        raise ScriptError(f"{given!r} is not a sample; give a text, a list of tokens, or a list of either")
    if wanted is not None and len(found) != wanted:
        raise ScriptError(
            f"the script has {counted(len(found), 'sequence')} for a request with num_samples={wanted}; "
            "script as many as are requested, or one for all of them"
        )
    return found


def _tokens(given: object) -> list[int] | None:
    if isinstance(given, str):
        return tokens_of(given)
    if not isinstance(given, Sequence) or not all(type(token) is int for token in given):
        return None
    return list(given)


def _sequence(
    tokens: list[int], most: int, logprobs: float | Sequence[float] | None, stop_reason: str | None
) -> dict[str, object]:
    kept = tokens[:most]
    match logprobs:
        case None:
            values = [DEFAULT_LOGPROB] * len(kept)
        case Sequence():
            values = list(logprobs)[:most]
        case _:
            values = [float(logprobs)] * len(kept)
    if len(values) != len(kept):
        raise ScriptError(
            f"the script has {counted(len(values), 'log-probability', 'log-probabilities')} for "
            f"{counted(len(kept), 'token')}; give one for each, or one number for all"
        )
    reason = stop_reason or ("length" if len(kept) < len(tokens) else "stop")
    return {"stop_reason": reason, "tokens": kept, "logprobs": values}


def template(fields: Mapping[str, object]) -> Complete:
    """Return a result whose fields are filled in from the request; see ``Template`` for the places."""
    checked = copied(fields)
    if not isinstance(checked, dict):
        raise ScriptError(f"a template must be a mapping of the result's fields, not {fields!r}")
    return Complete(make=Template(checked))
