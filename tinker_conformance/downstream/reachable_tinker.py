"""The engine that the fixtures `fake_tinker` and `fake_tinker_server` return."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator

from fake_server.core.errors import ScriptViolation
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.core.number_words import counted
from fake_server.engine.tinker_api import Unscripted
from fake_server.script.steps import Advance
from fake_server.verify.verified_tinker import REAL_GAP_TOLERANCE_SECONDS, VerifiedTinker
from tinker_conformance.downstream.clock import FakeTinkerClock
from tinker_conformance.downstream.earlier_tests import (
    MAX_LEFTOVERS,
    Leftover,
    Lifetime,
    earlier_owner,
    own_key,
    serving,
)
from tinker_conformance.downstream.options import API_KEY, FakeTinkerOptions


class ReachableTinker(VerifiedTinker):
    """A fake Tinker that the clients of a test reach at `url`.

    Attributes:
        url: The base URL without a trailing slash, also in ``TINKER_BASE_URL``.
        api_key: The API key, also in ``TINKER_API_KEY``.
    """

    how_to_move_clocks = "add the fixture fake_tinker_clock to the test"
    how_to_use_a_socket = "use fake_tinker_server (a loopback socket)"
    how_to_complete = (
        "let submissions without a script complete: in a conftest.py, override the fixture "
        "fake_tinker_options, and return FakeTinkerOptions(unscripted_complete=True)"
    )

    def __init__(
        self,
        options: FakeTinkerOptions,
        clock: Callable[[], FakeTinkerClock | None],
        name: str = "a block outside pytest",
    ) -> None:
        """Create an engine without scripts.

        Args:
            options: The settings of the fixtures.
            clock: Returns the frozen clock of the test, or None if it has none.
            name: The name of the test in pytest, for messages.
        """
        simulated = options.unscripted_complete
        super().__init__(
            clock=self._seconds,
            move_clock=self._move,
            unscripted=Unscripted.COMPLETE if simulated else Unscripted.ERROR,
            seed=options.seed if simulated else None,
            client_config=options.client_config,
            strict=options.strict,
            dialect=options.dialect,
            long_polls=options.long_polls,
        )
        self._frozen = clock
        self.url = options.base_url
        self.api_key = own_key(API_KEY) if options.api_key is None else options.api_key
        self._name = name
        self._in_process = False
        self._lifetime: Lifetime | None = None
        self._leftovers: list[Leftover] = []

    @contextlib.contextmanager
    def serving(self, *, in_process: bool) -> Iterator[None]:
        """Serve the clients of the test within the block, and refuse those of earlier tests."""
        self._in_process = in_process
        with serving(self._name, self.api_key) as self._lifetime:
            yield

    @property
    def leftovers(self) -> tuple[Leftover, ...]:
        """Return requests of clients that earlier tests left running, in order; at most ``MAX_LEFTOVERS``.

        The clients got HTTP 404; the requests are neither problems nor in the journal. Requests that the SDK
        sends by itself got a reply that it does not log: heartbeats HTTP 410, telemetry and cancellations
        HTTP 200.
        """
        return tuple(self._leftovers)

    def concerns_earlier_client(self, request: Request) -> bool:
        """Return whether a request comes from a client that an earlier test left running."""
        return self._earlier_owner(request) is not None

    def _earlier_owner(self, request: Request) -> Lifetime | None:
        if self._lifetime is None:
            return None
        return earlier_owner(request, self._lifetime, in_process=self._in_process)

    def handle(self, request: Request) -> Reply | TransportFault:
        """Handle a request of this test's clients; refuse one that belongs to an earlier test."""
        owner = self._earlier_owner(request)
        if owner is None:
            return super().handle(request)
        leftover = Leftover(owner.name, request.method, request.path)
        if len(self._leftovers) < MAX_LEFTOVERS:
            self._leftovers.append(leftover)
        return leftover.reply()

    def reset(self) -> None:
        """Forget everything: scripts, ids, problems, journal, polls, and requests of earlier tests."""
        super().reset()
        self._leftovers = []

    def verify(self) -> None:
        """Check that every script was served to its end, every rule applied, and no other request came.

        Raises:
            ScriptViolation: If not; the text lists each difference with the fix, and requests of earlier
                tests.
        """
        __tracebackhide__ = True
        try:
            super().verify()
        except ScriptViolation as violation:
            refused = Counter(str(leftover) for leftover in self._leftovers if leftover.refused)
            if not refused:
                raise
            lines = [
                f"refused meanwhile, {counted(count, 'time')}: {text}" for text, count in refused.items()
            ]
            raise ScriptViolation("\n".join([str(violation), *lines])) from None

    def gap_tolerance(self) -> float:
        """Return how far the time between polls may deviate by default, seconds: less on a frozen clock."""
        return super().gap_tolerance() if self.moves_clock() else REAL_GAP_TOLERANCE_SECONDS

    def moves_clock(self) -> bool:
        """Return whether the test uses `fake_tinker_clock`."""
        return self._frozen() is not None

    def _seconds(self) -> float:
        frozen = self._frozen()
        return time.monotonic() if frozen is None else frozen.monotonic

    def _move(self, step: Advance) -> None:
        if (frozen := self._frozen()) is not None:
            frozen.apply(step)
