"""Shrink a scenario as long as the smaller one still shows the same failure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from fake_server.script.builder import Exhausted
from fake_server.script.steps import Advance, Step, Timeout, TryAgain
from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.scenario.scenario import (
    DEFAULT_OPERATION,
    ClientSpec,
    FutureSpec,
    ObserverUse,
    Scenario,
)

_MOST_RUNS: Final = 400


def shrunk(scenario: Scenario, shows: Callable[[Scenario], bool], most_runs: int = _MOST_RUNS) -> Scenario:
    """Return the smallest scenario found that still shows a failure.

    Args:
        scenario: A scenario that shows the failure.
        shows: Runs a scenario and returns whether it shows the failure too.
        most_runs: The maximum number of runs; after them, the smallest scenario so far is returned.
    """
    runs = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _candidates(scenario):
            if runs >= most_runs:
                return scenario
            runs += 1
            if shows(candidate):
                scenario, smaller = candidate, True
                break
    return scenario


def steps_of(scenario: Scenario) -> int:
    """Return the number of steps in all scripts of a scenario, and of its replies to the set-up."""
    scripts = (future.script for future in scenario.futures)
    setup = sum(len(replies.turns) for replies in scenario.setup)
    return setup + sum(len(script.steps) + len(script.submission) for script in scripts)


def _candidates(scenario: Scenario) -> Iterator[Scenario]:
    """Yield scenarios that are smaller than the given one, the smallest first."""
    futures = scenario.futures
    for place in range(len(futures)):
        if len(futures) > 1:
            yield _with_futures(scenario, (*futures[:place], *futures[place + 1 :]))
    for place, future in enumerate(futures):
        for changed in _smaller_futures(scenario, future):
            yield _with_futures(scenario, (*futures[:place], changed, *futures[place + 1 :]))
    if scenario.setup:
        yield msgspec.structs.replace(scenario, setup=())
    if scenario.concurrent:
        yield msgspec.structs.replace(scenario, concurrent=False, threads=False)
    if len(scenario.clients) == 1 and scenario.clients != (usual := _usual_client(scenario),):
        renamed = tuple(msgspec.structs.replace(future, client=usual.name) for future in futures)
        yield msgspec.structs.replace(scenario, clients=(usual,), futures=renamed)


def _usual_client(scenario: Scenario) -> ClientSpec:
    """Return the client that the short form of a scenario implies."""
    kind = scenario.clients[0].kind.value
    return decode_scenario({"id": "usual", "client": kind, "futures": []}, "usual").clients[0]


def _with_futures(scenario: Scenario, futures: tuple[FutureSpec, ...]) -> Scenario:
    used = {future.client for future in futures}
    clients = tuple(client for client in scenario.clients if client.name in used)
    return msgspec.structs.replace(scenario, futures=futures, clients=clients)


def _smaller_futures(scenario: Scenario, future: FutureSpec) -> Iterator[FutureSpec]:
    steps = future.script.steps
    size = len(steps)
    while size:
        for start in range(0, len(steps), size):
            remaining = (*steps[:start], *steps[start + size :])
            if len(remaining) < len(steps) and _has_reply(remaining, future.script.exhausted):
                yield _with_steps(future, remaining)
        size //= 2
    if future.script.exhausted is not Exhausted.FAIL:
        script = dataclasses.replace(future.script, exhausted=Exhausted.FAIL)
        yield msgspec.structs.replace(future, script=script)
    yield from _fewer_refusals(future)
    if future.observer is not ObserverUse.DEFAULT:
        yield msgspec.structs.replace(future, observer=ObserverUse.DEFAULT)
    if future.cancels:
        yield msgspec.structs.replace(future, cancels=False)
    if future.timeout is not None:
        yield msgspec.structs.replace(future, timeout=None, cancels=False)
    usual = DEFAULT_OPERATION[scenario.client(future.client).kind]
    if future.operation is not usual:
        yield msgspec.structs.replace(future, operation=usual)
    for place, step in enumerate(steps):
        for simpler in _simpler(step):
            yield _with_steps(future, (*steps[:place], simpler, *steps[place + 1 :]))


def _has_reply(steps: tuple[Step, ...], exhausted: Exhausted) -> bool:
    return exhausted is not Exhausted.REPEAT or any(not isinstance(step, Advance) for step in steps)


def _with_steps(future: FutureSpec, steps: tuple[Step, ...]) -> FutureSpec:
    return msgspec.structs.replace(future, script=dataclasses.replace(future.script, steps=steps))


def _fewer_refusals(future: FutureSpec) -> Iterator[FutureSpec]:
    submission = future.script.submission
    for place in range(len(submission)):
        remaining = (*submission[:place], *submission[place + 1 :])
        if not remaining or not isinstance(remaining[-1], Advance):
            script = dataclasses.replace(future.script, submission=remaining)
            yield msgspec.structs.replace(future, script=script)


def _simpler(step: Step) -> Iterator[Step]:
    match step:
        case Timeout(body=dict() as body):
            for key in body:
                yield Timeout({other: value for other, value in body.items() if other != key})
        case TryAgain(body=body):
            for key in body:
                yield TryAgain({other: value for other, value in body.items() if other != key})
        case _:
            pass
