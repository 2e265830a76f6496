"""Each bound of ``Limits``, a byte below it and a byte above."""

from __future__ import annotations

import dataclasses
import json

import pytest

from fake_server.http.open_connections import Connections
from fake_server.http_limits import Limits
from tests.fuzz.talking import Talk

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def error(talk: Talk) -> str:
    text = json.loads(bytes(talk.transport.sent).rpartition(b"\r\n\r\n")[2])["error"]
    assert isinstance(text, str)
    return text


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


SIZES = [1, 7, 100, 1_000_000]


@pytest.mark.parametrize("size", SIZES)
def test_a_head(size: int) -> None:
    limits = Limits(head=200)
    fits = POST + b"X: %b\r\n\r\n" % (b"x" * (200 - len(POST) - 7))
    assert len(fits) == 200
    talk = Talk(limits=limits)
    talk.say(*pieces(fits, size))
    assert talk.status == 200
    talk = Talk(limits=limits)
    talk.say(*pieces(fits.replace(b"xx", b"xxx", 1), size))
    assert talk.status == 431
    assert "larger than 200 bytes; send fewer headers" in error(talk)


@pytest.mark.parametrize("size", SIZES)
def test_a_target(size: int) -> None:
    limits = Limits(target=50)
    line = b"GET /%b HTTP/1.1" % (b"x" * 49)
    talk = Talk(limits=limits)
    talk.say(*pieces(line + b"\r\nHost: a\r\n\r\n", size))
    assert talk.status == 200
    talk = Talk(limits=limits)
    talk.say(*pieces(line.replace(b"xx", b"xxx", 1) + b"\r\nHost: a\r\n\r\n", size))
    assert talk.status == 414
    assert "send a shorter path or query" in error(talk)


def test_a_head_without_an_end_is_refused_as_soon_as_it_is_too_large() -> None:
    talk = Talk(limits=Limits(head=200))
    talk.say(POST + b"X: " + b"x" * 200)
    assert talk.status == 431
    talk = Talk(limits=Limits(target=50))
    talk.say(b"GET /" + b"x" * 50)
    assert talk.status == 414


def test_a_head_is_refused_before_its_end_as_soon_as_it_is_known_to_be_invalid() -> None:
    for start in (b"nonsense\r\n", b"\xff", b"GET / HTTP/1.1\r\nX: \n", b"G\n"):
        talk = Talk()
        talk.say(start)
        assert 400 <= talk.status < 600, start
        assert not talk.is_open


def test_header_lines() -> None:
    limits = Limits(header_lines=3)
    talk = Talk(limits=limits)
    talk.say(POST + b"X: y\r\n" * 2 + b"\r\n")
    assert talk.status == 200
    talk = Talk(limits=limits)
    talk.say(POST + b"X: y\r\n" * 3 + b"\r\n")
    assert talk.status == 431
    assert "more than 3 header lines" in error(talk)


@pytest.mark.parametrize("size", SIZES)
def test_a_body(size: int) -> None:
    limits = Limits(body=10)
    for count, status in ((10, 200), (11, 413)):
        talk = Talk(limits=limits)
        talk.say(*pieces(POST + b"Content-Length: %d\r\n\r\n" % count + b"x" * count, size))
        assert talk.status == status
        talk = Talk(limits=limits)
        chunks = b"5\r\nhello\r\n%x\r\n%b\r\n0\r\n\r\n" % (count - 5, b"x" * (count - 5))
        talk.say(*pieces(CHUNKED + chunks, size))
        assert talk.status == status


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize(
    "framing",
    [
        b"1;" + b"x" * 100 + b"\r\n{\r\n0\r\n\r\n",
        b"0\r\n" + b"X: y\r\n" * 20 + b"\r\n",
        b"1\r\n{\r\n" * 30 + b"0\r\n\r\n",
        b"0" * 16 + b"\r\nX: " + b"y" * 100 + b"\r\n\r\n",
    ],
)
def test_chunk_framing(framing: bytes, size: int) -> None:
    talk = Talk(limits=Limits(framing=100))
    talk.say(*pieces(CHUNKED + framing, size))
    assert talk.status == 413
    assert "send larger chunks and fewer trailers" in error(talk)
    talk = Talk(limits=Limits(framing=1_000))
    talk.say(*pieces(CHUNKED + framing, size))
    assert talk.status == 200


def test_large_chunks_may_be_as_many_as_fit() -> None:
    talk = Talk(limits=Limits(framing=100))
    talk.say(CHUNKED + b"400\r\n%b\r\n" % (b"x" * 0x400) * 100 + b"0\r\n\r\n")
    assert talk.status == 200
    assert len(talk.requests[0].body) == 0x400 * 100


@pytest.mark.parametrize("chunked", [False, True])
def test_unfinished_requests_together(chunked: bool) -> None:
    connections = Connections(Limits(unfinished=1_000))
    talks = [Talk(among=connections) for _ in range(4)]
    body = CHUNKED + b"400\r\n" if chunked else POST + b"Content-Length: 1024\r\n\r\n"
    for talk in talks[:3]:
        talk.say(body + b"x" * 333)
        assert not talk.status
    assert connections.unfinished == 999
    talks[3].say(body + b"xx")
    assert talks[3].status == 503
    assert "try again" in error(talks[3])
    assert connections.unfinished == 999
    # One that ends, however it does, makes room, and whole requests need none.
    talks[0].transport.abort()
    talks[1].say(b"x" * (1024 - 333) + b"\r\n0\r\n\r\n" * chunked)
    assert talks[1].status == 200
    assert connections.unfinished == 333
    talks[1].say(GET[:5])
    assert connections.unfinished == 338
    talks[1].say(GET[5:])
    assert connections.unfinished == 333


def test_connections() -> None:
    connections = Connections(Limits(connections=2))
    first, second, third = (Talk(among=connections) for _ in range(3))
    assert third.status == 503
    assert "close some and try again" in error(third)
    assert third.transport.closing
    assert len(connections) == 2
    first.transport.abort()
    fourth = Talk(among=connections)
    assert not fourth.status
    second.say(GET)
    assert second.status == 200


@pytest.mark.parametrize("field", dataclasses.fields(Limits), ids=lambda field: str(field.name))
@pytest.mark.parametrize("value", [0, -1, True, "1", None, float("nan"), float("inf")])
def test_a_bound_that_is_none_is_refused(field: dataclasses.Field[object], value: object) -> None:
    with pytest.raises(ValueError, match=f"{field.name} is .*; give a"):
        Limits(**{field.name: value})  # type: ignore[arg-type]


def test_bounds_of_a_whole_server_are_a_few_and_documented() -> None:
    text = Limits.__doc__ or ""
    for field in dataclasses.fields(Limits):
        assert f" {field.name}: " in text
