"""Check the head of a request (method, version, headers) before the server reads the body.

The goal is to refuse requests that two HTTP parsers could read in different ways, because an attacker can
hide a second request in such a one ("request smuggling"). The parser, httptools, already refuses what is not
HTTP/1.1 (RFC 9112): bare line ends, folded lines, space before a colon, several lengths, a length together
with a transfer coding. This module checks the rest.
"""

from __future__ import annotations

import re
from typing import Final

from fake_server.core.http_messages import RawHeaders
from fake_server.core.refused_request import RefusedError
from fake_server.http.http_limits import Limits

_HOST: Final = re.compile(rb"[^\x00-\x20\x7f,/?#@\\]*")
_METHODS: Final = frozenset({b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE"})
_READ: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})


def waits_for_continue(method: bytes, version: str, headers: RawHeaders, limits: Limits) -> bool:
    """Check the head of a request, and return whether the client waits for ``100 Continue``.

    Args:
        method: The method as sent.
        version: The HTTP version, such as ``1.1``.
        headers: Names and values of the headers as sent.
        limits: The limits of the server.

    Returns:
        Whether the client sends the body only after the server has sent ``100 Continue``.

    Raises:
        RefusedError: The server refuses the request; the error has the reply.
    """
    if version not in ("1.1", "1.0"):
        raise RefusedError(505, f"HTTP/{version} is not supported; send HTTP/1.1")
    if method == b"CONNECT":
        raise RefusedError(
            405,
            "CONNECT is not supported, because this server is not a proxy; send the request straight to it, "
            "and take it out of the client's proxy settings",
        )
    if method not in _METHODS:
        known = b", ".join(sorted(_METHODS)).decode("ascii")
        raise RefusedError(501, f"the method {method.decode('ascii')} is not supported; use {known}")
    old = version == "1.0"
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        key = name.lower()
        if key in _READ:
            values.setdefault(key, []).append(value)
    _check_host(values.get(b"host", []), old=old)
    _check_codings(values.get(b"transfer-encoding"), old=old)
    (length,) = values.get(b"content-length", [b"0"])  # the parser refuses a second one
    if int(length) > limits.body:
        raise too_large(limits)
    return _expects(values.get(b"expect"), old=old) and int(length) != 0


def too_large(limits: Limits) -> RefusedError:
    """Return the error for a request whose body is larger than the limit."""
    return RefusedError(413, f"the body is larger than {limits.body} bytes; send a smaller one")


def _check_host(hosts: list[bytes], *, old: bool) -> None:
    if len(hosts) != 1 and not (old and not hosts):
        raise RefusedError(
            400, f"an HTTP/1.1 request must have one Host header, but this has {len(hosts)}; send one"
        )
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise RefusedError(400, f"the Host {hosts[0][:80]!r} is invalid; send only the name and the port")


def _check_codings(codings: list[bytes] | None, *, old: bool) -> None:
    if codings is None:
        return
    if old:
        raise RefusedError(400, "HTTP/1.0 has no Transfer-Encoding; send Content-Length or use HTTP/1.1")
    if [coding.strip(b" \t").lower() for coding in codings] != [b"chunked"]:
        raise RefusedError(501, "the only supported Transfer-Encoding is a single 'chunked'; send that")


def _expects(expectations: list[bytes] | None, *, old: bool) -> bool:
    if old or not expectations:
        return False
    if b",".join(expectations).lower() != b"100-continue":
        raise RefusedError(417, "only 'Expect: 100-continue' is supported; leave the header out")
    return True
