"""Make runs of trio follow the frozen clock, whether they began before or within the freeze.

Whenever all its tasks wait, trio asks its clock how long it may block, and afterwards what time it is. This
module replaces both methods of trio's own clock. Runs with another clock (`trio.testing.MockClock`) stay as
they are. `pacing.Pacer` decides when a wait is over.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any
from unittest import mock

from tinker_conformance.clocks.held_time import HeldTime
from tinker_conformance.clocks.pacing import PacedWait, Pacer
from tinker_conformance.clocks.real_time import RealTime

_WAKEUP_SOCKETS = 1
"""How many sockets a run of trio listens to when it waits for no reply: the one by which other threads wake
it.
"""


@contextlib.contextmanager
def trio_paced(pacer: Pacer) -> Iterator[None]:
    """Make runs of trio follow the clock of a pacer within the block, if trio is installed."""
    if "trio" not in sys.modules and importlib.util.find_spec("trio") is None:
        yield
        return
    import attrs  # noqa: PLC0415 - trio needs it
    import trio  # noqa: PLC0415 - optional
    from trio._core import _run  # noqa: PLC0415 - the class has no public name

    clock_class: Any = _run.SystemClock
    runs = _Runs(pacer, clock_class, trio, attrs.asdict)

    def current_time(own: object) -> float:
        caller = sys._getframe(1).f_code  # noqa: SLF001 - documented in sys
        return runs.current_time(own, by_run_loop=caller is _run.unrolled_run.__code__)

    def block(own: object, until: float) -> float:
        return runs.block(own, until)

    with (
        mock.patch.object(clock_class, "current_time", current_time),
        mock.patch.object(clock_class, "deadline_to_sleep_time", block),
    ):
        try:
            yield
        finally:
            pacer.close()
            runs.give_back()


class _Runs:
    """The runs of trio that follow the frozen clock: what each has seen, and how long it waits."""

    def __init__(self, pacer: Pacer, clock_class: Any, trio: Any, as_dict: Any) -> None:
        self._pacer = pacer
        self._trio = trio
        self._as_dict = as_dict
        self._real_time, self._real_block = clock_class.current_time, clock_class.deadline_to_sleep_time
        self._began_us = pacer.clock.monotonic_us
        self._bases: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._waits: dict[int, PacedWait] = {}
        self._last: dict[int, PacedWait] = {}
        self._times: dict[int, HeldTime] = {}
        self._held_due: dict[int, tuple[float, float]] = {}

    def current_time(self, own: Any, *, by_run_loop: bool) -> float:
        """Return the time that a run of trio sees, in seconds.

        Args:
            own: The clock of the run.
            by_run_loop: Whether trio's own loop asks, to find which deadlines are over.
        """
        if not self._governs():
            return float(self._real_time(own))
        thread = threading.get_ident()
        # trio calls this method after it has blocked, so the wait is over.
        if (wait := self._waits.pop(thread, None)) is not None:
            self._pacer.end(wait)
        if by_run_loop:
            return self._at(own, self._time_of(thread).now_us(self._listens))
        return self._at(own, self._pacer.clock.monotonic_us)

    def _time_of(self, thread: int) -> HeldTime:
        if thread not in self._times:
            self._times[thread] = HeldTime(self._pacer)
        return self._times[thread]

    def _listens(self) -> bool:
        statistics = self._as_dict(self._trio.lowlevel.current_statistics().io_statistics)
        listening: int = sum(count for name, count in statistics.items() if name.startswith("tasks_waiting"))
        return listening > _WAKEUP_SOCKETS

    def _governs(self) -> bool:
        return self._pacer.governs_this_thread()

    def _at(self, own: Any, at_us: int) -> float:
        if id(own) not in self._bases:
            # Whole seconds, so that sums of virtual seconds stay exact.
            self._bases[id(own)] = (weakref.ref(own), math.ceil(self._real_time(own)))
        return self._bases[id(own)][1] + (at_us - self._began_us) / 1e6

    def block(self, own: Any, until: float) -> float:
        """Return for how many real seconds trio may block, now that all its tasks wait."""
        if not self._governs():
            return float(self._real_block(own, until))
        thread, now_us = threading.get_ident(), self._pacer.clock.monotonic_us
        if self._listens():
            return self._block_held(own, until)
        if self._time_of(thread).release():
            return 0.0
        seconds = None if math.isinf(until) else max(0.0, until - self._at(own, now_us))
        if seconds == 0:
            return 0.0
        wait = self._pacer.begin(seconds, before=self._last.get(thread))
        self._waits[thread] = self._last[thread] = wait
        look = self._pacer.next_look(wait)
        return 0.0 if look is None else look

    def _block_held(self, own: Any, until: float) -> float:
        """Return how many real seconds trio may block while it waits for a socket.

        A fake server in this process may move the clock before its reply arrives. Deadlines do not see that:
        otherwise a read timeout would come before a reply that is on its way.
        """
        thread = threading.get_ident()
        time = self._time_of(thread)
        held_us = time.hold()
        due_us = None if math.isinf(until) else held_us + math.ceil((until - self._at(own, held_us)) * 1e6)
        if self._held_due.get(thread, (-math.inf, 0.0))[0] != until:
            left = math.inf if due_us is None else time.seconds_until(due_us)
            self._held_due[thread] = until, RealTime.monotonic() + left
        left = self._held_due[thread][1] - RealTime.monotonic()
        if left <= 0 and due_us is not None:
            self._pacer.clock.move_to(due_us)
            time.release()
            del self._held_due[thread]
            return 0.0
        wait = self._pacer.begin(None, outside=True, before=self._last.get(thread))
        self._waits[thread] = self._last[thread] = wait
        look = self._pacer.next_look(wait)
        return 0.0 if look is None else min(look, left)

    def give_back(self) -> None:
        """After the freeze, let the time of each run's clock go on from where it is."""
        for reference, base in self._bases.values():
            if (own := reference()) is not None:
                elapsed = (self._pacer.clock.monotonic_us - self._began_us) / 1e6
                offset = own.offset + base + elapsed - self._real_time(own)
                object.__setattr__(own, "offset", offset)  # the class is frozen
