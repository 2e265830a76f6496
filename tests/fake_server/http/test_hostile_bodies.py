"""Bodies that are small on the wire and large in memory, or no bodies at all."""

from __future__ import annotations

import json
import tracemalloc

import msgspec
import pytest
import zstandard

from fake_server import FakeTinker, ProblemKind, Reply, Request
from fake_server.core.errors import BodyError
from fake_server.engine import request_decoding as decoding
from fake_server.engine.request_decoding import decode_json, decode_request

PATHS = ("asample", "retrieve_future", "retrieve_futures", "create_session", "forward_backward", "telemetry")
DEEP = 100_000


def asked(path: str, body: bytes, *headers: tuple[bytes, bytes], seed: int | None = None) -> Reply:
    engine = FakeTinker(seed=seed)
    answer = engine.handle(Request("POST", f"/api/v1/{path}", "", headers, body))
    assert isinstance(answer, Reply)
    assert [problem for problem in engine.problems if problem.kind is ProblemKind.INTERNAL] == []
    return answer


def _little_too_deep() -> bytes:
    """JSON with the fewest levels that this Python cannot hold: a thousand in 3.11, more in 3.13."""
    held, too_deep = 1, DEEP
    while too_deep - held > 1:
        middle = (held + too_deep) // 2
        try:
            msgspec.json.decode(b"[" * middle + b"]" * middle)
            held = middle
        except RecursionError:
            too_deep = middle
    too_deep += 200  # how many can be held depends on how deep the call is
    return b'{"a":' + b"[" * too_deep + b"]" * too_deep + b"}"


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        _little_too_deep(),
        b'{"a":' + b"1" * 5_000 + b"}",
        b"\xff\xfe{\x00}\x00,",
    ],
    ids=["arrays", "objects", "a little too deep", "digits", "bytes"],
)
def test_json_that_cannot_be_held_is_a_422(path: str, body: bytes, seed: int | None) -> None:
    reply = asked(path, body, seed=seed)
    assert reply.status == 422
    assert json.loads(reply.body)["error"]


def test_json_is_read_as_python_reads_it() -> None:
    assert decode_json(b'{"a": 1, "a": 2}') == {"a": 2}
    read = decode_json(b'{"a": NaN, "b": -Infinity, "c": 1e999}')
    assert list(map(str, read.values())) == ["nan", "-inf", "inf"]
    assert decode_json(b'{"a": %d}' % 10**400) == {"a": 10**400}


def zstd(body: bytes) -> Request:
    return Request("POST", "/", "", ((b"content-encoding", b"zstd"),), body)


def test_a_bomb_is_refused_before_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_DECOMPRESSED_BYTES", 1_000_000)
    bomb = zstandard.ZstdCompressor().compress(b" " * 50_000_000)
    assert len(bomb) < 10_000
    tracemalloc.start()
    with pytest.raises(BodyError, match="larger than 1000000 bytes when decompressed; send a smaller one"):
        decode_request(zstd(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 45_000_000
    fits = zstandard.ZstdCompressor().compress(b" " * 999_998 + b"{}")
    assert decode_request(zstd(fits)) == {}


@pytest.mark.parametrize("size", [2, 5_000])
def test_a_zstd_body_is_one_whole_frame(size: int) -> None:
    content = json.dumps({"a": [str(number) for number in range(size)]}).encode()
    frame = zstandard.ZstdCompressor().compress(content)
    assert decode_request(zstd(frame)) == json.loads(content)
    for broken, match in (
        (frame[:-1], "is truncated"),
        (frame + b"x", "data after the end of its frame"),
        (frame + frame, "data after the end of its frame"),
        (frame + b"x" * 5_000, "data after the end of its frame"),
        (b"x" + frame, "cannot be decoded"),
    ):
        with pytest.raises(BodyError, match=match):
            decode_request(zstd(broken))
    assert decode_request(zstd(b"")) == {}


def test_other_encodings_are_named() -> None:
    for name in (b"gzip", b"zstd, zstd", b"\xff"):
        reply = asked("asample", b"{}", (b"content-encoding", name))
        assert reply.status == 422
        assert b"use zstd or none" in reply.body
