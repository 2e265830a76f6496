"""The kit's own HTTP client for probes: bounded in time and size, without proxies, redirects or cookies."""

from __future__ import annotations

import ssl
import time
from typing import Final

import httpcore
import httpx

from tinker_conformance._version import __version__
from tinker_conformance.server.deadline_transport import DeadlineTransport
from tinker_conformance.server.exchanges import MOST_BYTES, Answer, NoAnswerError, Question
from tinker_conformance.server.target import ServerUnderTest

_CONNECT_SECONDS: Final = 10.0
_HANG_UP_SECONDS: Final = 0.05
"""How long an abandoned poll stays open, in seconds, so that the server has time to read it."""


_CLOSED: Final = (
    *(httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError),
    *(httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError),
)
"""Errors of httpx and httpcore when the server has closed the connection."""
_BROKEN: Final = (
    *(httpx.RequestError, httpx.InvalidURL),
    *(httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.UnsupportedProtocol),
    *(ssl.SSLError, OSError),
)
"""Errors of httpx and httpcore that mean that no reply came."""


class HttpSender:
    """Sends requests to a server over HTTP; the sender of a real run (see `exchanges.Sender`)."""

    def __init__(self, target: ServerUnderTest, transport: httpx.BaseTransport | None = None) -> None:
        """Prepare the client without connecting.

        Args:
            target: The server, and the API key to send.
            transport: The httpx transport; None for sockets.
        """
        self._target = target
        self._maybe_closed = False
        self._deadlines = None if transport is not None else DeadlineTransport()
        self._client = httpx.Client(
            base_url=target.url,
            transport=transport or self._deadlines,
            trust_env=False,
            follow_redirects=False,
            # A compressed reply could expand without bounds.
            headers={"accept-encoding": "identity", "user-agent": f"tinker-conformance/{__version__}"},
        )

    def send(self, question: Question, seconds: float) -> Answer:
        """Send a request and return the reply.

        Args:
            question: The request.
            seconds: How long the complete reply may take.

        Raises:
            NoAnswerError: No complete reply came in time.
        """
        try:
            answer = self._sent_again_if_closed(question, seconds)
            # Servers close the connection after an error, and a request may meet it closing.
            self._maybe_closed = answer.status >= 500
            return answer  # noqa: TRY300 - the errors below are those of the request
        except (httpx.ConnectTimeout, httpcore.ConnectTimeout) as error:
            raise NoAnswerError("the connection was not accepted in time", connected=False) from error
        except (httpx.ConnectError, httpcore.ConnectError) as error:
            why = f"the connection failed ({self._target.without_key(str(error))})"
            if "CERTIFICATE_VERIFY_FAILED" in why:
                why = f"{why}: name the file of its certificate authority in the variable SSL_CERT_FILE"
            raise NoAnswerError(why, connected=False) from error
        except (httpx.TimeoutException, httpcore.TimeoutException) as error:
            if self._deadlines is not None and self._deadlines.came:
                raise NoAnswerError(f"the reply was not complete after {seconds:g} s") from error
            raise NoAnswerError(f"nothing came for {seconds:g} s") from error
        except _BROKEN as error:
            text = self._target.without_key(str(error) or type(error).__name__)
            raise NoAnswerError(f"the connection broke ({text})") from error

    def abandon(self, question: Question) -> None:
        """Send a request and close the connection soon after, whether or not the reply has begun.

        Raises:
            NoAnswerError: The request could not be sent.
        """
        timeout = httpx.Timeout(_HANG_UP_SECONDS, connect=_CONNECT_SECONDS, write=_CONNECT_SECONDS)
        headers = {**self._headers(question), "connection": "close"}
        if self._deadlines is not None:
            self._deadlines.limit(_CONNECT_SECONDS)
        try:
            with self._client.stream(
                question.method, question.path, headers=headers, content=question.body, timeout=timeout
            ):
                pass  # the head may have come; the body is never read
        except (httpx.ReadTimeout, httpcore.ReadTimeout):
            return
        except _BROKEN as error:
            raise NoAnswerError(
                f"the connection broke ({self._target.without_key(str(error))})", connected=False
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _headers(self, question: Question) -> dict[str, str]:
        headers = dict(question.headers)
        return {**headers, "x-api-key": self._target.api_key} if question.with_key else headers

    def _sent_again_if_closed(self, question: Question, seconds: float) -> Answer:
        """Return the reply to a request. After a 5xx, a request whose connection breaks is sent once more."""
        try:
            return self._sent(question, seconds)
        except _CLOSED:
            if not self._maybe_closed:
                raise
            self._maybe_closed = False
            return self._sent(question, seconds)

    def _sent(self, question: Question, seconds: float) -> Answer:
        ends = time.monotonic() + seconds
        if self._deadlines is not None:
            self._deadlines.limit(seconds)
        timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
        pieces: list[bytes] = []
        size = 0
        with self._client.stream(
            question.method,
            question.path,
            headers=self._headers(question),
            content=question.body,
            timeout=timeout,
        ) as response:
            for piece in response.iter_raw():
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise NoAnswerError(f"more than {MOST_BYTES} bytes came, and the reply was not complete")
                # The limits of httpx are for each read, and a server may send a byte at a time.
                if time.monotonic() > ends:
                    raise NoAnswerError(f"the reply was not complete after {seconds:g} s")
            return Answer(response.status_code, dict(response.headers), b"".join(pieces))
