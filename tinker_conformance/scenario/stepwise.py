"""Split scenarios so that their clocks move only between futures.

Some clocks cannot be moved while a request is in flight. For such clocks, each clock step `advance` of a
script splits its future in two futures of the same client, and the clocks move between them. The reference
and the SDK under test both run the split scenario.

Each of these futures must end before the next begins; usually it ends in a result. Some profiles notify the
observer of a result, which would restart `grace_seconds`, the time for which a state must last before it is
logged. Under those profiles, the futures end in an HTTP 422, which ends a future in every revision and
notifies no observer.
"""

from __future__ import annotations

from typing import Final

import msgspec

from fake_server.script.builder import Exhausted, Script
from fake_server.script.steps import Advance, Complete, ReplyStep, Status, Step
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.clocks.two_clocks import DEFAULT_EPOCH, MICROSECOND
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import FutureSpec, Scenario, ScenarioError

_SILENT_END: Final = Status(422, {"detail": "the clocks move between this future and the next"})
MAX_WALL_STEP_US: Final = 120 * MICROSECOND
"""How long the kit waits at most for one step of a real clock, microseconds."""
WALL_RESOLUTION_US: Final = MICROSECOND // 10
"""More time than a few requests take on a real clock, microseconds."""


def moves_clock(scenario: Scenario) -> bool:
    """Return whether the scenario moves the clocks anywhere."""
    return any(
        future.before
        or any(isinstance(step, Advance) for step in (*future.script.submission, *future.script.steps))
        for future in scenario.futures
    )


def for_clock(scenario: Scenario, profile: Profile, clock: SdkClock) -> Scenario:
    """Return the scenario as it can run under a clock: unchanged, or split into more futures.

    Raises:
        ScenarioError: The clock cannot run it.
    """
    match clock:
        case SdkClock.FROZEN | SdkClock.FILE:
            return scenario
        case SdkClock.LIBFAKETIME:
            _refuse_dates(scenario)
            return stepwise(scenario, profile)
        case SdkClock.WALL:
            _refuse_dates(scenario)
            split = stepwise(scenario, profile)
            for step in (step for future in split.futures for step in future.before):
                if step.wall_us > MAX_WALL_STEP_US:
                    seconds = step.wall_us / MICROSECOND
                    raise ScenarioError(
                        f"it needs a wait of {seconds:g} s; on a real clock the limit is "
                        f"{MAX_WALL_STEP_US // MICROSECOND} s"
                    )
                if step.wall_us % WALL_RESOLUTION_US:
                    raise ScenarioError(
                        "it moves the clock by fractions of a second that a real clock cannot keep exactly"
                    )
            return split


def _refuse_dates(scenario: Scenario) -> None:
    """Raise an error if the scenario is about the years before 1970, a time zone or a long uptime.

    Clocks that cannot be set start at the present time and in the time zone of the run, and would show none
    of that.
    """
    if scenario.epoch < 0:
        raise ScenarioError("it sets the wall clock to a time before 1970")
    if scenario.uptime is not None:
        raise ScenarioError("it sets the monotonic clock")
    if scenario.time_zone is not None:
        raise ScenarioError("it sets the time zone")


def sets_the_date(scenario: Scenario) -> bool:
    """Return whether a scenario chooses the date of its start, and not only the fraction of a second."""
    return int(scenario.epoch) != int(DEFAULT_EPOCH)


def stepwise(scenario: Scenario, profile: Profile) -> Scenario:
    """Return the scenario with its futures split so that clocks move only between them.

    Raises:
        ScenarioError: The clocks move by different amounts, or within a future that cannot be split.
    """
    if any(step.wall_us != step.monotonic_us for future in scenario.futures for step in _advances(future)):
        raise ScenarioError("it moves the wall clock and the monotonic clock by different amounts")
    if any(isinstance(step, Advance) for future in scenario.futures for step in future.script.submission):
        raise ScenarioError("it moves the clocks while an operation is submitted")
    if all(not isinstance(step, Advance) for future in scenario.futures for step in future.script.steps):
        return scenario
    if scenario.concurrent:
        raise ScenarioError("it moves the clocks while several futures are in flight")
    end = _SILENT_END if profile.observer.notifies_active_on_completion else Complete()
    for future in scenario.futures:
        creates = scenario.client(future.client).kind is ClientKind.MODEL_CREATION
        if creates and any(turn.advances for turn in future.script.turns[1:]):
            raise ScenarioError(
                "it moves the clocks while a model is created, and each creation is a new client"
            )
    pieces = (piece for future in scenario.futures for piece in _pieces(future, end))
    return msgspec.structs.replace(scenario, futures=tuple(pieces))


def without_drain(profile: Profile) -> Profile:
    """Return the profile with failures that are raised at once, not after the SDK has sent its telemetry.

    No requirement depends on that delay, and a clock that does not follow the SDK's sleeps cannot reproduce
    it.
    """
    polling = msgspec.structs.replace(profile.polling, failure_drain_seconds=0.0)
    return msgspec.structs.replace(profile, polling=polling)


def _advances(future: FutureSpec) -> tuple[Advance, ...]:
    steps = (*future.script.submission, *future.script.steps)
    return (*future.before, *(step for step in steps if isinstance(step, Advance)))


def _pieces(future: FutureSpec, end: ReplyStep) -> list[FutureSpec]:
    before, replies = list(future.before), list[Step]()
    made: list[FutureSpec] = []
    submission = future.script.submission
    for step in future.script.steps:
        match step:
            case Advance():
                if replies:
                    made.append(_piece(future, before, Script((*replies, end), submission=submission)))
                    before, replies, submission = [], [], ()
                    future = msgspec.structs.replace(future, id=None)
                before.append(step)
            case _:
                replies.append(step)
    if made and future.timeout is not None:
        raise ScenarioError("it moves the clocks while the caller's timeout runs")
    if not replies and future.script.exhausted is Exhausted.REPEAT:
        raise ScenarioError("it moves the clocks before a reply that repeats")
    made.append(_piece(future, before, Script(tuple(replies), future.script.exhausted, submission)))
    return made


def _piece(future: FutureSpec, before: list[Advance], script: Script) -> FutureSpec:
    return msgspec.structs.replace(future, before=tuple(before), script=script)
