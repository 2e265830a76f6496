"""Caches the runs of a session, so that each scenario runs once."""

from __future__ import annotations

import msgspec

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession


class RememberedSession(WrappedSession):
    """A session that caches the runs of another one by profile and scenario. Not thread-safe.

    Closing it leaves the other session open, so that several users can share that session.
    """

    def __init__(self, session: SdkSession, *, profile: Profile | None = None) -> None:
        """Wrap a session; nothing runs yet.

        Args:
            session: The session that runs scenarios. `close` leaves it open.
            profile: Replaces the profile of every run. Use it for an SDK under test, whose behaviour does not
                depend on the profile.
        """
        super().__init__(session)
        self._profile = profile
        self._runs: dict[tuple[str, bytes], Run] = {}

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario, or return its cached run."""
        used = profile if self._profile is None else self._profile
        key = (used.name, msgspec.json.encode(encode_scenario(scenario)))
        if key not in self._runs:
            self._runs[key] = super().run(scenario, used)
        return self._runs[key]

    def close(self) -> None:
        """Do nothing: the wrapped session stays open."""

    def kill(self) -> None:
        """Do nothing: the wrapped session belongs to another."""
