"""The requirements about many futures in flight, on one client, on many clients and on several threads."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.conditions import graces_training, tells_of_changes_only, tells_on_408
from tinker_conformance.requirements.needs import CALLBACKS, TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_CONCURRENCY: Final = frozenset({Capability.CONCURRENCY})
_CALLBACKS: Final = frozenset({Capability.CONCURRENCY, Capability.CALLBACKS})
_THREADS: Final = frozenset({Capability.THREADS})
_DEBOUNCE: Final = "official SDK, every release; seed, 'Logging Debounce Interval'"


def _graced_and_told(profile: Profile) -> bool:
    return graces_training(profile) and profile.observer.notifies_active_on_completion


CONCURRENCY: Final = (
    Requirement(
        "concurrency.one_minute_for_a_client",
        "The minute holds across futures that are in flight together on one client.",
        _DEBOUNCE,
        ("concurrency-one-client",),
        same(seen.line_times, seen.outcomes),
        needs=_CONCURRENCY,
    ),
    Requirement(
        "concurrency.a_minute_for_each_client",
        "Clients whose futures are in flight together have a minute each, and a line each.",
        _DEBOUNCE,
        ("concurrency-many-clients",),
        same(seen.line_clients, seen.outcomes),
        needs=_CONCURRENCY,
    ),
    Requirement(
        "concurrency.each_future_is_heard",
        "Each of the futures in flight together tells the observer of its own replies.",
        "official SDK, every release",
        ("concurrency-each-is-heard",),
        same(seen.told_counts),
        holds=tells_on_408,
        needs=_CALLBACKS,
    ),
    Requirement(
        "concurrency.each_future_has_a_state",
        "Each of the futures in flight together watches for changes of its own.",
        "seed, 'Current Elixir Observer Infrastructure': deduplicates by state change within a poll",
        ("concurrency-each-has-a-state",),
        same(seen.told_counts),
        holds=tells_of_changes_only,
        needs=_CALLBACKS,
    ),
    Requirement(
        "concurrency.grace",
        "The end of a future begins the 900 s anew for another that is in flight on its client.",
        "official SDK since 0.38.0",
        ("concurrency-grace",),
        same(seen.line_times),
        holds=_graced_and_told,
        level=Level.QUIRK,
        needs=_CONCURRENCY | TRAINING,
    ),
    Requirement(
        "concurrency.one_minute_on_threads",
        "The minute of a sampling client holds across threads, and what follows it is logged once.",
        _DEBOUNCE,
        ("threads-sampling",),
        same(seen.line_rounds, seen.outcomes),
        needs=_THREADS,
    ),
    Requirement(
        "concurrency.training_on_threads",
        "The minute of a training client, and its 900 s where it has them, hold across threads.",
        _DEBOUNCE,
        ("threads-training",),
        same(seen.line_rounds),
        needs=_THREADS | TRAINING,
    ),
    Requirement(
        "concurrency.clients_on_threads",
        "Clients that several threads use at once have a minute each, and lines that name them.",
        _DEBOUNCE,
        ("threads-many-clients",),
        same(seen.line_rounds),
        needs=_THREADS,
    ),
    Requirement(
        "concurrency.each_thread_is_heard",
        "What a thread hears of its future is told to the observer, once for each reply.",
        "official SDK, every release",
        ("threads-each-is-heard",),
        same(seen.told_counts),
        holds=tells_on_408,
        needs=_THREADS | CALLBACKS,
    ),
)
