"""Let test suites in other languages control the fake server.

The control plane is an HTTP interface below ``/_control``: suites send scripts, and get verdicts. The clock
file shows the time to an SDK that runs in another process.
"""

from __future__ import annotations

from fake_server.control.clock_file import SteppedClock, replace_text, write_clock
from fake_server.control.control_plane import CONTROL, ControlledServer

__all__ = [
    "CONTROL",
    "ControlledServer",
    "SteppedClock",
    "replace_text",
    "write_clock",
]
