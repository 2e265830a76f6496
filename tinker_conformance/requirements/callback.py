"""Requirements on calls of the observer: what the observer receives, and what its exceptions do."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    does_not,
    ends_the_poll_on_observer_error_on_completion,
    ends_the_poll_on_observer_error_on_try_again,
    every,
    notifies_active_on_completion,
    notifies_on_408,
    notifies_on_try_again,
    passes_reason,
    swallows_observer_error_on_408,
    swallows_observer_error_on_completion,
)
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CALLBACKS, RAISING_OBSERVER

REQUIREMENTS: Final = (
    Requirement(
        id="callback.states",
        sentence="The observer is notified of each state as it comes, including active.",
        source="official SDK, every release; seed, 'Observer callback on 408 errors'",
        scenarios=(
            "callback-states",
            "parsing-known-states-training",
            "parsing-known-states-model-creation",
        ),
        check=same(seen.notified_states),
        needs=CALLBACKS,
    ),
    Requirement(
        id="callback.reason",
        sentence="The observer receives the server's reason, or none where the server gives none.",
        source="official SDK since 0.7.0",
        scenarios=(
            "callback-reasons",
            "callback-reasons-try-again",
            "callback-reasons-training",
            "callback-reasons-model-creation",
        ),
        check=same(seen.callback_reasons),
        holds=every(passes_reason, notifies_on_408),
        needs=CALLBACKS,
    ),
    Requirement(
        id="callback.error_is_swallowed",
        sentence="An exception that the observer raises for a 408 does not affect the future.",
        source="official SDK, every release; seed, 'Observer callback on 408 errors'",
        scenarios=(
            "callback-raising-408",
            "callback-raising-408-training",
            "callback-raising-408-model-creation",
        ),
        check=same(seen.notified_states, seen.outcomes),
        holds=every(notifies_on_408, swallows_observer_error_on_completion),
        needs=CALLBACKS | RAISING_OBSERVER,
    ),
    Requirement(
        id="callback.error_leaves_the_poll",
        sentence=(
            "An exception that the observer raises for a 408 does not end the future; only one that it "
            "raises at the end of the future does."
        ),
        source="official SDK since 0.38.0, measured",
        scenarios=(
            "callback-raising-408-refused",
            "callback-raising-408-training",
            "callback-raising-408-model-creation",
        ),
        check=same(seen.notified_counts, seen.poll_counts),
        holds=every(
            notifies_on_408, swallows_observer_error_on_408, ends_the_poll_on_observer_error_on_completion
        ),
        needs=CALLBACKS | RAISING_OBSERVER,
    ),
    Requirement(
        id="callback.error_ends_the_poll",
        sentence="An exception that the observer raises for a try_again ends the future.",
        source="official SDK since 0.21.0, measured",
        scenarios=(
            "callback-raising-try-again",
            "callback-raising-try-again-training",
            "callback-raising-try-again-model-creation",
        ),
        check=same(seen.poll_counts, seen.outcomes),
        holds=every(notifies_on_try_again, ends_the_poll_on_observer_error_on_try_again),
        level=Level.QUIRK,
        needs=CALLBACKS | RAISING_OBSERVER,
    ),
    Requirement(
        id="callback.active_on_completion",
        sentence=(
            "When a future ends with a result, or with a failure that the server reports, the observer is "
            "notified of active."
        ),
        source="official SDK since 0.38.0",
        scenarios=(
            "callback-completion",
            "callback-failure",
            "callback-ends-sampling",
            "callback-ends-model-creation",
        ),
        check=same(seen.callbacks),
        holds=notifies_active_on_completion,
        needs=CALLBACKS,
    ),
    Requirement(
        id="callback.nothing_on_completion",
        sentence="When a future ends, the observer is not notified.",
        source="official SDK 0.1.0 to 0.36.0",
        scenarios=(
            "callback-completion",
            "callback-failure",
            "callback-ends-sampling",
            "callback-ends-model-creation",
        ),
        check=same(seen.callbacks),
        holds=every(notifies_on_408, does_not(notifies_active_on_completion)),
        level=Level.QUIRK,
        needs=CALLBACKS,
    ),
    Requirement(
        id="callback.nothing_on_fatal_status",
        sentence="When an HTTP status such as 422 ends the future, the observer is not notified.",
        source="official SDK, every release",
        scenarios=(
            "callback-fatal-status",
            "callback-fatal-status-sampling",
            "callback-fatal-status-model-creation",
        ),
        check=same(seen.callbacks),
        holds=notifies_on_408,
        needs=CALLBACKS,
    ),
    Requirement(
        id="callback.error_at_the_end",
        sentence=(
            "If the observer raises an exception when it is notified of active at the end of a future, the "
            "future ends with that exception."
        ),
        source="official SDK since 0.38.0, measured",
        scenarios=(
            "callback-raising-408",
            "callback-raising-408-training",
            "callback-raising-408-model-creation",
        ),
        check=same(seen.outcomes),
        holds=every(
            notifies_on_408,
            notifies_active_on_completion,
            ends_the_poll_on_observer_error_on_completion,
        ),
        level=Level.QUIRK,
        needs=CALLBACKS | RAISING_OBSERVER,
    ),
)
