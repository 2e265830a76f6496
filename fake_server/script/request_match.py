"""Conditions on the body of a submission, by which scripts and rules select requests.

    engine.add_script([complete()], where={"prompt": "2+2=", "sampling_params.max_tokens": 5})
    every(1, where={"model_path": re.compile("sampler_weights")}).plays(timeout())

A key is a path into the JSON body: names and indices joined by dots. ``prompt`` stands for the tokens of the
prompt, or for the prompt's text if the condition is a text or a pattern (one byte is one token, see
``fake_server.byte_tokenizer``). Inputs of training need no prefix: ``loss_fn`` finds
``forward_backward_input.loss_fn``.

A condition is one of these: a JSON value, which the value in the body must equal; a regular expression, which
must be found in it; a function, which must return True for it; or ``same(name)``, which the first request
sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Final

from fake_server.core.byte_text import text_of
from fake_server.core.errors import ScriptError, meant, suggestion
from fake_server.core.json_values import copied
from fake_server.core.plain_data import kind
from fake_server.core.wanted_got import wanted_got

PROMPT: Final = "prompt"
"""The path that stands for the prompt: for its tokens, or for its text if the condition is a text or a
pattern.
"""
_INPUTS: Final = ("forward_backward_input", "forward_input")
_OPERATORS: Final = ("equals", "matches", "one_of", "same", "exists")
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class SameValue:
    """A condition: all requests must have the same value here, whatever it is. ``same`` makes one."""

    name: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A condition: the value must be one of these."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """A condition: the body must have a value here, or must not have one."""

    wanted: bool


def same(name: str) -> SameValue:
    """Return a condition that the first request sets: later requests must have the same value.

    Args:
        name: Names the value, so that several conditions can require the same one.
    """
    return SameValue(name)


class _Missing:
    def __repr__(self) -> str:
        return "none"


_MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """Conditions on the body of a submission, all of which must be met.

    Attributes:
        conditions: Pairs of a path and the condition on the value at this path.
    """

    conditions: tuple[tuple[str, object], ...] = ()

    def matches(self, body: Mapping[str, object], captured: MutableMapping[str, object]) -> bool:
        """Return whether a body meets every condition; if so, remember its values for ``same``.

        Args:
            body: The decoded body.
            captured: The values of ``same`` conditions so far, by name; may get further ones.
        """
        if self.differences(body, captured):
            return False
        for path, wanted in self.conditions:
            if isinstance(wanted, SameValue):
                captured.setdefault(wanted.name, _value(body, path, wanted))
        return True

    def differences(self, body: Mapping[str, object], captured: Mapping[str, object]) -> list[str]:
        """Return one sentence for each condition that a body does not meet.

        Args:
            body: The decoded body.
            captured: The values of ``same`` conditions so far, by name.
        """
        found = []
        for path, wanted in self.conditions:
            got = _value(body, path, wanted)
            if not _fits(wanted, got, captured):
                found.append(f"{path}: {wanted_got(_named(wanted, captured), _shown(got))}")
        return found

    def misspelt(self, bodies: Iterable[Mapping[str, object]]) -> str | None:
        """Return a hint if no body has the field of a condition, but some body has one of a similar name."""
        fields: set[str] = set()
        for body in bodies:
            inputs = [body, *(body[name] for name in _INPUTS if name in body)]
            fields.update(str(name) for mapping in inputs if isinstance(mapping, Mapping) for name in mapping)
        for path, wanted in self.conditions:
            name = path.partition(".")[0]
            wants_none = isinstance(wanted, Exists) and not wanted.wanted
            if name not in fields and not wants_none and (hint := meant(name, fields)):
                return f"no such request has a field {name!r}{hint}"
        return None

    def __str__(self) -> str:
        return ", ".join(f"{path} {_named(wanted, {})}" for path, wanted in self.conditions)


def request_match(where: Mapping[str, object] | RequestMatch | None) -> RequestMatch | None:
    """Return conditions from a mapping of paths to conditions; None if there is no mapping.

    Raises:
        ScriptError: A key is not a path, or a value is neither JSON nor a condition.
    """
    if where is None or isinstance(where, RequestMatch):
        return where
    return RequestMatch(tuple((_path(path), _condition(path, wanted)) for path, wanted in where.items()))


def decode_match(where: object) -> RequestMatch | None:
    """Return conditions read from plain data, as YAML has them; None if there are none.

    A mapping with one of the keys ``equals``, ``matches`` (a regular expression), ``one_of``, ``same`` or
    ``exists`` is a condition; any other value is what the value in the body must equal.

    Raises:
        ScriptError: The data is invalid; the message names the path and the fix.
    """
    if where is None:
        return None
    if not isinstance(where, Mapping):
        raise ScriptError(
            f"where must be a mapping of paths to values, not {kind(where)}; write for example "
            "{prompt: 2+2=, sampling_params.max_tokens: 5}"
        )
    return request_match({str(path): _decoded(str(path), wanted) for path, wanted in where.items()})


def prompt_tokens(body: Mapping[str, object]) -> list[int]:
    """Return the tokens of the prompt of a sampling request; empty if there is no prompt."""
    prompt = body.get(PROMPT)
    chunks = prompt.get("chunks") if isinstance(prompt, Mapping) else None
    tokens: list[int] = []
    for chunk in chunks if isinstance(chunks, Sequence) else ():
        given = chunk.get("tokens") if isinstance(chunk, Mapping) else None
        tokens += [token for token in given or () if isinstance(token, int)]
    return tokens


def prompt_text(body: Mapping[str, object]) -> str:
    """Return the text of the prompt of a sampling request, one byte for each token."""
    return text_of(prompt_tokens(body))


def value_at(body: Mapping[str, object], path: str) -> object:
    """Return the value at a path of a decoded body; None if there is no such value."""
    found = _value(body, path, None)
    return None if found is _MISSING else found


def _value(body: Mapping[str, object], path: str, wanted: object) -> object:
    # A mapping is what the SDK sends as a prompt: compare it as it is.
    if path == PROMPT and PROMPT in body and not isinstance(wanted, Mapping):
        return prompt_text(body) if isinstance(wanted, str | re.Pattern) else prompt_tokens(body)
    names = path.split(".")
    found = _walked(body, names)
    for prefix in _INPUTS:
        if found is _MISSING:
            found = _walked(body, [prefix, *names])
    return found


def _walked(value: object, names: Sequence[str]) -> object:
    for name in names:
        match value:
            case Mapping() if name in value:
                value = value[name]
            case list() if name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            case _:
                return _MISSING
    return value


def _fits(wanted: object, got: object, captured: Mapping[str, object]) -> bool:
    if isinstance(wanted, Exists) or got is _MISSING:
        return isinstance(wanted, Exists) and wanted.wanted is (got is not _MISSING)
    match wanted:
        case SameValue(name=name):
            return name not in captured or _equal(captured[name], got)
        case OneOf(values=values):
            return any(_equal(value, got) for value in values)
        case re.Pattern():
            return isinstance(got, str) and wanted.search(got) is not None
        case _ if callable(wanted):
            return bool(wanted(got))
        case _:
            return _equal(wanted, got)


def _equal(wanted: object, got: object) -> bool:
    # True == 1 in Python, but not in JSON.
    return wanted == got and isinstance(wanted, bool) is isinstance(got, bool)


def _named(wanted: object, captured: Mapping[str, object]) -> str:
    match wanted:
        case SameValue(name=name):
            known = f", {_shown(captured[name])}" if name in captured else ""
            return f"the same {name}{known}"
        case OneOf(values=values):
            return f"one of {', '.join(map(_shown, values))}"
        case Exists(wanted=there):
            return "any value" if there else "none"
        case re.Pattern():
            return f"a text that matches {wanted.pattern!r}"
        case _ if callable(wanted):
            return f"what {getattr(wanted, '__name__', 'the function')} accepts"
        case _:
            return _shown(wanted)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _path(path: object) -> str:
    if not isinstance(path, str) or not all(path.split(".")):
        raise ScriptError(f"{path!r} is not a path into a request; write names joined by dots")
    return path


def _condition(path: str, wanted: object) -> object:
    match wanted:
        case SameValue() | OneOf() | Exists() | re.Pattern():
            return wanted
        case _ if callable(wanted):
            return wanted
        case _:
            try:
                return copied(wanted)
            except ScriptError as error:
                raise ScriptError(f"where: {path}: {error}") from None


def _decoded(path: str, wanted: object) -> object:
    if not isinstance(wanted, Mapping) or len(wanted) != 1:
        return wanted
    ((operator, value),) = wanted.items()
    match operator:
        case "equals":
            return value
        case "matches" if isinstance(value, str):
            return _pattern(path, value)
        case "one_of" if isinstance(value, list):
            return OneOf(tuple(value))
        case "same" if isinstance(value, str):
            return SameValue(value)
        case "exists" if isinstance(value, bool):
            return Exists(value)
        case "matches" | "one_of" | "same" | "exists":
            wants = {"matches": "a text", "one_of": "a list", "same": "a name", "exists": "true or false"}
            raise ScriptError(f"where: {path}: {operator} needs {wants[operator]}, not {kind(value)}")
        case _:
            otherwise = "write equals: around it if the request has such a mapping"
            hint = suggestion(str(operator), _OPERATORS, otherwise)
            raise ScriptError(f"where: {path}: there is no condition {operator!r}; {hint}")


def _pattern(path: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ScriptError(f"where: {path}: {text!r} is not a regular expression ({error}); fix it") from None
