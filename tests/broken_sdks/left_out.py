"""Compare each run that would be left out with the run of the unbroken SDK that stands in for it."""

from __future__ import annotations

from collections import Counter

import msgspec

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession
from tinker_conformance.timeline import ClockStep, Event, Log, Request, Telemetry

from .needed_runs import NeededRuns


class ChecksLeftOut(WrappedSession):
    """A session with a broken SDK, which runs everything.

    Attributes:
        different: The ids of the scenarios that would be left out, although the run is another one.
    """

    def __init__(self, session: SdkSession, needed: NeededRuns) -> None:
        super().__init__(session)
        self._needed = needed
        self.different: list[str] = []

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        run = super().run(scenario, profile)
        expected = self._needed.left_out(scenario, profile)
        if expected is not None and (
            run.fault is not None or events(run, scenario) != events(expected, scenario)
        ):
            self.different.append(scenario.id)
        return run


def events(run: Run, scenario: Scenario) -> Counter[bytes]:
    """Return the events of a run without what differs from run to run: when they happen, and in which order.

    Of several threads, nobody knows which one submits first, and which one logs a pause.
    """
    kept = (event for event in run.timeline if not isinstance(event, ClockStep))
    comparable = _without_threads if scenario.threads else _without_times
    return Counter(msgspec.json.encode(comparable(event)) for event in kept)


def _without_times(event: Event) -> Event:
    if isinstance(event, Request):
        event = msgspec.structs.replace(event, gap=None)
    return msgspec.structs.replace(event, at=0.0)


def _without_threads(event: Event) -> Event:
    match event:
        case Request():
            event = msgspec.structs.replace(event, body=None)
        case Log():
            event = msgspec.structs.replace(event, message="")
        case Telemetry():
            event = msgspec.structs.replace(event, data={})
        case _:
            pass
    return msgspec.structs.replace(_without_times(event), client=None, future=None)
