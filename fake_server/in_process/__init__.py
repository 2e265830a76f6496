"""The engine for httpx clients of this process, without a socket.

``mounted`` puts it behind every httpx client by way of respx; ``FakeTinkerTransport`` is for clients that
accept a transport. Faults come out as the exceptions and broken bodies that httpx makes of the same bytes
on a socket.
"""

from __future__ import annotations

from fake_server.in_process.httpx_transport import FakeTinkerTransport, answer
from fake_server.in_process.respx_router import mounted

__all__ = [
    "FakeTinkerTransport",
    "answer",
    "mounted",
]
