"""What a test asks an engine after the client has run, such as how often each future was polled.

``VerifiedTinker`` is an engine that remembers polls and connections. Its assertions compare polls, the gaps
between them, their order, and requests with what the test expects. If they differ, the assertion raises
``ScriptViolation``, which names the request or future that comes nearest.
"""

from __future__ import annotations

from fake_server.verify.poll_records import PollRecord
from fake_server.verify.used_connections import UsedConnection
from fake_server.verify.verified_tinker import VerifiedTinker

__all__ = [
    "PollRecord",
    "UsedConnection",
    "VerifiedTinker",
]
