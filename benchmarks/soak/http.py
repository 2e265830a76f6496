"""One connection of a client that trusts nothing: plain HTTP/1.1 on asyncio's streams."""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from dataclasses import dataclass
from typing import Final

_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_HEAD: Final = (
    b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: application/json\r\n"
    b"Accept-Encoding: gzip, deflate\r\nContent-Type: application/json\r\nX-API-Key: tml-soak\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)
RETRY_SECONDS: Final = 0.001


class Broken(Exception):  # noqa: N818 - what a client has to live with
    """A request was sent, and no complete reply arrived."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole reply; ``location`` is empty unless it redirects."""

    status: int
    body: bytes
    location: str
    last: bool


class Connection:
    """A connection that reconnects whenever it ends."""

    def __init__(self, port: int) -> None:
        """Connects when it is needed."""
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: bytes) -> Received:
        """Asks once.

        Raises:
            Broken: No whole reply came. The connection is closed.
        """
        reader, writer = await self._open()
        try:
            writer.write(_HEAD % (path.encode(), self._port, len(body), body))
            received = await _reply(reader)
        except (OSError, EOFError, ValueError, zlib.error, asyncio.LimitOverrunError) as error:
            self.close()
            raise Broken(repr(error)) from error
        if received.last:
            self.close()
        return received

    def close(self) -> None:
        """Closes at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        while self._streams is None:
            try:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(RETRY_SECONDS)
        return self._streams


async def _reply(reader: asyncio.StreamReader) -> Received:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
    status = _STATUS.match(first)
    if status is None:
        raise ValueError(f"no status line: {first!r}")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if headers.get(b"transfer-encoding") == b"chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
    match headers.get(b"content-encoding"):
        case b"gzip":
            body = gzip.decompress(body)
        case b"deflate":
            body = zlib.decompress(body)
    location = headers.get(b"location", b"").decode("latin-1")
    return Received(int(status[1]), body, location, headers.get(b"connection") == b"close")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
