"""Leave out the runs of a broken SDK that cannot differ from those of the unbroken one.

An SDK that follows an edited profile does the same as the reference until it reads a value that was changed,
and one that replaces functions of the reference does the same until it calls one of these. Where the
reference never does, the SDK has no chance to do anything else. Nor has one whose declaration says that its
fault cannot show in the scenario (`shows_in`). Its run is then the reference's run in a worker process, which
all these SDKs share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession

from .declaration import BrokenSdk, edited
from .noted_use import differences, split
from .replaced_functions import name_of, replaced_by
from .shows_in import ShowsIn
from .unbroken import Unbroken

Broken: TypeAlias = Callable[[Profile], frozenset[str]]
"""Returns the values and functions that an SDK has in place of those of the reference, under a profile."""


class UnbrokenRuns:
    """The runs of a session with `NotesUse`, each once."""

    def __init__(self, session: SdkSession) -> None:
        self._session = session
        # By the identity of the scenario, as in `SharedSession`.
        self._known: dict[tuple[int, str], tuple[Scenario, Profile, Unbroken | None]] = {}

    def of(self, scenario: Scenario, profile: Profile) -> Unbroken | None:
        """Return what the reference did; None if that cannot be told."""
        asked = id(scenario), profile.name
        match self._known.get(asked):
            case (known, under, unbroken) if known is scenario and under == profile:
                return unbroken
        unbroken = self._made(scenario, profile)
        self._known[asked] = scenario, profile, unbroken
        return unbroken

    def _made(self, scenario: Scenario, profile: Profile) -> Unbroken | None:
        # For a read timeout the adapter edits the profile itself.
        if scenario.read_timeout is not None:
            return None
        run = self._session.run(scenario, profile)
        if run.fault is not None:
            return None
        timeline, used = split(run.timeline)
        return Unbroken(scenario, Run(timeline), used)


class NeededRuns(WrappedSession):
    """A session with a broken SDK, which runs only what may differ."""

    def __init__(
        self,
        session: SdkSession,
        broken: Broken | None,
        unbroken: UnbrokenRuns,
        shows_in: ShowsIn | None = None,
    ) -> None:
        """Wrap a session.

        Args:
            session: The session with the broken SDK.
            broken: What the SDK has in place of what the reference has; None if that is not known.
            unbroken: The runs of the unbroken SDK.
            shows_in: Whether the fault can show in a scenario; None if it may in any.
        """
        super().__init__(session)
        self._broken = broken
        self._unbroken = unbroken
        self._under: Profile | None = None
        self._names: frozenset[str] = frozenset()
        self._shows_in = shows_in

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario, or return the run of the unbroken SDK if this one's cannot differ."""
        return self.left_out(scenario, profile) or super().run(scenario, profile)

    def left_out(self, scenario: Scenario, profile: Profile) -> Run | None:
        """Return the run of the unbroken SDK if this one's cannot differ, else None."""
        unbroken = self._unbroken.of(scenario, profile)
        if unbroken is None or self._may_differ(unbroken, profile):
            return None
        return unbroken.run

    def _may_differ(self, unbroken: Unbroken, profile: Profile) -> bool:
        if self._shows_in is not None and not self._shows_in(unbroken):
            return False
        if self._broken is None or unbroken.varies:
            return True
        if profile is not self._under:
            self._under, self._names = profile, self._broken(profile)
        return not unbroken.used.isdisjoint(self._names)


def needed_runs(session: SdkSession, sdk: BrokenSdk, unbroken: UnbrokenRuns) -> NeededRuns:
    """Return a session that leaves out what cannot differ."""
    return NeededRuns(session, _replaced_in(sdk), unbroken, sdk.shows_in)


def leaves_out_runs(sdk: BrokenSdk) -> bool:
    """Return whether `needed_runs` may leave out anything: not if the fault may show anywhere."""
    return sdk.shows_in is not None or _replaced_in(sdk) is not None


def _replaced_in(sdk: BrokenSdk) -> Broken | None:
    if sdk.changes:
        return lambda profile: frozenset(differences(profile, edited(profile, sdk.changes)))
    functions = replaced_by(sdk.make)
    if functions is None:
        return None
    names = frozenset(name_of(function) for function in functions)
    return lambda _: names
