"""Run scenarios with the SDK and with the reference at the same time, each scenario once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from tinker_conformance.error_families import SdkError
from tinker_conformance.judging.session_thread import SessionThread
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import FaultKind, Run, SdkSession
from tinker_conformance.sdk.stored_runs import StoredRuns

_WORTH_A_SECOND: Final = 8
"""After how many queued scenarios the SDK is started a second time, which takes longer than running a few."""


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """Ways to judge faster, which change no verdict.

    Attributes:
        open_second: Starts the SDK a second time, to run some of the scenarios; called once, on a new thread.
            None if the SDK must run alone. If the call fails, the first session runs all scenarios.
        stored: Returns the stored runs of the reference under a profile, if there is a place for them; None
            to play every scenario again.
    """

    open_second: Callable[[], SdkSession] | None = None
    stored: Callable[[Profile], StoredRuns | None] | None = None


NO_SHORTCUTS: Final = Shortcuts()


class SideBySide:
    """Runs the SDK on one thread or two, and the reference on another, without pauses between scenarios.

    The object itself is not thread-safe.
    """

    def __init__(
        self,
        sdk: SdkSession,
        open_reference: Callable[[], SdkSession],
        profile: Profile,
        reference_profile: Profile,
        shortcuts: Shortcuts = NO_SHORTCUTS,
    ) -> None:
        """Create the object without running a scenario.

        Args:
            sdk: The SDK under test; `close` closes it.
            open_reference: Opens the reference, which `close` closes. Called when the first scenario is to be
                played, on the thread of the reference.
            profile: The profile that the SDK receives.
            reference_profile: The profile that the reference follows.
            shortcuts: Ways to judge faster.
        """
        self._profile = profile
        self._reference_profile = reference_profile
        self._open_reference = open_reference
        self._open_second = shortcuts.open_second
        self._stored = None if shortcuts.stored is None else shortcuts.stored(reference_profile)
        self._expected: dict[str, Future[Run]] = {}
        self._observed: dict[str, Future[Run]] = {}
        self._unseen: list[Future[Run]] = []
        self._faulty = False
        self._recalled: set[str] = set()
        self._first = SessionThread("sdk", lambda: sdk)
        self._second: SessionThread | None = None
        self._reference: SessionThread | None = None
        self._killed = False

    def close(self) -> None:
        """Close the SDK and the reference; cancel the runs that have not started."""
        for thread in self._threads():
            thread.close()
        if self._stored is not None:
            self._stored.save()

    def kill(self) -> None:
        """Kill the SDK and the reference, so that `close` need not wait for a scenario. Thread-safe."""
        self._killed = True
        for thread in self._threads():
            thread.kill()

    def _threads(self) -> list[SessionThread]:
        return [each for each in (self._first, self._second, self._reference) if each is not None]

    @property
    def without_fault(self) -> bool:
        """Return whether the SDK has finished every scenario so far without a fault."""
        # The judge asks before each requirement, so each run is looked at once.
        ended = [run for run in self._unseen if run.done()]
        if ended:
            self._unseen = [run for run in self._unseen if run not in ended]
            self._faulty = self._faulty or any(map(_has_fault, ended))
        return not self._faulty

    def begin(self, scenario: Scenario) -> None:
        """Queue a scenario for the SDK and the reference, unless it was queued before."""
        self._begin(scenario, self._idler)

    def both(self, scenario: Scenario) -> tuple[Run, Run]:
        """Wait for the runs of the reference and the SDK in a scenario, and return both.

        A scenario that was not queued runs in the first session of the SDK. So state that an SDK keeps from
        one such scenario to the next has its effect.

        Raises:
            SdkError: The adapter failed too often to continue.
        """
        self._begin(scenario, lambda: self._first)
        observed = self._observed[scenario.id].result()
        if observed.fault is not None and observed.fault.kind is FaultKind.GIVEN_UP:
            raise SdkError(str(observed.fault))
        return self._expected[scenario.id].result(), observed

    def expected(self, scenario: Scenario) -> Run:
        """Wait for the run of the reference in a scenario, and return it."""
        return self._begin_reference(scenario).result()

    def played(self, scenario: Scenario) -> Run | None:
        """Let the reference run a scenario whose stored run was used; None if the reference has just run it.

        So no SDK fails because of a stored run that may be outdated.
        """
        if scenario.id not in self._recalled:
            return None
        self._recalled.remove(scenario.id)
        self._expected[scenario.id] = self._play(scenario)
        return self._expected[scenario.id].result()

    def _begin(self, scenario: Scenario, thread: Callable[[], SessionThread]) -> None:
        self._begin_reference(scenario)
        if scenario.id not in self._observed:
            run = thread().begin(scenario, self._profile)
            self._observed[scenario.id] = run
            self._unseen.append(run)

    def _begin_reference(self, scenario: Scenario) -> Future[Run]:
        if scenario.id not in self._expected:
            self._expected[scenario.id] = self._recall(scenario) or self._play(scenario)
        return self._expected[scenario.id]

    def _recall(self, scenario: Scenario) -> Future[Run] | None:
        kept = None if self._stored is None else self._stored.run_of(scenario)
        if kept is None:
            return None
        self._recalled.add(scenario.id)
        run: Future[Run] = Future()
        run.set_result(kept)
        return run

    def _play(self, scenario: Scenario) -> Future[Run]:
        if self._reference is None:
            self._reference = self._opened("reference", self._open_reference)
        run = self._reference.begin(scenario, self._reference_profile)
        if self._stored is not None:
            self._stored.keep(scenario, run)
        return run

    def _idler(self) -> SessionThread:
        """Return the session of the SDK with fewer runs queued; open the second one when that saves time."""
        if self._second is None and self._open_second is not None and len(self._observed) >= _WORTH_A_SECOND:
            self._second = self._opened("second-sdk", self._open_second)
        if self._second is not None and self._second.ready and self._second.waiting < self._first.waiting:
            return self._second
        return self._first

    def _opened(self, name: str, open_session: Callable[[], SdkSession]) -> SessionThread:
        thread = SessionThread(name, open_session)
        if self._killed:  # before this thread was there to be killed
            thread.kill()
        return thread


def _has_fault(ended: Future[Run]) -> bool:
    return not ended.cancelled() and ended.exception() is None and ended.result().fault is not None
