"""Leave out the runs of a broken SDK that cannot differ from those of the unbroken one.

An SDK that follows an edited profile does the same as the reference until it reads a value that was changed,
and one that replaces functions of the reference does the same until it calls one of these. Where the
reference never does, the SDK has no chance to do anything else. Its run is then the reference's run in a
worker process, which all these SDKs share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession

from .declaration import BrokenSdk, edited
from .noted_use import differences, split
from .replaced_functions import name_of, replaced_by


@dataclass(frozen=True, slots=True)
class Unbroken:
    """What the reference did in a scenario.

    Attributes:
        run: Its run.
        used: The values that it read from its profile, and the functions that it called.
    """

    run: Run
    used: frozenset[str]


class UnbrokenRuns:
    """The runs of a session with `NotesUse`, each once."""

    def __init__(self, session: SdkSession) -> None:
        self._session = session
        # By the identity of the scenario, as in `SharedSession`.
        self._known: dict[tuple[int, str], tuple[Scenario, Profile, Unbroken | None]] = {}

    def of(self, scenario: Scenario, profile: Profile) -> Unbroken | None:
        """Return what the reference did; None if what it uses may differ from run to run."""
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
        timeline, used = split(run.timeline)
        return Unbroken(Run(timeline), used)


class NeededRuns(WrappedSession):
    """A session with a broken SDK, which runs only what may differ."""

    def __init__(
        self, session: SdkSession, broken: Callable[[Profile], frozenset[str]], unbroken: UnbrokenRuns
    ) -> None:
        """Wrap a session.

        Args:
            session: The session with the broken SDK.
            broken: Returns the values and functions that the SDK has in place of those of the reference,
                under the profile that it is judged by.
            unbroken: The runs of the unbroken SDK.
        """
        super().__init__(session)
        self._broken = broken
        self._unbroken = unbroken
        self._under: Profile | None = None
        self._names: frozenset[str] = frozenset()

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario, or return the run of the unbroken SDK if this one's cannot differ."""
        if profile is not self._under:
            self._under, self._names = profile, self._broken(profile)
        unbroken = self._unbroken.of(scenario, profile)
        if unbroken is not None and unbroken.used.isdisjoint(self._names):
            return unbroken.run
        return super().run(scenario, profile)


def needed_runs(session: SdkSession, sdk: BrokenSdk, unbroken: UnbrokenRuns) -> SdkSession:
    """Return a session that leaves out what it can, or the session itself if the fault may show anywhere."""
    if sdk.changes:
        return NeededRuns(
            session, lambda profile: frozenset(differences(profile, edited(profile, sdk.changes))), unbroken
        )
    functions = replaced_by(sdk.make)
    if functions is None:
        return session
    names = frozenset(name_of(function) for function in functions)
    return NeededRuns(session, lambda _: names, unbroken)
