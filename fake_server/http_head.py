"""Reading the head of an HTTP/1.1 request, strictly (RFC 9112).

Two readers that disagree about where a request ends are how requests are smuggled, so whatever a server may
read in more than one way is refused: lines that end otherwise than with CR LF, folded lines, space in front
of a colon, several lengths, a length beside a transfer coding, a transfer coding other than one ``chunked``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from fake_server.http_limits import Limits
from fake_server.http_refusal import RefusedError
from fake_server.messages import RawHeaders

END: Final = b"\r\n\r\n"
_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TARGET: Final = bytes(range(0x21, 0x7F))
_TLS: Final = 0x16
"""The first byte of a TLS handshake."""
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - set(b"\t\r\n"))
_READ: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"})
# What belongs into no line: control characters but for tabs, and line ends that are only half there.
_STRAY: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")
_HOST: Final = re.compile(rb"[^\x00-\x20\x7f,/?#@\\]*")
_VERSION: Final = re.compile(rb"HTTP/[0-9]\.[0-9]")
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
_METHODS: Final = frozenset({b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE"})
_MAX_DIGITS: Final = 18
_REMEMBERED: Final = 2048
_REMEMBERED_BYTES: Final = 256


class Head(NamedTuple):
    """A head that was understood.

    Attributes:
        method: Upper case.
        path: Without the query, percent-encoding as sent.
        query: Without the question mark.
        headers: Header lines as sent, space around the values left out.
        length: Bytes of the body, or None if it comes in chunks.
        old: Whether it is of HTTP/1.0.
        keep: Whether the connection stays open afterwards.
        waits: Whether the client waits for ``100 Continue`` before it sends the body.
    """

    method: str
    path: str
    query: str
    headers: RawHeaders
    length: int | None
    old: bool
    keep: bool
    waits: bool


def check_start(data: bytes | bytearray, seen: int, limits: Limits) -> None:
    """Looks at a head that is not whole yet: what can be told already need not be waited for.

    Args:
        data: What has come of it, at least one byte.
        seen: How much of it was looked at before and passed.
        limits: Bounds.

    Raises:
        RefusedError: No HTTP, or too large.
    """
    _check(data, seen, len(data), limits)


def read_head(data: bytes, limits: Limits) -> Head:
    """Reads a head.

    Args:
        data: The head with the ``END`` behind it.
        limits: Bounds.

    Raises:
        RefusedError: It may not be answered.
    """
    _check(data, 0, len(data), limits)
    start = data.index(b"\r\n") + 2
    method, path, query, version = _request_line(data[: start - 2])
    headers: RawHeaders = ()
    values: dict[bytes, list[bytes]] = {}
    if len(data) > start + 2:
        lines = data[start : -len(END)].split(b"\r\n")
        if len(lines) > limits.header_lines:
            text = f"there are more than {limits.header_lines} header lines; send fewer headers"
            raise RefusedError(431, text)
        headers, keys = zip(*map(_LINES.__getitem__, lines), strict=True)
        for key, (_, value) in zip(keys, headers, strict=True):
            if key:
                values.setdefault(key, []).append(value)
    old = version == b"HTTP/1.0"
    _check_host(values.get(b"host", []), old=old)
    length = _length(values, limits, old=old)
    keep = _keeps(values.get(b"connection"), old=old)
    waits = _waits(values.get(b"expect"), old=old) and length != 0
    return Head(method, path, query, headers, length, old, keep, waits)


def _check(data: bytes | bytearray, seen: int, end: int, limits: Limits) -> None:
    # In the order in which the bytes come, so that it does not matter in what pieces they do.
    if data[0] == _TLS:
        raise RefusedError(
            400, "this is TLS and the port speaks plain HTTP; use http:// in place of https://"
        )
    if data[0] not in _TOKEN:
        raise _no_http("it begins with no method")
    line = data.find(b"\r\n", 0, end)
    if not seen and 0 <= line <= limits.target and end <= limits.head and _is_clean(data[:end]):
        _request_line(bytes(data[:line]))
        return
    if seen <= line or line < 0:
        bound = min(end if line < 0 else line + 2, limits.target)
        _check_lines(data, max(0, seen - 1), bound)
        if line > limits.target or (line < 0 and end > limits.target + 1):
            raise RefusedError(
                414, f"the request line is larger than {limits.target} bytes; send a shorter path or query"
            )
        if line >= 0:
            _request_line(bytes(data[:line]))
    if line >= 0:
        _check_lines(data, max(line, seen - 1), min(end, limits.head))
    if end > limits.head:
        raise RefusedError(
            431, f"request line and headers are larger than {limits.head} bytes; send fewer headers"
        )


def _is_clean(data: bytes | bytearray) -> bool:
    # Nearly all heads are, and to count is far quicker than to search.
    ends = data.count(b"\r\n")
    return data.count(b"\r") == ends == data.count(b"\n") and len(data.translate(None, _CONTROLS)) == len(
        data
    )


def _check_lines(data: bytes | bytearray, start: int, end: int) -> None:
    if (stray := _STRAY.search(data, start, end)) is not None:
        raise _no_http(f"there is a {stray[0]!r} in the head, whose lines end with CR LF")


def _no_http(why: str) -> RefusedError:
    return RefusedError(
        400, f"this is no HTTP/1.1 request ({why}); send a request line, headers and a framed body"
    )


# Clients send the same few lines again and again.
@lru_cache(maxsize=256)
def _request_line(line: bytes) -> tuple[str, str, str, bytes]:
    parts = line.split(b" ")
    if len(parts) != 3:
        raise _no_http("its first line is not method, target and version with one space between them")
    method, target, version = parts
    if not method or method.translate(None, _TOKEN):
        raise _no_http("its method is no word")
    if not target or target.translate(None, _TARGET):
        raise _no_http("its target holds what is no visible ASCII character; percent-encode that")
    if not _VERSION.fullmatch(version):
        raise _no_http("its first line does not end with a version")
    if method == b"PRI":
        raise RefusedError(400, "this is HTTP/2 and the port speaks HTTP/1.1; turn HTTP/2 off in the client")
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise RefusedError(505, f"{version.decode('ascii')} is not spoken here; send HTTP/1.1")
    if method == b"CONNECT":
        raise RefusedError(405, "this is no proxy; send the request itself")
    if method not in _METHODS:
        known = b", ".join(sorted(_METHODS)).decode("ascii")
        raise RefusedError(501, f"the method {method[:40].decode('ascii')} is not known here; send {known}")
    path, _, query = _path(target, method).partition(b"#")[0].partition(b"?")
    return method.decode("ascii"), path.decode("ascii"), query.decode("ascii"), version


def _path(target: bytes, method: bytes) -> bytes:
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    if (absolute := _ABSOLUTE.match(target)) is not None:
        rest = target[absolute.end() :]
        return rest if rest.startswith(b"/") else b"/" + rest
    raise _no_http("its target begins with no slash")


def _header(line: bytes) -> tuple[tuple[bytes, bytes], bytes]:
    """Name and value, and the name in lower case if it is one that is read here."""
    name, colon, value = line.partition(b":")
    if line[:1] in (b" ", b"\t"):
        raise _no_http("a header line is folded; send each header in one line")
    if not colon or not name or name.translate(None, _TOKEN):
        raise _no_http(f"a header line begins with {line[:40]!r}, which is no name and colon")
    key, value = name.lower(), value.strip(b" \t")
    if key == b"host" and not _HOST.fullmatch(value):
        raise RefusedError(400, f"the Host {value[:80]!r} is none; send the name and the port only")
    return (name, value), key if key in _READ else b""


class _Lines(dict[bytes, tuple[tuple[bytes, bytes], bytes]]):
    """Header lines that were read before, at most so many; clients send the same few again and again."""

    def __missing__(self, line: bytes) -> tuple[tuple[bytes, bytes], bytes]:
        made = _header(line)
        if len(line) <= _REMEMBERED_BYTES:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[line] = made
        return made


_LINES: Final = _Lines()


def _check_host(hosts: list[bytes], *, old: bool) -> None:
    if len(hosts) != 1 and not (old and not hosts):
        raise RefusedError(
            400, f"an HTTP/1.1 request has one Host header, and this has {len(hosts)}; send one"
        )


def _length(values: dict[bytes, list[bytes]], limits: Limits, *, old: bool) -> int | None:
    lengths, codings = values.get(b"content-length"), values.get(b"transfer-encoding")
    if codings is not None:
        if lengths is not None:
            raise RefusedError(400, "Content-Length and Transfer-Encoding contradict each other; send one")
        if old:
            raise RefusedError(400, "HTTP/1.0 knows no Transfer-Encoding; send Content-Length or HTTP/1.1")
        names = [name.strip(b" \t").lower() for name in b",".join(codings).split(b",")]
        if names == [b"chunked"]:
            return None
        # A body that was coded before it was chunked has an end; whatever else has none that is sure.
        sure = names[-1] == b"chunked" and names.count(b"chunked") == 1 and b"" not in names
        raise RefusedError(
            501 if sure else 400, "the only Transfer-Encoding that is known here is one 'chunked'; send that"
        )
    if lengths is None:
        return 0
    if len(lengths) > 1 or not lengths[0].isdigit():
        raise RefusedError(
            400, "the Content-Length is not one number in digits; send it once, in digits only"
        )
    digits = lengths[0].lstrip(b"0") or b"0"
    if len(digits) > _MAX_DIGITS or int(digits) > limits.body:
        raise too_large(limits)
    return int(digits)


def too_large(limits: Limits) -> RefusedError:
    """What is said of a body beyond its limit."""
    return RefusedError(413, f"the body is larger than {limits.body} bytes; send a smaller one")


def _keeps(lines: list[bytes] | None, *, old: bool) -> bool:
    if not lines or lines == [b"keep-alive"]:
        return bool(lines) or not old
    words = {word.strip(b" \t").lower() for word in b",".join(lines).split(b",")}
    return b"close" not in words and (not old or b"keep-alive" in words)


def _waits(lines: list[bytes] | None, *, old: bool) -> bool:
    if old or not lines:
        return False
    if b",".join(lines).lower() != b"100-continue":
        raise RefusedError(417, "only 'Expect: 100-continue' is known here; leave the header out")
    return True
