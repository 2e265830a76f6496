"""Requirements on futures in flight together, on one client, several clients or several threads."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    every,
    graces_training,
    notifies_active_on_completion,
    notifies_of_changes_only,
    notifies_on_408,
)
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CALLBACKS, CONCURRENCY, THREADS, TRAINING

REQUIREMENTS: Final = (
    Requirement(
        id="concurrency.one_minute_for_a_client",
        sentence="Futures that are in flight together on one client share its 60 s window.",
        source="official SDK, every release; seed, 'Logging Debounce Interval'",
        scenarios=("concurrency-one-client",),
        check=same(seen.line_times, seen.outcomes),
        needs=CONCURRENCY,
    ),
    Requirement(
        id="concurrency.a_minute_for_each_client",
        sentence=(
            "Clients whose futures are in flight together each have their own 60 s window, and log their own "
            "pause line."
        ),
        source="official SDK, every release; seed, 'Logging Debounce Interval'",
        scenarios=("concurrency-many-clients",),
        check=same(seen.line_clients, seen.outcomes),
        needs=CONCURRENCY,
    ),
    Requirement(
        id="concurrency.each_future_is_heard",
        sentence="Each future in flight notifies the observer of its own replies.",
        source="official SDK, every release",
        scenarios=("concurrency-each-is-heard",),
        check=same(seen.notified_counts),
        holds=notifies_on_408,
        needs=CALLBACKS | CONCURRENCY,
    ),
    Requirement(
        id="concurrency.each_future_has_a_state",
        sentence="Each future in flight has its own state, and only a change of that state counts for it.",
        source="seed, 'Current Elixir Observer Infrastructure': deduplicates by state change within a poll",
        scenarios=("concurrency-each-has-a-state",),
        check=same(seen.notified_counts),
        holds=notifies_of_changes_only,
        needs=CALLBACKS | CONCURRENCY,
    ),
    Requirement(
        id="concurrency.grace",
        sentence=(
            "The end of a future restarts the 900 s grace period for another future in flight on its client."
        ),
        source="official SDK since 0.38.0",
        scenarios=("concurrency-grace",),
        check=same(seen.line_times),
        holds=every(graces_training, notifies_active_on_completion),
        level=Level.QUIRK,
        needs=CONCURRENCY | TRAINING,
    ),
    Requirement(
        id="concurrency.one_minute_on_threads",
        sentence=(
            "Futures of one sampling client on several threads share its 60 s window, and the next pause "
            "line is logged once."
        ),
        source="official SDK, every release; seed, 'Logging Debounce Interval'",
        scenarios=("threads-sampling",),
        check=same(seen.line_rounds, seen.outcomes),
        needs=THREADS,
    ),
    Requirement(
        id="concurrency.training_on_threads",
        sentence=(
            "Futures of one training client on several threads share its 60 s window, and from release 0.38 "
            "on its 900 s grace period."
        ),
        source="official SDK, every release; seed, 'Logging Debounce Interval'",
        scenarios=("threads-training",),
        check=same(seen.line_rounds),
        needs=THREADS | TRAINING,
    ),
    Requirement(
        id="concurrency.clients_on_threads",
        sentence=(
            "Clients that several threads use at once each have their own 60 s window, and each pause line "
            "names its client."
        ),
        source="official SDK, every release; seed, 'Logging Debounce Interval'",
        scenarios=("threads-many-clients",),
        check=same(seen.line_rounds),
        needs=THREADS,
    ),
    Requirement(
        id="concurrency.each_thread_is_heard",
        sentence="Each thread notifies the observer of its own future's replies, once per reply.",
        source="official SDK, every release",
        scenarios=("threads-each-is-heard",),
        check=same(seen.notified_counts),
        holds=notifies_on_408,
        needs=CALLBACKS | THREADS,
    ),
)
