"""The oracle: h11 parses streams of requests and replies, and the server must agree with it.

h11 lets through some requests that the server refuses on purpose. Reading ends before those.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from .findings import FindingError

_SPACES = re.compile(rb"\A([A-Z]+) +([!-~]+) +(?=HTTP/)")
_LINES = rb"(?:[!#-'*+\-.0-9A-Z^-z|~]+:[\t -~\x80-\xff]*\r\n)*\r\n"
# h11 also takes other methods and versions, lines that end without \r, and folded lines.
_HEAD = re.compile(
    rb"(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|TRACE) "
    rb"(?:(?:/|[A-Za-z][A-Za-z0-9+.-]*://)[!-~]*|\*) HTTP/1\.[01]\r\n" + _LINES
)
# It takes one length written twice, a length beside a coding, and a tab after a coding.
_FRAMING = re.compile(
    rb"\r\n(?i:content-length:[ \t]*[0-9]+[ \t]*|transfer-encoding:[ \t]*chunked *)(?=\r\n)", re.DOTALL
)
_FRAMING_NAME = re.compile(rb"\r\n(?i:content-length|transfer-encoding):")
_NOT_IN_TRAILERS = re.compile(rb"\r\n(?i:connection|content-length|expect|host|transfer-encoding):")
_HOST = re.compile(rb"[^\s,/?#@\\]*")
_WORD = rb"[!#-'*+\-.0-9A-Z^-z|~]"
_EXTENSIONS = rb"(?:;%b+(?:=%b+)?)*\r\n" % (_WORD, _WORD)
# Readers differ in what they let through as a chunk extension, and as a target that begins with no slash;
# neither moves the end of a request.
_ODD = re.compile(rb"\r\n[0-9A-Fa-f]{1,16};|[A-Z]+ +(?:\*|[^ /]+://)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: method, target as sent, body, and whether others may follow."""

    method: str
    target: bytes
    body: bytes
    keeps: bool


def is_odd(data: bytes) -> bool:
    """Whether a stream holds, perhaps, what some readers let through and others do not."""
    return _ODD.search(data) is not None


def asked(data: bytes) -> list[Asked]:
    """The requests at the beginning of a stream that are whole and that every reader reads alike."""
    found: list[Asked] = []
    while not found or found[-1].keeps:
        # The server passes over empty lines before a request and over doubled spaces in its first line.
        data = _SPACES.sub(rb"\1 \2 ", data.lstrip(b"\r\n"))
        reader = h11.Connection(h11.SERVER, max_incomplete_event_size=len(data) + 1)
        reader.receive_data(data)
        try:
            request = reader.next_event()
            rest = reader.trailing_data[0]
            head, chunks = data[: len(data) - len(rest)], []
            if not isinstance(request, h11.Request) or not _is_plain(head, request):
                break
            while isinstance(event := reader.next_event(), h11.Data):
                chunks.append(bytes(event.data))
        except h11.RemoteProtocolError:
            break
        if not isinstance(event, h11.EndOfMessage):
            break
        data = reader.trailing_data[0]
        if _has(request, b"transfer-encoding") and not _is_written(rest[: len(rest) - len(data)], chunks):
            break
        # h11 keeps no connection of HTTP/1.0, and tells nothing of one that asks for an upgrade.
        words = _words(request, b"connection")
        keeps = b"keep-alive" in words if request.http_version == b"1.0" else b"close" not in words
        found.append(Asked(request.method.decode(), request.target, b"".join(chunks), keeps))
    return found


def _words(request: h11.Request, name: bytes) -> list[bytes]:
    values = b",".join(value for header, value in request.headers if header == name)
    return [word.strip(b" \t") for word in values.lower().split(b",")]


def _has(request: h11.Request, name: bytes) -> bool:
    return any(header == name for header, _ in request.headers)


def _is_plain(head: bytes, request: h11.Request) -> bool:
    """Whether the server, too, takes this head."""
    old = request.http_version == b"1.0"
    framings = len(_FRAMING_NAME.findall(head))
    return (
        _HEAD.fullmatch(head) is not None
        and framings == len(_FRAMING.findall(head)) <= 1
        and not (old and _has(request, b"transfer-encoding"))
        and all(_HOST.fullmatch(value) for name, value in request.headers if name == b"host")
        and (old or not _has(request, b"expect") or _words(request, b"expect") == [b"100-continue"])
    )


def _is_written(body: bytes, chunks: Sequence[bytes]) -> bool:
    """Whether a body is these chunks written by the letter; h11 takes spaces after a size."""
    sizes = [(b"%x" % len(chunk), re.escape(chunk) + rb"\r\n") for chunk in chunks]
    written = b"".join(
        b"(?=[0-9A-Fa-f]{1,16}[;\r])0*(?i:%b)%b%b" % (size, _EXTENSIONS, text) for size, text in sizes
    )
    end = re.fullmatch(b"%b0{1,16}%b(?P<trailers>%b)" % (written, _EXTENSIONS, _LINES), body, re.DOTALL)
    return end is not None and not _NOT_IN_TRAILERS.search(b"\r\n" + end["trailers"])


@dataclass(frozen=True, slots=True)
class Answered:
    """One reply: status, body, and whether it says that the connection ends."""

    status: int
    body: bytes
    closes: bool


def answered(data: bytes, methods: Sequence[str]) -> list[Answered]:
    """The replies that a stream is; ``methods`` are those of the requests, so far as there were any.

    Raises:
        FindingError: It is anything else.
    """
    found: list[Answered] = []
    final = 0
    while data:
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=len(data) + 1)
        method = methods[final] if final < len(methods) else "GET"
        reader.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(data)
        content = b""
        try:
            reply = reader.next_event()
            if isinstance(reply, h11.InformationalResponse):
                found.append(Answered(reply.status_code, b"", closes=False))
                data = reader.trailing_data[0]
                continue
            while isinstance(event := reader.next_event(), h11.Data):
                content += event.data
        except h11.RemoteProtocolError as error:
            raise FindingError(f"no reply begins with {data[:60]!r}: {error}") from error
        if not isinstance(reply, h11.Response) or not isinstance(event, h11.EndOfMessage):
            raise FindingError(f"no reply begins with {data[:60]!r}, or it is cut")
        lengths = [value for name, value in reply.headers if name == b"content-length"]
        if len(lengths) != 1:
            raise FindingError(f"a reply has the lengths {lengths}")
        final += 1
        found.append(Answered(reply.status_code, content, (b"connection", b"close") in list(reply.headers)))
        data = reader.trailing_data[0]
    return found
