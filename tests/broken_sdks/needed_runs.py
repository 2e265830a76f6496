"""Leave out the runs of a broken SDK that cannot differ from those of the unbroken one.

An SDK that follows an edited profile does the same as the reference until it reads a value that was changed.
Where the reference never reads one of these, the SDK has no chance to do anything else. Its run is then the
reference's run in the same worker process, which all these SDKs share. Two of three runs are left out so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession

from .profile_reads import split


@dataclass(frozen=True, slots=True)
class Unbroken:
    """What the reference did in a scenario.

    Attributes:
        run: Its run.
        read: The paths of the values that it read from its profile.
    """

    run: Run
    read: frozenset[str]


class UnbrokenRuns:
    """The runs of a session with `NotesReads`, each once."""

    def __init__(self, session: SdkSession) -> None:
        self._session = session
        # By the identity of the scenario, as in `SharedSession`.
        self._known: dict[tuple[int, str], tuple[Scenario, Profile, Unbroken | None]] = {}

    def of(self, scenario: Scenario, profile: Profile) -> Unbroken | None:
        """Return what the reference did; None if the values that it reads may differ from run to run."""
        asked = id(scenario), profile.name
        match self._known.get(asked):
            case (known, under, unbroken) if known is scenario and under == profile:
                return unbroken
        unbroken = self._made(scenario, profile)
        self._known[asked] = scenario, profile, unbroken
        return unbroken

    def _made(self, scenario: Scenario, profile: Profile) -> Unbroken | None:
        # Threads meet in another order each time. For a read timeout the adapter edits the profile itself.
        if scenario.threads or scenario.read_timeout is not None:
            return None
        run = self._session.run(scenario, profile)
        if run.fault is not None:
            return None
        timeline, read = split(run.timeline)
        return Unbroken(Run(timeline), read)


class NeededRuns(WrappedSession):
    """A session with an SDK that follows an edited profile, which runs only what may differ."""

    def __init__(
        self, session: SdkSession, changed: Callable[[Profile], frozenset[str]], unbroken: UnbrokenRuns
    ) -> None:
        """Wrap a session.

        Args:
            session: The session with the broken SDK.
            changed: Returns the paths at which the SDK's profile differs from one that it is judged by.
            unbroken: The runs of the unbroken SDK.
        """
        super().__init__(session)
        self._changed = changed
        self._unbroken = unbroken
        self._under: Profile | None = None
        self._paths: frozenset[str] = frozenset()

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario, or return the run of the unbroken SDK if this one's cannot differ."""
        if profile is not self._under:
            self._under, self._paths = profile, self._changed(profile)
        unbroken = self._unbroken.of(scenario, profile)
        if unbroken is not None and unbroken.read.isdisjoint(self._paths):
            return unbroken.run
        return super().run(scenario, profile)
