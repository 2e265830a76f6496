"""Which futures of a scenario are in flight at the same time.

Futures run one after another, or concurrently, or each on its own thread. On threads they run in rounds. A
future with `before` begins a new round, once all earlier futures have ended and the clocks have moved. Within
a round the clocks stand still, and futures of one client and operation have equal scripts. So no verdict
depends on the order in which threads are scheduled.
"""

from __future__ import annotations

from fake_server.core.operations import Operation
from fake_server.script.steps import Advance
from tinker_conformance.scenario.scenario import FutureSpec, Scenario


def rounds(scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    """Return the rounds of a scenario, each as the numbers of its futures in the scenario, from 1."""
    made: list[list[int]] = []
    for number, future in enumerate(scenario.futures, 1):
        if not made or not scenario.concurrent or future.before:
            made.append([])
        made[-1].append(number)
    return tuple(tuple(numbers) for numbers in made)


def unlike_in_a_round(scenario: Scenario) -> int | None:
    """Return the number of the first future that differs from a sibling in its round, or None.

    Siblings have the same client and operation, and need the same script and observer: the server assigns
    scripts in the order of submissions, which is random on threads. Numbers count from 1.
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
    """Return whether a future would move the clocks within a round, by its script or by its timeout."""
    return future.timeout is not None or any(isinstance(step, Advance) for step in future.script.steps)
