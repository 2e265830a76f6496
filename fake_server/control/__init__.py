"""Control of the fake server by test suites in other languages.

The control plane takes scripts and gives verdicts over HTTP, below ``/_control``. The clock file holds the
clocks that an SDK in another process reads.
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
