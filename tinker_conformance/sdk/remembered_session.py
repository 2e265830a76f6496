"""A session that runs each scenario once, however often it is asked."""

from __future__ import annotations

import msgspec

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Run, SdkSession


class RememberedSession:
    """Lends a session to those that would close it, and remembers its runs by profile and scenario.

    Not for two threads at once, as the session that it lends.
    """

    def __init__(self, session: SdkSession, *, profile: Profile | None = None) -> None:
        """Runs nothing yet.

        Args:
            session: Stays open when this one is closed.
            profile: The profile to run everything under, whichever is asked for: for an SDK under test,
                which behaves in one way only.
        """
        self.spec = session.spec
        self._session = session
        self._profile = profile
        self._runs: dict[tuple[str, bytes], Run] = {}

    @property
    def info(self) -> AdapterInfo:
        """Who the SDK is and what it claims."""
        return self._session.info

    @property
    def clock(self) -> SdkClock:
        """How its clocks are moved."""
        return self._session.clock

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Runs a scenario, or gives what it gave before."""
        used = profile if self._profile is None else self._profile
        key = (used.name, msgspec.json.encode(encode_scenario(scenario)))
        if key not in self._runs:
            self._runs[key] = self._session.run(scenario, used)
        return self._runs[key]

    def close(self) -> None:
        """Leaves the session open: it is only lent."""
