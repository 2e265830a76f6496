"""Reads one line of an adapter, and says what is wrong with one that cannot be read."""

from __future__ import annotations

from typing import Final

import msgspec

from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.sdk.stdio.protocol_messages import FromAdapter, decode_from_adapter

MAX_SHOWN: Final = 300
"""Bytes of a line that a message shows, and of what is said to be wrong with it, which may quote the line."""


class UnreadableLineError(ValueError):
    """A line that is no message of the protocol; the text shows its beginning and says what is wrong."""

    def __init__(self, kind: FaultKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def read_line(line: bytes) -> FromAdapter:
    """The message in a line.

    Raises:
        UnreadableLineError: If there is none.
    """
    try:
        message: FromAdapter = decode_from_adapter(line)
    except msgspec.ValidationError as error:
        text = f"the message {shown_line(line)} is not one of the protocol: {str(error)[:MAX_SHOWN]}"
        raise UnreadableLineError(FaultKind.PROTOCOL, text) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = (
            f"the line {shown_line(line)} is not JSON in UTF-8 ({error}); "
            "write one object a line, and anything else to standard error"
        )
        raise UnreadableLineError(FaultKind.NOT_JSON, text) from error
    return message


def shown_line(line: bytes) -> str:
    """The beginning of a line, fit for a message."""
    more = "…" if len(line) > MAX_SHOWN else ""
    return f"{line[:MAX_SHOWN].decode('utf-8', 'backslashreplace')!r}{more}"
