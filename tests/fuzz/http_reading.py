"""A second, simple reading of HTTP: what a stream of requests says, and what a stream of replies does.

It knows no pieces, no limits and no refusals, and shares no line with the server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .findings import FindingError

_HEAD = re.compile(
    rb"[\r\n]*(?P<method>DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|TRACE) +"
    rb"(?P<target>(?:/|[A-Za-z][A-Za-z0-9+.-]*://)[!-~]*|\*) +HTTP/1\.(?P<minor>[01])\r\n"
    rb"(?P<lines>(?:[!#-'*+\-.0-9A-Z^-z|~]+:[\t -~\x80-\xff]*\r\n)*)\r\n"
)
_WORD = rb"[!#-'*+\-.0-9A-Z^-z|~]"
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b+(?:=%b+)?)*\r\n" % (_WORD, _WORD))
# Readers differ in what they let through as a chunk extension, and as a target that begins with no slash;
# neither moves the end of a request.
_ODD = re.compile(rb"\r\n[0-9A-Fa-f]{1,16};|[A-Z]+ +(?:\*|[^ /]+://)")
_FRAMING = re.compile(rb"\r\n(?i:connection|content-length|expect|host|transfer-encoding):")
_TRAILERS = re.compile(rb"(?:[!#-'*+\-.0-9A-Z^-z|~]+:[\t -~\x80-\xff]*\r\n)*\r\n")
_REPLY = re.compile(rb"HTTP/1\.1 ([0-9]{3}) [ -~]+\r\n((?:[a-z0-9-]+: [ -~]*\r\n)*)\r\n")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: method, target as sent, body, whether it waits for 100, and whether others may follow."""

    method: str
    target: bytes
    body: bytes
    waits: bool
    keeps: bool


def is_odd(data: bytes) -> bool:
    """Whether a stream holds, perhaps, what some readers let through and others do not."""
    return _ODD.search(data) is not None


def asked(data: bytes) -> list[Asked]:
    """The requests at the beginning of a stream that are whole and beyond doubt."""
    found: list[Asked] = []
    at = 0
    while (head := _HEAD.match(data, at)) is not None:
        lines = [line.partition(b":")[::2] for line in head["lines"].split(b"\r\n")[:-1]]
        values: dict[bytes, list[bytes]] = {}
        for name, value in lines:
            # Some readers let no tab through behind a coding.
            behind = b" " if name.lower() == b"transfer-encoding" else b" \t"
            values.setdefault(name.lower(), []).append(value.lstrip(b" \t").rstrip(behind))
        old = head["minor"] == b"0"
        body = _body(data, head.end(), values, old=old)
        hosts = values.get(b"host", [])
        expects = b",".join(values.get(b"expect", [])).lower()
        if (
            body is None
            or len(hosts) > 1
            or (not hosts and not old)
            or any(re.search(rb"[\s,/?#@\\]", host) for host in hosts)
            or (not old and b"expect" in values and expects != b"100-continue")
        ):
            break
        content, at = body
        words = [word.strip(b" \t").lower() for word in b",".join(values.get(b"connection", [])).split(b",")]
        keeps = b"keep-alive" in words if old else b"close" not in words
        waits = not old and bool(expects) and (content != b"" or b"transfer-encoding" in values)
        found.append(Asked(head["method"].decode(), head["target"], content, waits, keeps))
        if not keeps:
            break
    return found


def _body(data: bytes, at: int, values: dict[bytes, list[bytes]], *, old: bool) -> tuple[bytes, int] | None:
    match values.get(b"content-length"), values.get(b"transfer-encoding"):
        case None, None:
            return b"", at
        case [digits], None if re.fullmatch(rb"[0-9]+", digits):
            end = at + int(digits) if len(digits.lstrip(b"0")) < 19 else len(data) + 1
            return (data[at:end], end) if end <= len(data) else None
        case None, [coding] if coding.lower() == b"chunked" and not old:
            return _chunks(data, at)
        case _:
            return None


def _chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    content = b""
    while (size := _CHUNK.match(data, at)) is not None:
        count = int(size[1], 16)
        if not count:
            end = _TRAILERS.match(data, size.end())
            if end is None or _FRAMING.search(data, size.end() - 2, end.end()):
                return None
            return content, end.end()
        content += data[size.end() : size.end() + count]
        at = size.end() + count + 2
        if data[at - 2 : at] != b"\r\n":
            return None
    return None


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
    at = final = 0
    while at < len(data):
        head = _REPLY.match(data, at)
        if head is None:
            raise FindingError(f"no reply begins with {data[at : at + 60]!r}")
        at = head.end()
        status = int(head[1])
        lines = [line.partition(b": ")[::2] for line in head[2].split(b"\r\n")[:-1]]
        lengths = [value for name, value in lines if name == b"content-length"]
        content = b""
        if status != 100:
            if len(lengths) != 1:
                raise FindingError(f"a reply has the lengths {lengths}")
            bare = final < len(methods) and methods[final] == "HEAD"
            final += 1
            content = b"" if bare else data[at : at + int(lengths[0])]
            at += len(content)
            if not bare and len(content) != int(lengths[0]):
                raise FindingError("the last reply is cut")
        found.append(Answered(status, content, (b"connection", b"close") in lines))
    return found
