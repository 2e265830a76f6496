"""An SDK that meets another server's dialect in every scenario."""

from __future__ import annotations

import msgspec

from fake_server.dialects import dialect_named
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Run, SdkSession


class DialectSession:
    """Runs scenarios with an SDK while the fake server speaks as another server does."""

    def __init__(self, sdk: SdkSession, dialect: str) -> None:
        """Wrap an SDK.

        Args:
            sdk: The SDK; `close` closes it.
            dialect: The name of the dialect.

        Raises:
            ScriptError: There is no such dialect.
        """
        self._sdk = sdk
        self._dialect = dialect_named(dialect).name
        self.spec = sdk.spec

    @property
    def info(self) -> AdapterInfo:
        """The SDK's name, version and claims."""
        return self._sdk.info

    @property
    def clock(self) -> SdkClock:
        """The clock that the kit moves for the SDK."""
        return self._sdk.clock

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario in the dialect."""
        return self._sdk.run(msgspec.structs.replace(scenario, dialect=self._dialect), profile)

    def close(self) -> None:
        """End every process of the SDK."""
        self._sdk.close()

    def kill(self) -> None:
        """Kill every process of the SDK at once. Thread-safe."""
        self._sdk.kill()
