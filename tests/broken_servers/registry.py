"""All broken servers, by name."""

from __future__ import annotations

from typing import Final

from . import endings, orders, outcomes, polls, sessions, states, submissions
from .declaration import BrokenServer

_CHAPTERS: Final = (sessions, submissions, polls, endings, orders, outcomes, states)
BROKEN_SERVERS: Final[dict[str, BrokenServer]] = {
    server.name: server for chapter in _CHAPTERS for server in chapter.SERVERS
}
assert len(BROKEN_SERVERS) == sum(len(list(chapter.SERVERS)) for chapter in _CHAPTERS), (
    "two servers of one name"
)
