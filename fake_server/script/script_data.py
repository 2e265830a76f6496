"""Read and write scripts as plain data, the form shared by YAML and JSON.

Each step is a mapping with one key that names it, and optionally ``times`` to repeat a reply::

    [{"timeout": {"queue_state": "paused_capacity"}, "times": 3}, {"advance": 59.999}, {"complete": {}}]

A reply may also have ``wire``, which corrupts or delays it: ``{"complete": {}, "wire": {"cut": "body"}}``.

Every ``ScriptError`` begins with the place of the mistake: file or scenario, future, step.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from fake_server.core.errors import ScriptError
from fake_server.core.faults import RawBytes, Refusal
from fake_server.core.plain_data import kind, refuse_unknown
from fake_server.script.builder import (
    MAX_STEPS,
    advance,
    complete,
    drop,
    fail,
    raw_bytes,
    redirect,
    refuse,
    script,
    status,
    timeout,
    try_again,
)
from fake_server.script.computed_replies import Sampled, Spoken, Template, sampled, says, template
from fake_server.script.fault_data import bytes_from_base64, header_pairs, wire_data, wire_from
from fake_server.script.steps import (
    ABSENT,
    MICROSECONDS,
    Advance,
    Complete,
    Drop,
    Fail,
    HttpStep,
    Status,
    Step,
    Timeout,
    TryAgain,
    Wired,
)

_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("body", "raw", "raw_base64", "content_type", "headers"),
    "drop": ("after",),
    "bytes": ("then",),
    "bytes_base64": ("then",),
}
"""Keys that a step may have beside the key that names it, by that key."""


def decode_steps(data: object, where: str) -> tuple[Step, ...]:
    """Return steps read from plain data.

    Args:
        data: A list of mappings loaded from YAML or JSON.
        where: The place of the steps, with which messages begin, such as ``scenario debounce-boundary, future
            1``.

    Raises:
        ScriptError: The data is invalid; the message names the place, the key or value, and the nearest known
            one.
    """
    if not isinstance(data, list | tuple):
        raise ScriptError(f"{where}: steps must be a list, not {kind(data)}; begin each step with a hyphen")
    steps: list[Step] = []
    for number, item in enumerate(data, 1):
        place = f"{where}, step {number}"
        try:
            steps.extend(_decode_step(item))
        except ScriptError as error:
            raise ScriptError(f"{place}: {error}") from None
        if len(steps) > MAX_STEPS:
            raise ScriptError(f"{place}: more than {MAX_STEPS} steps; use exhausted: repeat")
    return tuple(steps)


def encode_steps(steps: Sequence[Step]) -> list[dict[str, object]]:
    """Return steps as plain data, from which ``decode_steps`` makes equal steps.

    A repeated reply is written once.
    """
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


def _decode_step(item: object) -> tuple[Step, ...]:
    if not isinstance(item, Mapping):
        raise ScriptError(
            f"a step must be a mapping with one key, not {kind(item)}; write for example {{complete: {{}}}}"
        )
    keys = dict(item)
    times = keys.pop("times", 1)
    names = [key for key in keys if key in _DECODERS]
    if len(names) > 1:
        raise ScriptError(
            f"a step must have one key, but this has {' and '.join(map(repr, names))}; write two steps"
        )
    if not names:
        refuse_unknown(keys, (*_DECODERS, "times"))
        raise ScriptError(f"the step is empty; give it one of the keys {', '.join(_DECODERS)}")
    name = names[0]
    beside = ("wire",) if name in _REPLIES else ()
    refuse_unknown(keys, (name, *_BESIDE.get(name, ()), *beside, "times"))
    step = _DECODERS[name](keys)
    if "wire" in keys and isinstance(step, HttpStep):
        step = Wired(step, wire_from(keys["wire"]))
    if isinstance(step, Advance):
        if "times" in item:
            raise ScriptError(
                "times repeats a reply and cannot be used with advance; increase the advance instead"
            )
        return (step,)
    return script(step).times(times).steps


def _decode_status(keys: Mapping[str, Any]) -> Status:
    raw, content_type = keys.get("raw"), keys.get("content_type")
    if "raw_base64" in keys:
        if raw is not None:
            raise ScriptError("status has both raw and raw_base64; keep one")
        raw = bytes_from_base64(keys["raw_base64"], "raw_base64")
    if raw is not None and not isinstance(raw, str | bytes):
        raise ScriptError(f"raw must be a string, not {kind(raw)}; quote it, or use body for JSON")
    if content_type is not None and not isinstance(content_type, str):
        raise ScriptError(f"content_type must be a string, not {kind(content_type)}; quote it")
    return status(
        keys["status"],
        keys.get("body", ABSENT),
        raw=raw,
        content_type=content_type,
        headers=header_pairs(keys.get("headers", {})),
    )


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
        raise ScriptError(f"fail: message must be a string, not {kind(message)}; quote it")
    category: Any = fields.get("category", "user")
    return fail(category, message)


def _decode_redirect(keys: Mapping[str, Any]) -> Status:
    fields = keys["redirect"]
    if not isinstance(fields, Mapping):
        return redirect(fields)
    refuse_unknown(fields, ("status", "location"))
    return redirect(**{"code" if key == "status" else key: value for key, value in fields.items()})


def _decode_bytes(keys: Mapping[str, Any]) -> RawBytes:
    data = keys["bytes"] if "bytes" in keys else bytes_from_base64(keys["bytes_base64"], "bytes_base64")
    if not isinstance(data, str | bytes):
        raise ScriptError(f"bytes must be a string, not {kind(data)}; quote it, or use bytes_base64")
    return raw_bytes(data, then=keys.get("then", "close"))


def _decode_sample(keys: Mapping[str, Any]) -> Complete:
    given = keys["sample"]
    fields = dict(given) if isinstance(given, Mapping) else {"sequences": given}
    refuse_unknown(fields, ("sequences", "logprobs", "stop_reason"))
    sequences: Any = fields.get("sequences")
    if not isinstance(sequences, str | list | tuple):
        raise ScriptError(
            f"sample needs a text, a list of tokens, or a list of either, not {kind(sequences)}; write for "
            "example {sample: '4'}"
        )
    return sampled(sequences, logprobs=fields.get("logprobs"), stop_reason=fields.get("stop_reason"))


def _object(keys: Mapping[str, Any], name: str) -> Mapping[str, object]:
    value = keys[name]
    if not isinstance(value, Mapping):
        raise ScriptError(
            f"{name} must be a mapping, not {kind(value)}; write {{{name}: {{}}}} for an empty one"
        )
    return value


_DECODERS: Final[dict[str, Callable[[Mapping[str, Any]], Step]]] = {
    "timeout": lambda keys: timeout(keys["timeout"]),
    "try_again": lambda keys: try_again(_object(keys, "try_again")),
    "status": _decode_status,
    "drop": lambda keys: drop(keys["drop"], after=keys.get("after")),
    "complete": lambda keys: complete(_object(keys, "complete")),
    "template": lambda keys: template(_object(keys, "template")),
    "sample": _decode_sample,
    "says": lambda keys: says(keys["says"]),
    "fail": _decode_fail,
    "advance": _decode_advance,
    "redirect": _decode_redirect,
    "refuse": lambda keys: refuse(keys["refuse"]),
    "bytes": _decode_bytes,
    "bytes_base64": _decode_bytes,
}
_REPLIES: Final = (
    "timeout",
    "try_again",
    "status",
    "complete",
    "template",
    "sample",
    "says",
    "fail",
    "redirect",
)


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
            item = {"drop": step.kind.value, **({"after": step.after.value} if step.after else {})}
        case Complete():
            item = _encode_complete(step)
        case Fail():
            item = {"fail": {"category": step.category.value, "message": step.message}}
        case Wired():
            item = {**_encode_step(step.reply), "wire": wire_data(step.wire)}
        case Refusal():
            item = {"refuse": step.seconds}
        case RawBytes():
            item = {**_text_or_base64("bytes", step.data), "then": step.then.value}
    return item


def _encode_complete(step: Complete) -> dict[str, object]:
    match step.make:
        case None:
            return {"complete": dict(step.overrides)}
        case Template(fields=fields):
            return {"template": dict(fields)}
        case Sampled() as made if not callable(made.sequences):
            given = {"sequences": made.sequences, "logprobs": made.logprobs, "stop_reason": made.stop_reason}
            return {"sample": {name: value for name, value in given.items() if value is not None}}
        case Spoken(words=str() as words):
            return {"says": words}
        case make:
            raise ScriptError(f"{make!r} is a function, which no file can hold; use template, sample or says")


def _encode_status(step: Status) -> dict[str, object]:
    item: dict[str, object] = {"status": step.status}
    if step.body is not ABSENT:
        item["body"] = step.body
    if step.raw is not None:
        item |= _text_or_base64("raw", step.raw)
    if step.content_type is not None:
        item["content_type"] = step.content_type
    if step.headers:
        item["headers"] = [list(line) for line in step.headers]
    return item


def _text_or_base64(key: str, data: bytes) -> dict[str, object]:
    try:
        return {key: data.decode()}
    except UnicodeDecodeError:
        return {f"{key}_base64": base64.b64encode(data).decode("ascii")}


def _encode_advance(step: Advance) -> object:
    if step.monotonic_us == max(step.wall_us, 0):
        return _seconds(step.wall_us)
    return {"wall": _seconds(step.wall_us), "monotonic": _seconds(step.monotonic_us)}


def _seconds(count: int) -> int | float:
    return count // MICROSECONDS if count % MICROSECONDS == 0 else count / MICROSECONDS
