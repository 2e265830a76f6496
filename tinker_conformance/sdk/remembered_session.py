"""An SDK session that caches the runs of another SDK session, so that each scenario runs once.

An SDK session is an SDK that is ready to run scenarios (`tinker_conformance.sdk.session`).
"""

from __future__ import annotations

import msgspec

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession


class RememberedSession(WrappedSession):
    """An SDK session that runs each scenario once per profile, and then returns the cached run.

    Not thread-safe.

    Several users can share one SDK session in this way: `close` and `kill` do nothing to it.
    """

    def __init__(self, session: SdkSession, *, profile: Profile | None = None) -> None:
        """Wrap an SDK session; nothing runs yet.

        Args:
            session: The SDK session that runs the scenarios. `close` leaves it open.
            profile: Replaces the profile of every run. Use it for an SDK under test, which behaves in the
                same way under every profile. None: each run has the profile that is passed to `run`.
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
        """Do nothing: whoever opened the wrapped SDK session closes it."""

    def kill(self) -> None:
        """Do nothing: whoever opened the wrapped SDK session kills it."""
