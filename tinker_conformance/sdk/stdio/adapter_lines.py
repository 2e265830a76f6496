"""Decode one line from an adapter, and explain a line that cannot be decoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, get_args

import msgspec

from fake_server.core.errors import suggestion
from tinker_conformance.sdk.claimed_values import CLAIMED, allowed_values
from tinker_conformance.sdk.session import FaultKind, ScenarioFaultError
from tinker_conformance.sdk.stdio.protocol_messages import (
    FromAdapter,
    LogLevel,
    OfferedClock,
    decode_from_adapter,
    decode_json,
)
from tinker_conformance.timeline import OutcomeKind

MAX_SHOWN: Final = 300
"""How much an error message quotes: of a line in bytes, and of the decoder's own text in characters."""

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_line(line: bytes) -> FromAdapter:
    """Decode one line of an adapter.

    Raises:
        ScenarioFaultError: If the line is not JSON in UTF-8, or not a message of the protocol.
    """
    try:
        message: FromAdapter = decode_from_adapter(line)
    except msgspec.ValidationError as error:
        try:
            tag = _tag(line)
        except _UNREADABLE as worse:  # the line stops being JSON after the place of the first error
            raise _not_json(line, worse) from worse
        name = f"message {tag!r}" if tag in _FIELDS else "message"
        text = (
            f"The {name} does not match the protocol: {str(error)[:MAX_SHOWN]}"
            f"{allowed_values(str(error), _CHOICES)}{_fields(str(error), tag)}. "
            f"`tinker-conformance docs adapter-protocol` lists them. The line is {shown_line(line)}."
        )
        raise ScenarioFaultError(FaultKind.PROTOCOL, text) from error
    except _UNREADABLE as error:
        raise _not_json(line, error) from error
    return message


def _not_json(line: bytes, error: Exception) -> ScenarioFaultError:
    text = (
        f"The line {shown_line(line)} is not JSON in UTF-8 ({error}). "
        "Write one JSON object per line to standard output, and everything else to standard error."
    )
    return ScenarioFaultError(FaultKind.NOT_JSON, text)


_CHOICES: Final[Mapping[str, Iterable[str]]] = {
    **CLAIMED,
    "clocks": get_args(OfferedClock),
    "kind": tuple(OutcomeKind),
    "level": get_args(LogLevel),
    "type": tuple(sorted(str(kind.__struct_config__.tag) for kind in get_args(FromAdapter))),
}
"""The values of each field that allows only certain values."""


_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    str(kind.__struct_config__.tag): ("type", *kind.__struct_fields__) for kind in get_args(FromAdapter)
}
"""The fields of each message, by the message's type."""


def _tag(line: bytes) -> str:
    """Return the type that the message in a line names; empty if the line names none."""
    match decode_json(line):
        case {"type": str(tag)}:
            return tag
        case _:
            return ""


def _fields(problem: str, tag: str) -> str:
    """Return the known fields, if the decoder's error is about an unknown field; an empty text otherwise."""
    found = re.fullmatch(r"Object contains unknown field `(.*)`", problem)
    if found is None or (known := _FIELDS.get(tag)) is None:
        return ""
    return f"; {suggestion(found[1], known, 'leave it out')}; the fields of {tag!r} are {', '.join(known)}"


def shown_line(line: bytes) -> str:
    """Return the beginning of a line, quoted and escaped for an error message."""
    more = "…" if len(line) > MAX_SHOWN else ""
    return f"{line[:MAX_SHOWN].decode('utf-8', 'backslashreplace')!r}{more}"
