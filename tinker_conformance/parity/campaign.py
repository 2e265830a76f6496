"""Compare many releases with the reference, several of them in parallel."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import msgspec

from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.generated.combinations import matrix
from tinker_conformance.generated.drawn_scenarios import generated
from tinker_conformance.parity.comparison import Comparison, Pair, compare
from tinker_conformance.parity.difference import FAULT
from tinker_conformance.parity.new_behaviour import NewBehaviour, new_behaviour
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.releases import NewerThanKnownWarning, profile_for
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.spec import open_sdk


class ReleaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one release.

    Attributes:
        version: The release.
        profile: The name of the profile under which the release was compared.
        seconds: The duration of the comparison, real seconds.
        comparison: The comparison; None if the release could not be run.
        news: The behaviour that no profile describes; None if there is none.
        note: Why the release could not be run, or another remark; may be empty.
    """

    version: str
    profile: str = ""
    seconds: float = 0.0
    comparison: Comparison | None = None
    news: NewBehaviour | None = None
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Return whether the release was compared and nothing differs."""
        return self.comparison is not None and not self.comparison.different


@dataclass(slots=True)
class Campaign:
    """A comparison of releases with the reference; `run` performs it.

    Attributes:
        scenarios: The scenarios to run on each release.
        tick: Called after each scenario, from any thread.
        say: Called with progress messages, from any thread.
        profile: The profile under which every release is compared; None takes each release's own profile.
    """

    scenarios: Sequence[Scenario]
    tick: Callable[[], object] = lambda: None
    say: Callable[[str], None] = lambda _: None
    profile: Profile | None = None
    _expected: dict[str, dict[str, Run]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _references: queue.SimpleQueue[SdkSession] = field(default_factory=queue.SimpleQueue)
    _open: set[SdkSession] = field(default_factory=set)
    _ended: bool = False

    def run(self, specs: Sequence[tuple[str, str]], jobs: int, done: Callable[[ReleaseReport], None]) -> None:
        """Compare releases with the reference.

        Args:
            specs: The version and the SPEC of each release.
            jobs: How many releases to compare in parallel.
            done: Called with each report when it is ready, on the calling thread.
        """
        self._ended = False
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="parity")
        try:
            pending: set[Future[ReleaseReport]] = {pool.submit(self._report, *spec) for spec in specs}
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for each in finished:
                    done(each.result())
        finally:
            # Not awaited: a thread may be downloading a release.
            pool.shutdown(wait=False, cancel_futures=True)
            self._end()

    def _report(self, version: str, spec: str) -> ReleaseReport:
        started = time.monotonic()
        try:
            sdk = self._opened(spec)
        except SdkStartError as error:
            return ReleaseReport(version=version, note=str(error))
        reference = self._reference()
        try:
            return self._compared(version, sdk, reference, started)
        except UserError as error:
            return ReleaseReport(version=version, note=str(error))
        finally:
            sdk.close()
            with self._lock:
                self._open.discard(sdk)
                self._references.put(reference)
            if self._ended:
                self._close_references()

    def _compared(
        self, version: str, sdk: SdkSession, reference: SdkSession, started: float
    ) -> ReleaseReport:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", NewerThanKnownWarning)
            profile = self.profile or profile_for(sdk.info.version)
        with self._lock:
            expected = self._expected.setdefault(profile.name, {})
        pair = Pair(reference, sdk, profile, expected)
        comparison = compare(pair, self.scenarios, self.tick)
        # A release that crashes or cannot start shows no behaviour to describe.
        behaves = any(finding.kind != FAULT for finding in comparison.findings)
        news = new_behaviour(reference, sdk, profile, comparison) if behaves else None
        return ReleaseReport(
            version=version,
            profile=profile.name,
            seconds=round(time.monotonic() - started, 1),
            comparison=comparison,
            news=news,
            note="; ".join(str(warning.message) for warning in caught),
        )

    def _reference(self) -> SdkSession:
        try:
            return self._references.get_nowait()
        except queue.Empty:
            return self._opened("reference")

    def _opened(self, spec: str) -> SdkSession:
        session = open_sdk(spec, report=self.say)
        with self._lock:
            self._open.add(session)
            if self._ended:
                session.kill()
        return session

    def _end(self) -> None:
        """Kill every SDK that is still running a scenario, and close the references."""
        with self._lock:
            self._ended = True
            for session in self._open:
                session.kill()
        self._close_references()

    def _close_references(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._references.get_nowait().close()


def all_scenarios(count: int, seed: int) -> tuple[Scenario, ...]:
    """Return the shipped scenarios, those combined by rule, and `count` generated ones."""
    shipped = [scenario for scenario in shipped_scenarios().values() if not scenario.calls]
    return (*shipped, *matrix(), *generated(count, seed))
