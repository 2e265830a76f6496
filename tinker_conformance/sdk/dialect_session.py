"""An SDK that meets another server's dialect in every scenario."""

from __future__ import annotations

import msgspec

from fake_server.dialects import dialect_named
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession


class DialectSession(WrappedSession):
    """Runs scenarios with an SDK while the fake server speaks as another server does."""

    def __init__(self, sdk: SdkSession, dialect: str) -> None:
        """Wrap an SDK.

        Args:
            sdk: The SDK; `close` closes it.
            dialect: The name of the dialect.

        Raises:
            ScriptError: There is no such dialect.
        """
        super().__init__(sdk)
        self._dialect = dialect_named(dialect).name

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario in the dialect."""
        return super().run(msgspec.structs.replace(scenario, dialect=self._dialect), profile)
