"""The objects behind the pytest fixtures for downstream test suites: tests of programs that use Tinker.

Options go in. A fake Tinker with a URL, its clock and the captured warnings about paused queues come out.
`tinker_conformance.fixtures` offers them as fixtures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._fake_server import check_fake_server
from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.downstream.clock import FakeTinkerClock, frozen_clock
    from tinker_conformance.downstream.faking import reached_in_process, reached_on_a_socket
    from tinker_conformance.downstream.options import FakeTinkerOptions
    from tinker_conformance.downstream.queue_warnings import QueueWarnings, captured_warnings
    from tinker_conformance.downstream.reachable_tinker import ReachableTinker

__all__ = [
    "FakeTinkerClock",
    "FakeTinkerOptions",
    "QueueWarnings",
    "ReachableTinker",
    "captured_warnings",
    "frozen_clock",
    "reached_in_process",
    "reached_on_a_socket",
]

check_fake_server()

__getattr__ = lazy_exports(
    __name__,
    {
        "clock": "FakeTinkerClock frozen_clock",
        "faking": "reached_in_process reached_on_a_socket",
        "options": "FakeTinkerOptions",
        "queue_warnings": "QueueWarnings captured_warnings",
        "reachable_tinker": "ReachableTinker",
    },
)
