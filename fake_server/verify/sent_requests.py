"""Find a request in the journal, or the one nearest to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fake_server.core.errors import BodyError
from fake_server.core.http_messages import Request
from fake_server.core.wanted_got import wanted_got
from fake_server.engine.journal import Exchange
from fake_server.engine.request_decoding import decode_request


def find_request(exchanges: Iterable[Exchange], path: str, fields: Mapping[str, object]) -> Exchange | str:
    """Return the first request of that path whose decoded body has these fields, or an error message."""
    best: tuple[int, Exchange, list[str]] | None = None
    for exchange in exchanges:
        differences = [] if exchange.path == path else [f"path: {wanted_got(path, exchange.path)}"]
        differences += _differences(fields, _decoded(exchange))
        if not differences:
            return exchange
        distance = len(differences) + (len(fields) if exchange.path != path else 0)
        if best is None or distance < best[0]:
            best = distance, exchange, differences
    wanted = f"no POST {path}" + (f" with {dict(fields)}" if fields else "") + " came"
    if best is None:
        return f"{wanted}, and neither did any other request; give the client this fake's base URL"
    _, exchange, differences = best
    return (
        f"{wanted}; the nearest is request {exchange.index} ({exchange.method} {exchange.path}): "
        f"{'; '.join(differences)}; fix the call or the expected fields"
    )


def _decoded(exchange: Exchange) -> Mapping[str, object]:
    try:
        return decode_request(
            Request(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
        )
    except BodyError:
        return {}


def _differences(wanted: Mapping[str, object], got: Mapping[str, object]) -> list[str]:
    return [
        f"{name}: {wanted_got(repr(value), repr(got[name]) if name in got else 'none')}"
        for name, value in wanted.items()
        if name not in got or got[name] != value
    ]
