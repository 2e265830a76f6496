"""Runs scenarios through the SDK and the reference at once, each scenario once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import FaultKind, Run, SdkSession


class AdapterLostError(RuntimeError):
    """The adapter broke too often and is not started again; what was judged until then stands."""


class SideBySide:
    """The SDK on one thread and the reference on another; neither waits for the other between scenarios.

    Not for two threads at once.
    """

    def __init__(
        self,
        sdk: SdkSession,
        open_reference: Callable[[], SdkSession],
        profile: Profile,
        reference_profile: Profile,
    ) -> None:
        """Starts the reference.

        Args:
            sdk: The SDK under test; closed by `close`.
            open_reference: Gives the reference, closed by `close`; called once, on the reference's thread.
            profile: What the SDK is handed.
            reference_profile: What the reference lives by.
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
        """Ends the SDK and the reference; what was begun and nobody waited for is given up."""
        for run in chain(self._observed.values(), self._expected.values()):
            run.cancel()
        self._sdk_thread.shutdown()
        self._reference_thread.shutdown()
        self._sdk.close()
        # It starts in any case, perhaps long before anybody asks for it, and is nobody else's to close.
        if self._reference.exception() is None:
            self._reference.result().close()

    @property
    def without_fault(self) -> bool:
        """Whether the SDK has lived every scenario so far to its end."""
        return self._without_fault

    def begin(self, scenario: Scenario) -> None:
        """Has a scenario run, after those that were begun before; does nothing the second time."""
        self._begin_reference(scenario)
        if scenario.id not in self._observed:
            self._observed[scenario.id] = self._sdk_thread.submit(self._run_sdk, scenario)

    def both(self, scenario: Scenario) -> tuple[Run, Run]:
        """Waits for what the reference and the SDK do in a scenario.

        Raises:
            AdapterLostError: If the adapter broke too often to go on.
        """
        self.begin(scenario)
        observed = self._observed[scenario.id].result()
        if observed.fault is not None and observed.fault.kind is FaultKind.GIVEN_UP:
            raise AdapterLostError(str(observed.fault))
        return self._expected[scenario.id].result(), observed

    def expected(self, scenario: Scenario) -> Run:
        """Waits for what the reference does in a scenario."""
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
