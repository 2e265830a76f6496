"""The base class of SDK sessions that run scenarios through another SDK session.

An SDK session is an SDK that is ready to run scenarios (`tinker_conformance.sdk.session`). A subclass changes
one method: it caches the runs, records them, or lets the fake server behave like another server.
"""

from __future__ import annotations

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Run, SdkSession


class WrappedSession:
    """An SDK session that passes every call on to another SDK session."""

    def __init__(self, session: SdkSession) -> None:
        """Wrap an SDK session; nothing runs yet.

        Args:
            session: The SDK session that runs the scenarios; `close` and `kill` are passed on to it.
        """
        self.spec = session.spec
        self._session = session

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""
        return self._session.info

    @property
    def clock(self) -> SdkClock:
        """Which kind of clock the kit moves for the SDK."""
        return self._session.clock

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario with the wrapped SDK session, and return what the SDK did."""
        return self._session.run(scenario, profile)

    def close(self) -> None:
        """End every process of the SDK."""
        self._session.close()

    def kill(self) -> None:
        """Kill every process of the SDK at once. Thread-safe."""
        self._session.kill()
