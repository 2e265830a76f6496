"""Scripts as plain data, the form that YAML and JSON share.

Each step is a mapping with one key that names it, and ``times`` beside a reply that comes several times::

    [{"timeout": {"queue_state": "paused_capacity"}, "times": 3}, {"advance": 59.999}, {"complete": {}}]

Every error is a ``ScriptError`` that begins with the place that it was told: file or scenario, future, step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from fake_server.errors import ScriptError, meant
from fake_server.script import advance, complete, drop, fail, script, status, timeout, try_again
from fake_server.steps import (
    ABSENT,
    MICROSECONDS,
    Advance,
    Complete,
    Drop,
    Fail,
    Status,
    Step,
    Timeout,
    TryAgain,
)

_STATUS_KEYS: Final = ("status", "body", "raw", "content_type", "headers")


def decode_steps(data: object, where: str) -> tuple[Step, ...]:
    """Steps from plain data.

    Args:
        data: A list of one-key mappings, as YAML or JSON gives them.
        where: How errors begin, such as ``scenario debounce-boundary, future 1``.

    Raises:
        ScriptError: Names the place, the key or value, and the nearest known one.
    """
    if not isinstance(data, list | tuple):
        raise ScriptError(f"{where}: steps are a list, not {kind(data)}; begin each step with a hyphen")
    steps: list[Step] = []
    for number, item in enumerate(data, 1):
        place = f"{where}, step {number}"
        try:
            steps.extend(_decode_step(item))
        except ScriptError as error:
            raise ScriptError(f"{place}: {error}") from None
    return tuple(steps)


def encode_steps(steps: Sequence[Step]) -> list[dict[str, object]]:
    """Plain data from steps; ``decode_steps`` gives equal steps back. Repeats are written once."""
    items: list[dict[str, object]] = []
    for (_, replies), group in groupby(
        map(_encode_step, steps), key=lambda item: (repr(item), "advance" not in item)
    ):
        run = list(group)
        if replies and len(run) > 1:
            items.append({**run[0], "times": len(run)})
        else:
            items.extend(run)
    return items


def refuse_unknown(given: Iterable[object], known: Iterable[str]) -> None:
    """Checks the keys of a mapping.

    Raises:
        ScriptError: Names the first key that is not known, and the nearest that is.
    """
    names = list(known)
    for key in given:
        if key not in names:
            hint = meant(key, names) or f"; the keys are {', '.join(names)}"
            raise ScriptError(f"unknown key {key!r}{hint}")


def kind(value: object) -> str:
    """What a value of a YAML file is, in words for its author."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {str(value).lower()}"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return f"the string {value[:60]!r}"
        case _:
            return f"the {type(value).__name__} {str(value)[:60]}"


def _decode_step(item: object) -> tuple[Step, ...]:
    if not isinstance(item, Mapping):
        raise ScriptError(f"a step is a mapping with one key, not {kind(item)}; write {{complete: {{}}}}")
    keys = dict(item)
    times = keys.pop("times", 1)
    names = [key for key in keys if key in _DECODERS]
    if len(names) > 1:
        raise ScriptError(
            f"one step is one thing, and this has {' and '.join(map(repr, names))}; make it two steps"
        )
    if not names:
        refuse_unknown(keys, (*_DECODERS, "times"))
        raise ScriptError(f"an empty step; it needs one of {', '.join(_DECODERS)}")
    name = names[0]
    refuse_unknown(keys, (*(_STATUS_KEYS if name == "status" else (name,)), "times"))
    step = _DECODERS[name](keys)
    if isinstance(step, Advance):
        if "times" in item:
            raise ScriptError("times repeats a reply, and advance is none; advance further instead")
        return (step,)
    return script(step).times(times).steps


def _decode_status(keys: Mapping[str, Any]) -> Status:
    raw, content_type = keys.get("raw"), keys.get("content_type")
    if raw is not None and not isinstance(raw, str | bytes):
        raise ScriptError(f"raw is text, not {kind(raw)}; quote it, or use body for JSON")
    if content_type is not None and not isinstance(content_type, str):
        raise ScriptError(f"content_type is a string, not {kind(content_type)}; quote it")
    return status(
        keys["status"], keys.get("body", ABSENT), raw=raw, content_type=content_type, headers=_headers(keys)
    )


def _headers(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    value = keys.get("headers", {})
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, list | tuple):
        raise ScriptError(f"headers is a mapping of names to strings, not {kind(value)}")
    for pair in pairs:
        if (
            not isinstance(pair, list | tuple)
            or len(pair) != 2
            or not all(isinstance(text, str) for text in pair)
        ):
            raise ScriptError(f"the header {pair!r} is not a name and a string; quote both")
    return [(name, text) for name, text in pairs]


def _decode_advance(keys: Mapping[str, Any]) -> Advance:
    value = keys["advance"]
    if not isinstance(value, Mapping):
        return advance(value)
    refuse_unknown(value, ("wall", "monotonic"))
    return advance(wall=value.get("wall"), monotonic=value.get("monotonic"))


def _decode_fail(keys: Mapping[str, Any]) -> Fail:
    fields = _object(keys, "fail")
    refuse_unknown(fields, ("category", "message"))
    message = fields.get("message")
    if message is not None and not isinstance(message, str):
        raise ScriptError(f"fail: message is a string, not {kind(message)}; quote it")
    category: Any = fields.get("category", "user")
    return fail(category, message)


def _object(keys: Mapping[str, Any], name: str) -> Mapping[str, object]:
    value = keys[name]
    if not isinstance(value, Mapping):
        raise ScriptError(
            f"{name} takes a mapping, not {kind(value)}; write {{{name}: {{}}}} for an empty one"
        )
    return value


_DECODERS: Final[dict[str, Callable[[Mapping[str, Any]], Step]]] = {
    "timeout": lambda keys: timeout(keys["timeout"]),
    "try_again": lambda keys: try_again(_object(keys, "try_again")),
    "status": _decode_status,
    "drop": lambda keys: drop(keys["drop"]),
    "complete": lambda keys: complete(_object(keys, "complete")),
    "fail": _decode_fail,
    "advance": _decode_advance,
}


def _encode_step(step: Step) -> dict[str, object]:
    item: dict[str, object]
    match step:
        case Advance():
            item = {"advance": _encode_advance(step)}
        case Timeout():
            item = {"timeout": step.body}
        case TryAgain():
            item = {"try_again": dict(step.body)}
        case Status():
            item = _encode_status(step)
        case Drop():
            item = {"drop": step.kind.value}
        case Complete():
            item = {"complete": dict(step.overrides)}
        case Fail():
            item = {"fail": {"category": step.category.value, "message": step.message}}
    return item


def _encode_status(step: Status) -> dict[str, object]:
    item: dict[str, object] = {"status": step.status}
    if step.body is not ABSENT:
        item["body"] = step.body
    if step.raw is not None:
        try:
            item["raw"] = step.raw.decode()
        except UnicodeDecodeError:
            item["raw"] = step.raw
    if step.content_type is not None:
        item["content_type"] = step.content_type
    if step.headers:
        item["headers"] = [list(line) for line in step.headers]
    return item


def _encode_advance(step: Advance) -> object:
    if step.monotonic_us == max(step.wall_us, 0):
        return _seconds(step.wall_us)
    return {"wall": _seconds(step.wall_us), "monotonic": _seconds(step.monotonic_us)}


def _seconds(count: int) -> int | float:
    return count // MICROSECONDS if count % MICROSECONDS == 0 else count / MICROSECONDS
