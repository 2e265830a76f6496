"""The engine on a loopback socket, as an HTTP/1.1 server.

The server limits what clients may send (``Limits``), and refuses requests that two HTTP parsers could read in
different ways. It sends replies and faults exactly as the script says, each piece and each pause included.
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
