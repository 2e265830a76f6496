"""Replies of a form that several endpoints share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from fake_server.core.http_messages import JSON_HEADERS, Reply, Request
from fake_server.core.json_values import encoded
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.work import Json

LARGEST_PAGE: Final = 10_000
EMPTY: Final = Reply(200, JSON_HEADERS, b"{}")


def json_reply(value: Mapping[str, object]) -> Reply:
    """Return HTTP 200 with a JSON object."""
    return Reply(200, JSON_HEADERS, encoded(value))


def page(request: Request, key: str, everything: list[Json] | list[str], default: int) -> Reply:
    """Return one page of a list, with a cursor: where the page begins, and how long the list is.

    Args:
        request: The request, whose query has ``limit`` and ``offset``.
        key: The key of the page in the JSON object.
        everything: The whole list.
        default: The length of the page if the query has no ``limit``.

    Raises:
        ServiceRefusal: ``limit`` or ``offset`` is not a number.
    """
    query = parse_qs(request.query)
    limit = _parameter(query, "limit", default)
    offset = _parameter(query, "offset", 0)
    cursor = {"offset": offset, "limit": limit, "total_count": len(everything)}
    return json_reply({key: everything[offset : offset + limit], "cursor": cursor})


def origin(request: Request) -> str:
    """Return the scheme and host of a request."""
    return f"http://{request.header('host') or 'tinker.test'}"


def _parameter(query: Mapping[str, list[str]], name: str, default: int) -> int:
    given = query.get(name, [str(default)])[-1]
    if not given.isascii() or not given.isdecimal():
        raise ServiceRefusal(f"{name}={given!r} is not a number; give 0 to {LARGEST_PAGE}")
    return min(int(given[:9]), LARGEST_PAGE)
