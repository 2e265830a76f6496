"""Every way to move the clocks that an SDK under test reads.

The frozen clock is for an SDK in a Python process: time stands still there, and moves where a scenario says
so ("advance by 60 s") or jumps to the next timer when the whole process sleeps. The clock file, libfaketime
and the wall clock are for an SDK in a process of its own. Clock steps of a scenario go in; the wall and
monotonic clocks that the SDK reads come out moved. Virtual seconds are those of the SDK's clocks, real
seconds those of the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.clocks.frozen_clock import FrozenClock
    from tinker_conformance.clocks.quiet import LOOK_SECONDS, QuietWatch
    from tinker_conformance.clocks.sdk_clocks import (
        LIBRARY_NAME,
        FaketimeClock,
        FileClock,
        KitClock,
        SdkClock,
        WallClock,
        libfaketime,
    )
    from tinker_conformance.clocks.seen_waits import waits_are_seen
    from tinker_conformance.clocks.two_clocks import DEFAULT_EPOCH, MICROSECOND
    from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop, virtual_loops

__all__ = [
    "DEFAULT_EPOCH",
    "LIBRARY_NAME",
    "LOOK_SECONDS",
    "MICROSECOND",
    "FaketimeClock",
    "FileClock",
    "FrozenClock",
    "KitClock",
    "QuietWatch",
    "SdkClock",
    "VirtualTimeLoop",
    "WallClock",
    "libfaketime",
    "virtual_loops",
    "waits_are_seen",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "frozen_clock": "FrozenClock",
        "quiet": "LOOK_SECONDS QuietWatch",
        "sdk_clocks": "FaketimeClock FileClock KitClock LIBRARY_NAME SdkClock WallClock libfaketime",
        "seen_waits": "waits_are_seen",
        "two_clocks": "DEFAULT_EPOCH MICROSECOND",
        "virtual_loop": "VirtualTimeLoop virtual_loops",
    },
)
