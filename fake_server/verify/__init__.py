"""What a test asks an engine afterwards.

``VerifiedTinker`` is an engine that remembers polls and connections. Its assertions compare polls, gaps,
order and requests with what the test expected, and raise ``ScriptViolation`` with the nearest miss.
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
