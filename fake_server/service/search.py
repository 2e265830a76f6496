"""The search for sessions, which returns pages (``SessionSearchRequest`` of ``tinker`` 0.38.0)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import items, mapping, text
from fake_server.service.service_clock import stamp
from fake_server.service.sessions import Session
from fake_server.service.training import OWNER
from fake_server.service.work import Json

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200
STATUSES: Final = ("active", "cancelled", "failed", "client_finished")


def searched(
    sessions: Sequence[Session], body: Mapping[str, object], summary: Callable[[Session], Json]
) -> Json:
    """Return one page of the sessions that match a search, the newest first.

    Args:
        sessions: All sessions, the oldest first.
        body: The decoded request: filters, ``limit`` and ``cursor``.
        summary: Returns the description of a session.

    Raises:
        ServiceRefusal: HTTP 400: a filter, the limit or the cursor is invalid.
    """
    limit = _limit(body.get("limit"))
    _check(body)
    matching = [session for session in reversed(sessions) if _matches(session, body)]
    start = _start(matching, body.get("cursor"))
    page = matching[start : start + limit]
    more = len(matching) > start + limit
    cursor = (
        {"last_created_at": stamp(page[-1].created_at), "last_session_id": page[-1].session_id}
        if more
        else None
    )
    return {"sessions": [summary(session) for session in page], "next_cursor": cursor}


def _matches(session: Session, body: Mapping[str, object]) -> bool:
    projects, statuses = body.get("project_ids"), body.get("statuses")
    return (
        _named(session, text(body.get("session_id")), text(body.get("display_name")))
        and mapping(body.get("user_metadata")).items() <= session.user_metadata.items()
        and (projects is None or session.project_id in items(projects))
        and (statuses is None or any(_has_status(session, mapping(each)) for each in items(statuses)))
        and _owned(mapping(body.get("owner")))
    )


def _named(session: Session, session_id: str | None, words: str | None) -> bool:
    """Return whether a session has this id, or these words in its name; one of both is enough."""
    if session_id is None and words is None:
        return True
    name = (session.display_name or "").casefold()
    by_name = words is not None and all(word in name for word in words.casefold().split())
    return session.session_id == session_id or by_name


def _has_status(session: Session, query: Mapping[str, object]) -> bool:
    status = session.status()
    if status.get("type") != query.get("type"):
        return False
    reasons = query.get("reasons")
    return reasons is None or mapping(status.get("reason")).get("type") in items(reasons)


def _owned(owner: Mapping[str, object]) -> bool:
    # Everything here belongs to the one fake user.
    return owner.get("type") != "user" or OWNER in items(owner.get("owner_urns"))


def _check(body: Mapping[str, object]) -> None:
    for query in items(body.get("statuses")):
        kind = mapping(query).get("type")
        if kind not in STATUSES:
            raise ServiceRefusal(f"{kind!r} is not a session status; use one of {', '.join(STATUSES)}")


def _limit(value: object) -> int:
    limit = DEFAULT_LIMIT if value is None else value
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LARGEST_LIMIT:
        raise ServiceRefusal(f"limit is {value!r}; give 1 to {LARGEST_LIMIT}")
    return limit


def _start(matching: Iterable[Session], cursor: object) -> int:
    if cursor is None:
        return 0
    last = mapping(cursor).get("last_session_id")
    for place, session in enumerate(matching):
        if session.session_id == last:
            return place + 1
    raise ServiceRefusal(f"the cursor {cursor!r} does not belong to this search; send next_cursor unchanged")
