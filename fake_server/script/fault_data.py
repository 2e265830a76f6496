"""Read and write transport faults as plain data: ``wire`` of a step in a file, or keywords in Python."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from fake_server.core.errors import ScriptError, meant
from fake_server.core.faults import WIRE_KEYS, Chunking, Coding, Cut, CutEnd, Dribble, Part, Wire
from fake_server.core.plain_data import kind, refuse_unknown

_Choice = TypeVar("_Choice", bound=StrEnum)


def wire_from(data: object) -> Wire:
    """Return the faults in how a reply is sent, read from plain data.

    Args:
        data: A mapping of the attributes of ``Wire``. ``cut`` may be just the place, ``content_length`` a
            single value, ``headers`` a mapping.

    Raises:
        ScriptError: The data is invalid; the message names the key, and the nearest known one.
    """
    if isinstance(data, Wire):
        return data
    if not isinstance(data, Mapping):
        raise ScriptError(f"wire must be a mapping, not {kind(data)}; write for example {{cut: body}}")
    refuse_unknown(data, WIRE_KEYS)
    return Wire(**{key: _READERS[key](value) for key, value in data.items()})


def wire_data(wire: Wire) -> dict[str, object]:
    """Return faults as plain data, from which ``wire_from`` makes an equal value."""
    plain: dict[str, object] = {
        "delay": wire.delay,
        "hold": wire.hold,
        "slow_head": _dribble_data(wire.slow_head),
        "slow_body": _dribble_data(wire.slow_body),
        "cut": None if wire.cut is None else {"at": _plain(wire.cut.at), "by": wire.cut.by.value},
        "extra": wire.extra,
        "content_length": list(wire.content_length),
        "chunked": _plain(wire.chunked),
        "compress": _plain(wire.compress),
        "if_accepted": wire.if_accepted,
        "claims": wire.claims,
        "headers": [list(line) for line in wire.headers],
    }
    return {key: value for key, value in plain.items() if value or value == ""}


def header_pairs(value: object) -> list[tuple[str, str]]:
    """Return header lines from a mapping or a list of pairs.

    Raises:
        ScriptError: The value is neither.
    """
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, list | tuple):
        raise ScriptError(f"headers must be a mapping of names to strings, not {kind(value)}")
    for pair in pairs:
        if (
            not isinstance(pair, list | tuple)
            or len(pair) != 2
            or not all(isinstance(text, str) for text in pair)
        ):
            raise ScriptError(f"the header {pair!r} is not a name and a string; quote both")
    return [(name, text) for name, text in pairs]


def bytes_from_base64(value: object, key: str) -> bytes:
    """Return the bytes of a base64 string, which is how a file writes content that is not text.

    Args:
        value: The string.
        key: The key of the file that has the string, for messages.

    Raises:
        ScriptError: The value is not base64.
    """
    try:
        return base64.b64decode(value if isinstance(value, str) else b"?", validate=True)
    except (binascii.Error, ValueError):
        raise ScriptError(f"{key} must be a base64 string, not {kind(value)}; encode the bytes") from None


def choice(value: object, choices: type[_Choice], key: str) -> _Choice:
    """Return the member of an enumeration that has this value.

    Args:
        value: The value from the file.
        choices: The enumeration.
        key: The key of the file that has the value, for messages.

    Raises:
        ScriptError: The enumeration has no such value; the message lists the values.
    """
    try:
        return choices(str(value))
    except ValueError:
        known = ", ".join(choices)
        raise ScriptError(f"{key}: {value!r} is not one of {known}{meant(value, choices)}") from None


def _dribble(key: str) -> Callable[[object], Dribble]:
    def read(value: object) -> Dribble:
        if isinstance(value, Dribble):
            return value
        if not isinstance(value, Mapping):
            raise ScriptError(
                f"{key} must be a mapping, not {kind(value)}; write for example {{bytes: 10, seconds: 0.01}}"
            )
        refuse_unknown(value, ("bytes", "seconds"))
        if len(value) != 2:
            raise ScriptError(
                f"{key} needs the keys bytes and seconds; write for example {{bytes: 10, seconds: 0.01}}"
            )
        return Dribble(value["bytes"], value["seconds"])

    return read


def _cut(value: object) -> Cut:
    if isinstance(value, Cut):
        return value
    if not isinstance(value, Mapping):
        return Cut(_place(value))
    refuse_unknown(value, ("at", "by"))
    return Cut(_place(value.get("at", Part.BODY)), choice(value.get("by", CutEnd.RESET), CutEnd, "cut: by"))


def _place(value: object) -> Part | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return choice(value, Part, "cut: at")


def _lengths(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    for item in values:
        if isinstance(item, bool) or not isinstance(item, int | str):
            raise ScriptError(f"content_length must be a number or a string, not {kind(item)}; quote it")
    return tuple(map(str, values))


def _same(value: object) -> object:
    return value


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "delay": _same,
    "hold": _same,
    "slow_head": _dribble("slow_head"),
    "slow_body": _dribble("slow_body"),
    "cut": _cut,
    "extra": _same,
    "content_length": _lengths,
    "chunked": lambda value: choice(value, Chunking, "chunked"),
    "compress": lambda value: choice(value, Coding, "compress"),
    "if_accepted": _same,
    "claims": _same,
    "headers": lambda value: tuple(header_pairs(value)),
}


def _dribble_data(dribble: Dribble | None) -> object:
    return None if dribble is None else {"bytes": dribble.bytes, "seconds": dribble.seconds}


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value
