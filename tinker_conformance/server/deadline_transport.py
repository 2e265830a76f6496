"""An httpx transport whose requests end at a deadline, however slowly the server sends.

The time limits of httpx are for each read. So httpx never gives up on a server that sends one byte at a time,
in the head of a reply or in its body. Here every read and write also ends at the deadline of its request.
"""

from __future__ import annotations

import ssl
import threading
import time
import typing
from collections.abc import Iterable, Iterator

import httpcore
import httpx


class _Moment(threading.local):
    """The deadline of this thread's request, and whether the server has sent anything for it."""

    ends: float | None = None
    came: bool = False


class DeadlineTransport(httpx.BaseTransport):
    """An httpx transport over sockets with a deadline for each thread. Thread-safe."""

    def __init__(self) -> None:
        """Prepare the transport without connecting.

        The variable SSL_CERT_FILE may name the trusted certificates.
        """
        self._moment = _Moment()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=_Backend(self._moment)
        )

    def limit(self, seconds: float) -> None:
        """Set the deadline of this thread's requests to `seconds` from now."""
        self._moment.ends = time.monotonic() + seconds
        self._moment.came = False

    @property
    def came(self) -> bool:
        """Whether the server has sent anything to this thread since `limit`."""
        return self._moment.came

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the reply; errors are those of httpcore, not of httpx."""
        assert isinstance(request.stream, httpx.SyncByteStream)  # noqa: S101 - the client is a synchronous one
        url = request.url
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(sent)
        assert isinstance(answer.stream, Iterable)  # noqa: S101 - as above
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream, answer.close),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of a reply, which also closes the connection of httpcore."""

    def __init__(self, pieces: Iterable[bytes], close: typing.Callable[[], None]) -> None:
        self._pieces = pieces
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        self._close()


class _Backend(httpcore.NetworkBackend):
    """Opens connections of httpcore whose reads and writes end at the deadline."""

    def __init__(self, moment: _Moment) -> None:
        self._moment = moment
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: typing.Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = _left(self._moment, timeout, httpcore.ConnectTimeout)
        stream = self._sockets.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._moment)


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes end at the deadline of the thread's request."""

    def __init__(self, stream: httpcore.NetworkStream, moment: _Moment) -> None:
        self._stream = stream
        self._moment = moment

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, _left(self._moment, timeout, httpcore.ReadTimeout))
        self._moment.came = True
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._moment, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        timeout = _left(self._moment, timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._moment)

    def get_extra_info(self, info: str) -> typing.Any:
        return self._stream.get_extra_info(info)


def _left(moment: _Moment, timeout: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    """Return the shorter of a time limit and the time to the deadline, in seconds.

    Raises:
        httpcore.TimeoutException: The deadline is over: the error of the class `error`.
    """
    if moment.ends is None:
        return timeout
    left = moment.ends - time.monotonic()
    if left <= 0:
        raise error
    return left if timeout is None else min(left, timeout)
