"""Every way to move the clocks that an SDK sees.

The frozen clock is for SDKs in a Python process, where time moves by steps and jumps; the clock file,
libfaketime and the wall clock are for SDKs in processes of their own. Scenarios ask for steps; the wall and
monotonic clocks of the SDK come out moved.
"""

from __future__ import annotations

from tinker_conformance.clocks.frozen_clock import DEFAULT_EPOCH, MICROSECOND, FrozenClock
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
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop, VirtualTimePolicy

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
    "VirtualTimePolicy",
    "WallClock",
    "libfaketime",
    "waits_are_seen",
]
