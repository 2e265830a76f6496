"""Scenarios whose clocks move only between futures.

Some clocks cannot be moved while a request is in flight. For them a script is split at each `advance` into
successive futures of the same client, and the clocks move before each. The reference runs the same futures,
so that both lived the same scenario.

A piece must end for the next one to begin. It ends in a result, or, where the profile has the end of a future
told to the observer, in an HTTP 422, which ends a future in every revision and is told to nobody: else each
piece would begin the grace period anew.
"""

from __future__ import annotations

from typing import Final

import msgspec

from fake_server.script.builder import Exhausted, Script
from fake_server.script.steps import Advance, Complete, ReplyStep, Status, Step
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import FutureSpec, Scenario

_SILENT_END: Final = Status(422, {"detail": "the clocks move between this future and the next"})
MAX_WALL_STEP_US: Final = 120 * MICROSECOND
"""What the kit waits at most for one step of a real clock."""
WALL_RESOLUTION_US: Final = MICROSECOND // 10
"""What a real clock moves by itself in a few requests, and something to spare."""


class NotStepwiseError(ValueError):
    """A scenario that cannot be split; the text says why."""


def moves_clock(scenario: Scenario) -> bool:
    """Whether the script moves the clocks anywhere."""
    return any(
        future.before or any(isinstance(step, Advance) for step in future.script.steps)
        for future in scenario.futures
    )


def for_clock(scenario: Scenario, profile: Profile, clock: SdkClock) -> Scenario:
    """The scenario as an SDK under this clock can live it.

    Raises:
        NotStepwiseError: If it cannot.
    """
    match clock:
        case SdkClock.FROZEN | SdkClock.FILE:
            return scenario
        case SdkClock.LIBFAKETIME:
            return stepwise(scenario, profile)
        case SdkClock.WALL:
            split = stepwise(scenario, profile)
            for step in (step for future in split.futures for step in future.before):
                if step.wall_us > MAX_WALL_STEP_US:
                    seconds = step.wall_us / MICROSECOND
                    raise NotStepwiseError(f"nobody waits {seconds:g} s for a step of a real clock")
                if step.wall_us % WALL_RESOLUTION_US:
                    raise NotStepwiseError("it needs a finer clock than a real one, which moves by itself")
            return split


def stepwise(scenario: Scenario, profile: Profile) -> Scenario:
    """The scenario with its clocks moving only between futures; itself where they do already.

    Raises:
        NotStepwiseError: If a clock moves apart from the other, or within a future that cannot be split.
    """
    if any(step.wall_us != step.monotonic_us for future in scenario.futures for step in _advances(future)):
        raise NotStepwiseError("it moves the wall clock and the monotonic clock apart")
    if all(not isinstance(step, Advance) for future in scenario.futures for step in future.script.steps):
        return scenario
    if scenario.concurrent:
        raise NotStepwiseError("it moves the clocks while several futures are in flight")
    end = _SILENT_END if profile.observer.notifies_active_on_completion else Complete()
    for future in scenario.futures:
        creates = scenario.client(future.client).kind is ClientKind.MODEL_CREATION
        if creates and any(turn.advances for turn in future.script.turns[1:]):
            raise NotStepwiseError(
                "it moves the clocks while a model is created, a client of its own each time"
            )
    pieces = (piece for future in scenario.futures for piece in _pieces(future, end))
    return msgspec.structs.replace(scenario, futures=tuple(pieces))


def without_drain(profile: Profile) -> Profile:
    """The profile without the moment that the official SDK takes for its telemetry before an error is raised.

    It is no part of any requirement, and whose clock cannot be moved to the end of a sleep has none.
    """
    polling = msgspec.structs.replace(profile.polling, failure_drain_seconds=0.0)
    return msgspec.structs.replace(profile, polling=polling)


def _advances(future: FutureSpec) -> tuple[Advance, ...]:
    return (*future.before, *(step for step in future.script.steps if isinstance(step, Advance)))


def _pieces(future: FutureSpec, end: ReplyStep) -> list[FutureSpec]:
    before, replies = list(future.before), list[Step]()
    made: list[FutureSpec] = []
    for step in future.script.steps:
        match step:
            case Advance():
                if replies:
                    made.append(_piece(future, before, [*replies, end], Exhausted.FAIL))
                    before, replies = [], []
                before.append(step)
            case _:
                replies.append(step)
    if made and future.timeout is not None:
        raise NotStepwiseError("it moves the clocks within a caller's time limit")
    if not replies and future.script.exhausted is Exhausted.REPEAT:
        raise NotStepwiseError("it moves the clocks before a reply that is repeated")
    made.append(_piece(future, before, replies, future.script.exhausted))
    return made


def _piece(
    future: FutureSpec, before: list[Advance], replies: list[Step], exhausted: Exhausted
) -> FutureSpec:
    return msgspec.structs.replace(future, before=tuple(before), script=Script(tuple(replies), exhausted))
