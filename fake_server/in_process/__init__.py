"""Connect the engine to httpx clients of this process, without a socket.

``mounted`` answers every httpx client of the process by way of respx. ``FakeTinkerTransport`` is for one
client that accepts a transport. If a script asks for a transport fault, the client sees the exception or the
broken body that httpx would give it if a server had sent the same bytes over a socket.
"""

from __future__ import annotations

from fake_server.in_process.httpx_transport import FakeTinkerTransport, answer
from fake_server.in_process.respx_router import mounted

__all__ = [
    "FakeTinkerTransport",
    "answer",
    "mounted",
]
