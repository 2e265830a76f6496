"""Many releases compared with the reference, as many at once as there are cores."""

from __future__ import annotations

import queue
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import msgspec

from tinker_conformance.generated.combinations import matrix
from tinker_conformance.generated.drawn_scenarios import generated
from tinker_conformance.parity.comparison import Comparison, Pair, compare
from tinker_conformance.parity.difference import FAULT
from tinker_conformance.parity.new_behaviour import NewBehaviour, new_behaviour
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.releases import NewerThanKnownWarning, UnknownReleaseError, profile_for
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.official.environments import EnvironmentUnavailable
from tinker_conformance.sdk.session import Run, SdkSession, SdkStartError
from tinker_conformance.sdk.spec import open_sdk


class ReleaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one release.

    Attributes:
        version: The release.
        profile: Name of the profile that it was compared under.
        seconds: Real seconds that it took.
        comparison: What was compared; None if the release could not be driven.
        news: What it does that no profile knows; None where nothing differs.
        note: Why it could not be driven, or what else a reader must know; empty where there is nothing.
    """

    version: str
    profile: str = ""
    seconds: float = 0.0
    comparison: Comparison | None = None
    news: NewBehaviour | None = None
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether everything was compared and nothing differs."""
        return self.comparison is not None and not self.comparison.different


@dataclass(slots=True)
class Campaign:
    """Compares releases; make one, call `run`.

    Attributes:
        scenarios: What is run on each.
        tick: Called after each scenario, from any thread.
        say: Is told, in a line, what takes time; from any thread.
        profile: What everything is compared under, rather than each release's own profile.
    """

    scenarios: Sequence[Scenario]
    tick: Callable[[], object] = lambda: None
    say: Callable[[str], None] = lambda _: None
    profile: Profile | None = None
    _expected: dict[str, dict[str, Run]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _references: queue.SimpleQueue[SdkSession] = field(default_factory=queue.SimpleQueue)

    def run(self, specs: Sequence[tuple[str, str]], jobs: int, done: Callable[[ReleaseReport], None]) -> None:
        """Compares releases.

        Args:
            specs: Version and SPEC of each.
            jobs: How many at once.
            done: Called with each report as it comes, from this thread.
        """
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="parity")
        try:
            pending: set[Future[ReleaseReport]] = {pool.submit(self._report, *spec) for spec in specs}
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for each in finished:
                    done(each.result())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _report(self, version: str, spec: str) -> ReleaseReport:
        started = time.monotonic()
        try:
            sdk = open_sdk(spec, report=self.say)
        except (SdkStartError, EnvironmentUnavailable) as error:
            return ReleaseReport(version=version, note=str(error))
        reference = self._reference()
        try:
            return self._compared(version, sdk, reference, started)
        except UnknownReleaseError as error:
            return ReleaseReport(version=version, note=str(error))
        finally:
            sdk.close()
            self._references.put(reference)

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
        # An SDK that crashes or cannot be opened has no behaviour to describe.
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
            return open_sdk("reference")


def all_scenarios(count: int, seed: int) -> tuple[Scenario, ...]:
    """The shipped scenarios, those made by rule, and `count` generated ones."""
    shipped = [scenario for scenario in shipped_scenarios().values() if not scenario.calls]
    return (*shipped, *matrix(), *generated(count, seed))
