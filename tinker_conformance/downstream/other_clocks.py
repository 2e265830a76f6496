"""Refuse the library time-machine beside the frozen clock, as each would hide the other's time.

time-machine changes the functions of `time` in C, so that the kit's own real time would be moved, too. Code
that uses the frozen clock would not see the time that time-machine sets (versions 2 and 3). freezegun may be
nested.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, Final, NoReturn
from unittest import mock

from tinker_conformance.error_families import UserError

_UNDER_WAY: Final = ("traveller_stack", "coordinates_stack")
"""The names under which time-machine keeps the time travels in progress, since version 3 and in version 2."""


@contextlib.contextmanager
def time_machine_refused() -> Iterator[None]:
    """Refuse time travels that are in progress, and those that begin within the block.

    Raises:
        UserError: time-machine is active, or becomes active.
    """
    machine: Any = sys.modules.get("time_machine")
    if machine is None:
        yield
        return
    if any(vars(machine).get(name) for name in _UNDER_WAY):
        _refuse()

    def start(_travel: object) -> NoReturn:
        _refuse()

    with mock.patch.object(machine.travel, "start", start):
        yield


def _refuse() -> NoReturn:
    raise UserError(
        "time-machine and fake_tinker_clock both set the time of this process; use one of them in a test: "
        "fake_tinker_clock.advance() moves the frozen clock, and epoch in fake_tinker_options sets its start"
    )
