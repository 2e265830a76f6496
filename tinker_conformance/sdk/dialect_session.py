"""An SDK session in which the fake server speaks another server's dialect in every scenario.

A dialect is how a known server differs from the official service, as data (`--dialect`). An SDK session is an
SDK that is ready to run scenarios (`tinker_conformance.sdk.session`).
"""

from __future__ import annotations

import msgspec

from fake_server.dialects import dialect_named
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession


class DialectSession(WrappedSession):
    """An SDK session whose scenarios all run against one dialect of the fake server."""

    def __init__(self, sdk: SdkSession, dialect: str) -> None:
        """Wrap an SDK session.

        Args:
            sdk: The SDK session that runs the scenarios; `close` closes it, too.
            dialect: The name of the dialect.

        Raises:
            ScriptError: There is no such dialect.
        """
        super().__init__(sdk)
        self._dialect = dialect_named(dialect).name

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario while the fake server speaks the dialect."""
        return super().run(msgspec.structs.replace(scenario, dialect=self._dialect), profile)
