"""Run scenarios with the SDK and the reference at the same time, each scenario once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

from tinker_conformance.error_families import SdkError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import FaultKind, Run, SdkSession


class SideBySide:
    """The SDK on one thread and the reference on another; neither waits for the other between scenarios.

    The object itself is not thread-safe.
    """

    def __init__(
        self,
        sdk: SdkSession,
        open_reference: Callable[[], SdkSession],
        profile: Profile,
        reference_profile: Profile,
    ) -> None:
        """Start the reference on its thread.

        Args:
            sdk: The SDK under test; `close` closes it.
            open_reference: Starts the reference, which `close` closes; called once, on its thread.
            profile: The profile that the SDK receives.
            reference_profile: The profile that the reference follows.
        """
        self._sdk = sdk
        self._profile = profile
        self._reference_profile = reference_profile
        self._expected: dict[str, Future[Run]] = {}
        self._observed: dict[str, Future[Run]] = {}
        self._sdk_thread = ThreadPoolExecutor(1, thread_name_prefix="conformance-sdk")
        self._reference_thread = ThreadPoolExecutor(1, thread_name_prefix="conformance-reference")
        self._reference = self._reference_thread.submit(open_reference)
        self._without_fault = True

    def close(self) -> None:
        """Close the SDK and the reference; cancel the runs that have not started."""
        for run in chain(self._observed.values(), self._expected.values()):
            run.cancel()
        self._sdk_thread.shutdown()
        self._reference_thread.shutdown()
        self._sdk.close()
        # It was started in any case, even if no caller asked for it, and only this object can close it.
        if self._reference.exception() is None:
            self._reference.result().close()

    def kill(self) -> None:
        """Kill the SDK and the reference, so that `close` need not wait for a scenario. Thread-safe."""
        self._sdk.kill()

        def kill_reference(reference: Future[SdkSession]) -> None:
            if not reference.cancelled() and reference.exception() is None:
                reference.result().kill()

        self._reference.add_done_callback(kill_reference)  # at once, if it has started

    @property
    def without_fault(self) -> bool:
        """Whether the SDK has finished every scenario so far without a fault."""
        return self._without_fault

    def begin(self, scenario: Scenario) -> None:
        """Queue a scenario for both sides; does nothing if it was queued before."""
        self._begin_reference(scenario)
        if scenario.id not in self._observed:
            self._observed[scenario.id] = self._sdk_thread.submit(self._run_sdk, scenario)

    def both(self, scenario: Scenario) -> tuple[Run, Run]:
        """Wait for the runs of the reference and the SDK in a scenario.

        Raises:
            SdkError: The adapter failed too often to continue.
        """
        self.begin(scenario)
        observed = self._observed[scenario.id].result()
        if observed.fault is not None and observed.fault.kind is FaultKind.GIVEN_UP:
            raise SdkError(str(observed.fault))
        return self._expected[scenario.id].result(), observed

    def expected(self, scenario: Scenario) -> Run:
        """Wait for the run of the reference in a scenario."""
        return self._begin_reference(scenario).result()

    def _begin_reference(self, scenario: Scenario) -> Future[Run]:
        if scenario.id not in self._expected:
            self._expected[scenario.id] = self._reference_thread.submit(self._run_reference, scenario)
        return self._expected[scenario.id]

    def _run_sdk(self, scenario: Scenario) -> Run:
        run = self._sdk.run(scenario, self._profile)
        if run.fault is not None:
            self._without_fault = False
        return run

    def _run_reference(self, scenario: Scenario) -> Run:
        return self._reference.result().run(scenario, self._reference_profile)
