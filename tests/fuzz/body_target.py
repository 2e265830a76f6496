"""Request bodies: decoded, and through a whole engine."""

from __future__ import annotations

import json
import re

import zstandard
from hypothesis import strategies as st

from fake_server import FakeTinker, ProblemKind, Reply, Request
from fake_server.core.errors import BodyError
from fake_server.engine.request_decoding import decode_plainly, decode_request
from fake_server.operations import API_PREFIX, SUBMISSION_PATHS
from fake_server.protobuf.codec import bytes_field, double_field, varint_field

from .changes import changed
from .findings import FindingError, hold

_JSON = (
    b'{"request_id": "f"}',
    b'{"num_samples": 1, "prompt": {"chunks": [{"type": "encoded_text", "tokens": [1, 2, 3]}]}}',
    b'{"model_id": "m", "forward_backward_input": {"data": [], "loss_fn": "cross_entropy"}, "seq_id": 1}',
    b'{"forward_input": {"data": [{"loss_fn_inputs": {"weights": {"data": [1]}}, "model_input": {}}]}}',
    b'{"session_id": "s", "events": [{"event": "x", "event_index": 0}], "tags": ["a"]}',
    b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": -0.0, "e": "\\ud800"}',
    b"{}",
    b"",
)
_PIECES = (
    b'"request_id":',
    b"null",
    b"1e400",
    b"NaN",
    b"-",
    b"9" * 30,
    b"9" * 5_000,
    b"[" * 2_000,
    b'{"a":' * 2_000,
    b'\\ud83d"',
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"true",
    b',"seq_id":-1',
    b"\x0a\xff\xff\xff\xff\x0f",
)
_KINDS = (b"application/json", b"application/x-protobuf", b"text/plain", b"application/x-protobuf; v=1")
_CODINGS = (b"", b"zstd", b"gzip", b"identity", b"zstd, zstd")
_OTHERS = (
    "cancel_future",
    "client/config",
    "create_sampling_session",
    "create_session",
    "get_info",
    "retrieve_future",
    "retrieve_futures",
    "session_heartbeat",
    "telemetry",
    "weights_info",
)
_PATHS = (*sorted(SUBMISSION_PATHS), *(f"{API_PREFIX}{name}" for name in _OTHERS))


_VALUES = st.sampled_from((0, 1, 2, 3, 127, 128, 2**31, 2**63, 2**64 - 1))
_DOUBLES = st.sampled_from((0.0, -1.5, 1e308, float("inf"), float("nan")))
_TEXTS = st.sampled_from((b"", b"cross_entropy", b"weights", b"\xff"))
_SIZES = st.sampled_from((1, 4, 7, 8, 16))
_NUMBERS = st.sampled_from((1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 15, 16))


@st.composite
def _messages(draw: st.DrawFn, depth: int = 0) -> bytes:
    """Protobuf messages whose fields have the numbers, if not the types, of a forward pass."""
    made = b""
    for _ in range(draw(st.sampled_from((1, 1, 2, 3, 5)))):
        number = draw(_NUMBERS)
        match draw(st.integers(0, 7)):
            case 0 | 1:
                made += varint_field(number, draw(_VALUES))
            case 2:
                made += double_field(number, draw(_DOUBLES))
            case 3:
                made += bytes_field(number, draw(_TEXTS))
            case 4:
                size = draw(_SIZES)
                made += bytes_field(number, draw(st.binary(min_size=size, max_size=size)))
            case _ if depth < 5:
                made += bytes_field(number, draw(_messages(depth + 1)))
            case _:
                pass
    return made


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    """Bodies of the official SDK, changed."""
    is_message = draw(st.integers(0, 9)) > 6
    body = draw(changed(_messages() if is_message else st.sampled_from(_JSON), _PIECES, (0, 1, 1, 2, 4)))
    coding = draw(st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 4)))
    if coding == 1:
        packed = st.just(zstandard.ZstdCompressor().compress(body))
        body = draw(changed(packed, _PIECES, (0, 0, 1)))
    kind = 1 if is_message else draw(st.integers(0, 255))
    return bytes([draw(st.integers(0, 255)), kind, coding]) + body


class BodyTarget:
    """Inputs are three bytes that choose path, content type and coding, and the body."""

    name = "body"

    inputs = _bodies()

    def check(self, data: bytes) -> None:
        """Decodes it, and sends it to an engine with a script and to a whole fake Tinker."""
        path, kind, coding = (data[:3] + b"\0\0\0")[:3]
        headers = (
            (b"content-type", _KINDS[kind % len(_KINDS)]),
            (b"content-encoding", _CODINGS[coding % len(_CODINGS)]),
        )
        request = Request("POST", _PATHS[path % len(_PATHS)], "", headers, data[3:])
        try:
            read = decode_request(request)
        except BodyError as error:
            hold(bool(re.search(r"[a-z]", str(error))), "an error without a text")
            read = None
        plain = decode_plainly(request)
        hold(plain is None or repr(plain) == repr(read), "decoded plainly it is another body")
        if read is not None and request.is_plain() and request.body:
            hold(repr(read) == repr(json.loads(request.body)), "Python reads another body")
        for seed in (None, 0) if path % 8 == 0 else (None,):
            self._answered(FakeTinker(seed=seed), request, unreadable=read is None)

    @staticmethod
    def _answered(engine: FakeTinker, request: Request, *, unreadable: bool) -> None:
        reply = engine.handle(request)
        if not isinstance(reply, Reply):
            raise FindingError(f"no reply but {reply!r}")
        for problem in engine.problems:
            hold(problem.kind is not ProblemKind.INTERNAL, problem.message)
        hold(reply.status < 500, f"the engine's fault: {reply.status}")
        json.loads(reply.body, parse_constant=_no_number)
        hold(not unreadable or reply.status >= 400, f"a body that cannot be read got {reply.status}")


def _no_number(name: str) -> float:
    raise FindingError(f"{name} in a reply is no JSON")
