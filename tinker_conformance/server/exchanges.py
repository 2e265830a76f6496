"""One request to a server and what came of it, as plain values."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from tinker_conformance.error_families import ServerUnderTestError

READ_SECONDS: Final = 45.0
"""How long the official SDK waits for the reply to a poll (every release)."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""The largest reply that is read; the results that probes ask for have some kilobytes."""
_SHOWN: Final = 200
_MOST_DECODED: Final = 4096


@dataclass(frozen=True, slots=True)
class Question:
    """A request.

    Attributes:
        method: The HTTP method.
        path: The path from `/api/v1/` on, with the query.
        headers: Names and values; the key and the framing are added when it is sent.
        body: The content.
        with_key: Whether the server's key goes with it, rather than what `headers` say.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    with_key: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete reply.

    Attributes:
        status: The HTTP status.
        headers: Values by name in lower case.
        body: The content, not decoded.
        shown: Makes a text fit to be shown: it hides the key, which servers quote.
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
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """Return the content as JSON; `NOT_JSON` if it is none."""
        try:
            value: object = json.loads(self.body)
            if b"\\u" in self.body:
                # Half of a pair, which the decoders of the official SDK refuse and no file can hold.
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return NOT_JSON
        return value

    def mapping(self) -> Mapping[str, object]:
        """Return the content as a JSON object; empty if it is none."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        # Hidden before it is cut: half of a key is a secret, too.
        shown = self.shown(self.body[:_MOST_DECODED].decode("utf-8", "replace"))
        text = f"{shown[:_SHOWN]}…" if len(shown) > _SHOWN else shown
        if "protobuf" in self.media_type:
            text = f"{len(self.body)} bytes of {self.shown(self.media_type)}"
        location = self.headers.get("location", "") if 300 <= self.status < 400 else ""
        to = f" to {self.shown(location)[:_SHOWN]}" if location else ""
        return f"HTTP {self.status}{to} {text}".rstrip()


class _NotJson:
    def __repr__(self) -> str:
        return "a body that is not JSON"


NOT_JSON: Final = _NotJson()
"""What `Answer.json` returns for a body that is not JSON."""


class NoAnswerError(ServerUnderTestError):
    """No complete reply came; the text says why, in words that follow "no reply: ".

    Attributes:
        connected: Whether the server could be connected to.
    """

    def __init__(self, why: str, *, connected: bool = True) -> None:
        super().__init__(why)
        self.connected = connected


class Sender(Protocol):
    """What carries questions to the server; called from several threads."""

    def send(self, question: Question, seconds: float) -> Answer:
        """Return the reply, complete within this many seconds.

        Raises:
            NoAnswerError: There was none.
        """

    def abandon(self, question: Question) -> None:
        """Send a question and close the connection without reading the reply.

        Raises:
            NoAnswerError: It could not be sent.
        """

    def close(self) -> None:
        """Close every connection."""


class Clock(Protocol):
    """The time that probes wait by."""

    def now(self) -> float:
        """Return seconds since some moment; they never step back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class RealClock:
    """Real time."""

    def now(self) -> float:
        """Return the monotonic clock in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)
