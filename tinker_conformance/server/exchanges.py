"""One request to a server, its reply or the error in place of a reply, and the interface that sends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from tinker_conformance.error_families import ServerUnderTestError

READ_SECONDS: Final = 45.0
"""How long the official SDK waits for the reply to a poll, in seconds (every release)."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""The largest reply that is read, in bytes; the results that probes ask for have some kilobytes."""
_SHOWN: Final = 200
_MOST_DECODED: Final = 4096


@dataclass(frozen=True, slots=True)
class Question:
    """A request to the server.

    Attributes:
        method: The HTTP method.
        path: The path from `/api/v1/` on, with the query.
        headers: Names and values. The sender adds the API key and the headers about the body's length.
        body: The content.
        with_key: Whether the sender adds the server's API key. If not, the request has only the key in
            `headers`, if any.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    with_key: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete reply of the server.

    Attributes:
        status: The HTTP status.
        headers: The values, by name in lower case.
        body: The content, not decoded.
        shown: Replaces the API key in a text before it is printed, because servers quote the key.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    shown: Callable[[str], str] = str

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty if the reply names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """Return the content decoded from JSON; `NOT_JSON` if it is not JSON."""
        try:
            value: object = json.loads(self.body)
            if b"\\u" in self.body:
                # A lone surrogate: the decoders of the official SDK refuse it, and UTF-8 has no form for it.
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return NOT_JSON
        return value

    def mapping(self) -> Mapping[str, object]:
        """Return the content decoded from JSON if it is an object; otherwise an empty mapping."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        # Hidden before it is cut: half of a key is a secret, too.
        # A page of HTML has many lines, and a mismatch is one.
        shown = " ".join(self.shown(self.body[:_MOST_DECODED].decode("utf-8", "replace")).split())
        text = f"{shown[:_SHOWN]}…" if len(shown) > _SHOWN else shown
        if "protobuf" in self.media_type:
            text = f"{len(self.body)} bytes of {self.shown(self.media_type)}"
        location = self.headers.get("location", "") if 300 <= self.status < 400 else ""
        to = f" to {self.shown(location)[:_SHOWN]}" if location else ""
        return f"HTTP {self.status}{to} {text}".rstrip()


class _NotJson:
    """The type of `NOT_JSON`, which no JSON value equals."""

    def __repr__(self) -> str:
        return "a body that is not JSON"


NOT_JSON: Final = _NotJson()
"""What `Answer.json` returns for a body that is not JSON."""


class NoAnswerError(ServerUnderTestError):
    """No complete reply came. The text says why, and follows the words "no reply: " in a report.

    Attributes:
        connected: Whether the connection to the server was made.
    """

    def __init__(self, why: str, *, connected: bool = True) -> None:
        super().__init__(why)
        self.connected = connected


class Sender(Protocol):
    """The interface of what sends requests to the server; called from several threads."""

    def send(self, question: Question, seconds: float) -> Answer:
        """Send a request and return the reply.

        Args:
            question: The request.
            seconds: How long the complete reply may take.

        Raises:
            NoAnswerError: No complete reply came in time.
        """

    def abandon(self, question: Question) -> None:
        """Send a request and close the connection without reading the reply.

        Raises:
            NoAnswerError: The request could not be sent.
        """

    def close(self) -> None:
        """Close every connection."""


class Clock(Protocol):
    """The interface of the clock by which probes measure and wait."""

    def now(self) -> float:
        """Return the seconds since an arbitrary moment; the number never decreases."""

    def sleep(self, seconds: float) -> None:
        """Wait for this many seconds."""


class RealClock:
    """The real clock."""

    def now(self) -> float:
        """Return the monotonic clock in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for this many real seconds."""
        time.sleep(seconds)
