"""The base of sessions that add something to another session."""

from __future__ import annotations

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Run, SdkSession


class WrappedSession:
    """A session that does what another one does; a subclass changes one thing."""

    def __init__(self, session: SdkSession) -> None:
        """Wrap a session; nothing runs yet.

        Args:
            session: The session that runs scenarios; `close` closes it.
        """
        self.spec = session.spec
        self._session = session

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""
        return self._session.info

    @property
    def clock(self) -> SdkClock:
        """The clock that the kit moves for the SDK."""
        return self._session.clock

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario."""
        return self._session.run(scenario, profile)

    def close(self) -> None:
        """End every process of the SDK."""
        self._session.close()

    def kill(self) -> None:
        """Kill every process of the SDK at once. Thread-safe."""
        self._session.kill()
