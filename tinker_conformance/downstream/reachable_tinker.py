"""The engine that the fixtures `fake_tinker` and `fake_tinker_server` return."""

from __future__ import annotations

import time
from collections.abc import Callable

from fake_server.engine.tinker_api import Unscripted
from fake_server.script.steps import Advance
from fake_server.verify.verified_tinker import VerifiedTinker
from tinker_conformance.downstream.clock import FakeTinkerClock
from tinker_conformance.downstream.options import FakeTinkerOptions


class ReachableTinker(VerifiedTinker):
    """A fake Tinker that the clients of a test reach at `url`.

    Attributes:
        url: The base URL without a trailing slash, also in ``TINKER_BASE_URL``.
        api_key: The API key, also in ``TINKER_API_KEY``.
    """

    how_to_move_clocks = "add the fixture fake_tinker_clock to the test"
    how_to_use_a_socket = "use fake_tinker_server (a loopback socket)"

    def __init__(self, options: FakeTinkerOptions, clock: Callable[[], FakeTinkerClock | None]) -> None:
        """Create an engine without scripts.

        Args:
            options: The settings of the fixtures.
            clock: Returns the frozen clock of the test, or None if it has none.
        """
        simulated = options.unscripted_complete
        super().__init__(
            clock=self._seconds,
            move_clock=self._move,
            unscripted=Unscripted.COMPLETE if simulated else Unscripted.ERROR,
            seed=options.seed if simulated else None,
            client_config=options.client_config,
            strict=options.strict,
        )
        self._frozen = clock
        self.url = options.base_url
        self.api_key = options.api_key

    def moves_clock(self) -> bool:
        """Return whether the test uses `fake_tinker_clock`."""
        return self._frozen() is not None

    def _seconds(self) -> float:
        frozen = self._frozen()
        return time.monotonic() if frozen is None else frozen.monotonic

    def _move(self, step: Advance) -> None:
        if (frozen := self._frozen()) is not None:
            frozen.apply(step)
