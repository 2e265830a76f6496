"""The engine on a loopback socket.

Bytes of HTTP/1.1 go in, bounded by ``Limits``; requests that two readers could take for different ones are
refused. Replies and faults go out exactly as the script says, chunk by chunk and pause by pause.
"""

from __future__ import annotations

from fake_server.core.errors import ServerError
from fake_server.http.http_limits import Limits
from fake_server.http.http_protocol import HttpProtocol
from fake_server.http.http_server import FakeTinkerServer
from fake_server.http.open_connections import Connections

__all__ = [
    "Connections",
    "FakeTinkerServer",
    "HttpProtocol",
    "Limits",
    "ServerError",
]
