"""Lines of an adapter over standard output."""

from __future__ import annotations

from hypothesis import strategies as st

from tinker_conformance.sdk.session import ScenarioFaultError
from tinker_conformance.sdk.stdio.adapter_lines import MAX_SHOWN, read_line
from tinker_conformance.sdk.stdio.protocol_messages import encode

from .changes import changed
from .findings import hold

_LINES = (
    (
        b'{"type":"started","protocol":1,"name":"x","version":"1","language":"c","capabilities":["callbacks"],'
        b'"operations":["sample"],"clocks":["file"]}'
    ),
    b'{"type":"log","id":1,"client":"a","future":1,"seq":0,"level":"warning","logger":"l","message":"m"}',
    b'{"type":"callback","id":1,"client":"a","future":1,"state":"paused_capacity","reason":null}',
    b'{"type":"outcome","id":1,"client":"a","future":1,"kind":"result","value":{"a":[1,2]}}',
    b'{"type":"waiting","id":1,"client":"a","future":1,"until":1}',
    b'{"type":"done","id":1}',
    b'{"type":"failed","id":1,"error":"e"}',
)
_PIECES = (
    b'"id":-1,',
    b'"type":"done",',
    b"null",
    b"9" * 40,
    b"[" * 2_000,
    b'"a":',
    b"\xff",
    b"1.5",
    b"\\ud800",
)


class LineTarget:
    """Inputs are one line."""

    name = "line"

    inputs = changed(st.sampled_from(_LINES), _PIECES, (0, 1, 1, 2, 3))

    def check(self, data: bytes) -> None:
        """Reads it; what is read is written and read again."""
        try:
            message = read_line(data)
        except ScenarioFaultError as error:
            hold(len(str(error)) < 10 * MAX_SHOWN, "a message that quotes too much")
        else:
            hold(read_line(encode(message)) == message, "a message that is written is read otherwise")
