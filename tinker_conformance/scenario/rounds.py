"""Which futures of a scenario are in flight together.

Futures follow each other, or all run together, or run on threads of their own. On threads they come in
rounds: `before` at a future begins a new one, when every earlier future has ended and the clocks have moved.
Within a round the clocks stand still, and the scripts for one operation of one client are the same. So no
verdict depends on which thread is scheduled when.
"""

from __future__ import annotations

from fake_server.core.operations import Operation
from fake_server.script.steps import Advance
from tinker_conformance.scenario.scenario import FutureSpec, Scenario


def rounds(scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    """The futures, by their places in the scenario from 1; those of a round are in flight together."""
    made: list[list[int]] = []
    for number, future in enumerate(scenario.futures, 1):
        if not made or not scenario.concurrent or future.before:
            made.append([])
        made[-1].append(number)
    return tuple(tuple(numbers) for numbers in made)


def unlike_in_a_round(scenario: Scenario) -> int | None:
    """The first future that differs from another of its round, client and operation; None if there is none.

    Which of them a script is for is the scheduler's affair: the server gives them out as submissions come.
    """
    for numbers in rounds(scenario):
        first: dict[tuple[str, Operation], FutureSpec] = {}
        for number in numbers:
            future = scenario.futures[number - 1]
            like = first.setdefault((future.client, future.operation), future)
            if (future.script, future.observer) != (like.script, like.observer):
                return number
    return None


def moves_within_a_round(future: FutureSpec) -> bool:
    """Whether a future's script, or its caller's time limit, would move the clocks beside other threads."""
    return future.timeout is not None or any(isinstance(step, Advance) for step in future.script.steps)
