"""Sessions whose runs all tests of one call of pytest share, in every xdist worker.

The reference does the same in a scenario whichever test asks for it, and so does a published release. The
first test that asks runs the scenario; what came of it lies in a folder of this call of pytest, where the
other tests find it. An SDK starts only for what nobody has run yet.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.scenario import Scenario, encode_scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.timeline import Event

_decode_info = msgspec.json.Decoder(AdapterInfo).decode
_decode_timeline = msgspec.json.Decoder(tuple[Event, ...]).decode


class SharedRuns:
    """The sessions of one process, and the folder that all processes of this call of pytest use."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._sessions: dict[str, SharedSession] = {}

    def reference(self) -> SharedSession:
        """Return the reference, which follows the profile that comes with each scenario."""
        return self._session("reference", None)

    def release(self, version: str) -> SharedSession:
        """Return a published release, which follows its own revision whatever it is judged by."""
        return self._session(f"official=={version}", profile_for(version))

    def other(self, spec: str, start: Callable[[], SdkSession]) -> SharedSession:
        """Return another SDK, which follows the profile that comes with each scenario.

        Args:
            spec: A name for it that no other SDK has.
            start: Starts it, if this process needs it; `close` ends it.
        """
        if spec not in self._sessions:
            self._sessions[spec] = SharedSession(self._folder, spec, start)
        return self._sessions[spec]

    def close(self) -> None:
        """End every SDK that was started in this process."""
        for session in self._sessions.values():
            session.end()

    def _session(self, spec: str, profile: Profile | None) -> SharedSession:
        if spec not in self._sessions:
            self._sessions[spec] = SharedSession(self._folder, spec, lambda: open_sdk(spec), profile)
        return self._sessions[spec]


class SharedSession:
    """An SDK that is run once for each profile and scenario.

    Several threads may ask: the kit runs the SDK and the reference side by side, and where both are the
    reference both are this session. A run with a fault is neither shared nor remembered: what comes of it may
    depend on when it happens.
    """

    def __init__(
        self, folder: Path, spec: str, start: Callable[[], SdkSession], profile: Profile | None = None
    ) -> None:
        """Start nothing yet.

        Args:
            folder: Where the runs are kept.
            spec: The SDK's SPEC.
            start: Starts the SDK.
            profile: The profile to run everything under; None for the one that is asked for.
        """
        self.spec = spec
        self._folder = folder
        self._start = start
        self._profile = profile
        self._started: SdkSession | None = None
        self._info: AdapterInfo | None = None
        # By the identity of the scenario: to encode it takes longer than to compare the profile.
        self._asked: dict[tuple[int, str], tuple[Scenario, Profile, Run]] = {}
        # A worker has one scenario at a time.
        self._one_at_a_time = threading.RLock()

    @property
    def info(self) -> AdapterInfo:
        """Who the SDK is and what it claims."""
        if self._info is not None:
            return self._info
        with self._one_at_a_time:
            if self._info is None:
                path = self._path("info")
                if not path.exists():
                    _write(path, msgspec.json.encode(self._sdk().info))
                self._info = _decode_info(path.read_bytes())
            return self._info

    @property
    def clock(self) -> SdkClock:
        """Frozen: an SDK in process has no other."""
        return SdkClock.FROZEN

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario, or return what came of it before."""
        used = profile if self._profile is None else self._profile
        asked = id(scenario), used.name
        match self._asked.get(asked):
            case (known, under, run) if known is scenario and under == used:
                return run
        path = self._path("run", encode_scenario(scenario), used)
        with self._one_at_a_time:
            run = self._found(path) or self._made(path, scenario, used)
            if run.fault is None:
                self._asked[asked] = scenario, used, run
            return run

    def close(self) -> None:
        """Leave the SDK to the other tests; `SharedRuns.close` ends it."""

    def kill(self) -> None:
        """Leave the SDK to the other tests."""

    def end(self) -> None:
        """End the SDK, if this process has started it."""
        if self._started is not None:
            self._started.close()
            self._started = None

    def _sdk(self) -> SdkSession:
        if self._started is None:
            self._started = self._start()
        return self._started

    def _path(self, *parts: object) -> Path:
        # Content, not names: a test may change a profile and leave its name.
        return self._folder / hashlib.sha256(msgspec.json.encode((self.spec, *parts))).hexdigest()

    def _found(self, path: Path) -> Run | None:
        try:
            return Run(_decode_timeline(path.read_bytes()))
        except FileNotFoundError:
            return None

    def _made(self, path: Path, scenario: Scenario, profile: Profile) -> Run:
        run = self._sdk().run(scenario, profile)
        if run.fault is None:
            _write(path, msgspec.json.encode(run.timeline))
        return run


def _write(path: Path, data: bytes) -> None:
    """Write a file that another process sees whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)
