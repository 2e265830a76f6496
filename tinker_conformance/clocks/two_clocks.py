"""The wall clock and the monotonic clock as two numbers, which can be moved together or apart.

Both are kept in whole microseconds, so that steps add up exactly.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import Final

MICROSECOND: Final = 1_000_000
"""Microseconds in a second."""

DEFAULT_EPOCH: Final = 1_750_000_000.0
"""The wall clock at the start of a scenario that sets none, in seconds since 1970."""

MONOTONIC_START_US: Final = 100_000 * MICROSECOND
_ROUND_OF_32_BITS_US: Final = 2**32 * 1_000
"""After how many microseconds a 32-bit count of milliseconds starts again at 0."""
_SIGN_SECONDS: Final = 2**31 / 1_000
_SCENARIO_SECONDS: Final = 110_000
_EPOCH: Final = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - freezegun counts in naive UTC


def to_microseconds(seconds: float) -> int:
    """Convert seconds to whole microseconds."""
    return round(seconds * MICROSECOND)


def scenario_start(monotonic_us: int) -> int:
    """Return the monotonic time at which to start a scenario, in microseconds.

    It is a whole second at or after `monotonic_us`, where the last scenario ended, chosen so that no scenario
    crosses a power of two seconds: among floats of one magnitude `(t + 900) - t` is exactly 900, whatever ran
    before. Nor does a scenario cross a time at which a 32-bit count of milliseconds changes its sign; only
    scenarios with an `uptime` test that.
    """
    start = -(-monotonic_us // MICROSECOND)
    end = start + _SCENARIO_SECONDS
    if start // _SIGN_SECONDS != end // _SIGN_SECONDS:
        start = math.ceil(end // _SIGN_SECONDS * _SIGN_SECONDS) + 1
    if start.bit_length() != (start + _SCENARIO_SECONDS).bit_length():
        start = 1 << start.bit_length()
    return start * MICROSECOND


@dataclass(slots=True)
class TwoClocks:
    """Both clocks of one process under test, and when the current scenario started.

    Attributes:
        wall_us: The wall clock, in microseconds since 1970.
        monotonic_us: The monotonic clock, in microseconds since an arbitrary moment.
        started_us: The monotonic clock at the start of the scenario, in microseconds.
    """

    wall_us: int = to_microseconds(DEFAULT_EPOCH)
    monotonic_us: int = MONOTONIC_START_US
    started_us: int = MONOTONIC_START_US

    def start_scenario(self, epoch: float, uptime: float | None = None) -> None:
        """Start a scenario: set the wall clock, and let `elapsed` begin at 0. The monotonic clock continues.

        Args:
            epoch: The new wall clock, in seconds since 1970.
            uptime: The seconds at which the monotonic clock continues. If the clock has passed that, it
                continues later by a multiple of 2**32 ms, which a 32-bit counter cannot tell apart. None: at
                the next suitable whole second.
        """
        self.wall_us = to_microseconds(epoch)
        if uptime is None:
            self.monotonic_us = scenario_start(self.monotonic_us)
        else:
            self.monotonic_us += (to_microseconds(uptime) - self.monotonic_us) % _ROUND_OF_32_BITS_US
        self.started_us = self.monotonic_us

    def move(self, wall_us: int, monotonic_us: int) -> None:
        """Move the wall clock and the monotonic clock, each by its own number of microseconds.

        Raises:
            ValueError: If the monotonic clock would go back.
        """
        if monotonic_us < 0:
            message = (
                f"the monotonic clock cannot go back ({monotonic_us} µs); move the wall clock alone: "
                "{advance: {wall: -1, monotonic: 0}}"
            )
            raise ValueError(message)
        self.wall_us += wall_us
        self.monotonic_us += monotonic_us

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return self.monotonic_us / MICROSECOND

    def elapsed(self) -> float:
        """Return the virtual seconds since the scenario started, on the monotonic clock."""
        return (self.monotonic_us - self.started_us) / MICROSECOND

    def wall_datetime(self) -> datetime.datetime:
        """Return the wall clock as freezegun expects it: a naive datetime in UTC."""
        return _EPOCH + datetime.timedelta(microseconds=self.wall_us)
