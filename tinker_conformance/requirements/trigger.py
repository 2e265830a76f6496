"""Requirements on which replies notify the observer."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    does_not,
    every,
    gates_try_again,
    notifies_of_changes_only,
    notifies_on_408,
    notifies_on_try_again,
)
from tinker_conformance.requirements.model import Level, Requirement

REQUIREMENTS: Final = (
    Requirement(
        id="trigger.http_408",
        sentence="An HTTP 408 whose JSON body has a queue_state notifies the observer.",
        source="official SDK, every release; seed, 'Observer callback on 408 errors'",
        scenarios=("trigger-408", "trigger-408-training", "trigger-repeated-408-model-creation"),
        check=same(seen.notified_steps),
        holds=notifies_on_408,
    ),
    Requirement(
        id="trigger.every_408",
        sentence=(
            "Every 408 with a queue_state notifies the observer, even when the state is the same as before."
        ),
        source="official SDK, every release; seed, 'Observer callback on 408 errors'",
        scenarios=(
            "trigger-repeated-408",
            "trigger-408-training",
            "trigger-repeated-408-model-creation",
        ),
        check=same(seen.notified_steps),
        holds=notifies_on_408,
    ),
    Requirement(
        id="trigger.not_408",
        sentence="An HTTP 408 does not notify the observer.",
        source="seed, 'The Gap Explained': fires on TryAgainResponse",
        scenarios=("trigger-408", "trigger-repeated-408", "trigger-408-training"),
        check=same(seen.notified_steps),
        holds=does_not(notifies_on_408),
    ),
    Requirement(
        id="trigger.try_again",
        sentence="An HTTP 200 try_again with a queue_state notifies the observer.",
        source="seed, 'The Gap Explained'; official SDK since 0.21.0",
        scenarios=(
            "trigger-try-again",
            "trigger-repeated-try-again-training",
            "trigger-repeated-try-again-model-creation",
        ),
        check=same(seen.notified_steps),
        holds=notifies_on_try_again,
    ),
    Requirement(
        id="trigger.not_try_again",
        sentence="An HTTP 200 try_again does not notify the observer, whatever its queue_state.",
        source="seed, 'Observer callback on 408 errors'; official SDK 0.1.0 to 0.20.0",
        scenarios=(
            "trigger-try-again",
            "trigger-repeated-try-again",
            "trigger-repeated-try-again-training",
            "trigger-repeated-try-again-model-creation",
        ),
        check=same(seen.notified_steps),
        holds=does_not(notifies_on_try_again),
    ),
    Requirement(
        id="trigger.every_try_again",
        sentence=(
            "Every try_again with a queue_state notifies the observer, even when the state is the same as "
            "before."
        ),
        source="official SDK since 0.21.0",
        scenarios=(
            "trigger-repeated-try-again",
            "trigger-repeated-try-again-training",
            "trigger-repeated-try-again-model-creation",
        ),
        check=same(seen.notified_steps),
        holds=every(notifies_on_try_again, does_not(notifies_of_changes_only)),
    ),
    Requirement(
        id="trigger.only_changes",
        sentence=(
            "The observer is notified only when the state of a future changes; the first state of a future "
            "counts as a change."
        ),
        source="seed, 'Current Elixir Observer Infrastructure': deduplicates by state change",
        scenarios=(
            "trigger-repeated-try-again",
            "trigger-change-is-per-poll",
            "trigger-repeated-try-again-training",
            "trigger-change-is-per-poll-training",
        ),
        check=same(seen.notified_steps),
        holds=notifies_of_changes_only,
    ),
    Requirement(
        id="trigger.try_again_without_state",
        sentence="A try_again without a queue_state does not notify the observer.",
        source="official SDK, every release",
        scenarios=(
            "trigger-try-again-without-state",
            "trigger-try-again-without-state-training",
            "trigger-try-again-without-state-model-creation",
        ),
        check=same(seen.notified_steps),
        holds=does_not(notifies_of_changes_only),
    ),
    Requirement(
        id="trigger.try_again_gate",
        sentence=(
            "A try_again whose state is unknown notifies the observer only if it has a reason, even an empty "
            "one."
        ),
        source="official SDK since 0.21.0, measured",
        scenarios=(
            "trigger-try-again-unknown-state",
            "trigger-try-again-unknown-state-training",
            "trigger-try-again-unknown-state-model-creation",
        ),
        check=same(seen.notified_steps),
        holds=gates_try_again,
        level=Level.QUIRK,
    ),
    Requirement(
        id="trigger.server_errors",
        sentence="A 5xx never notifies the observer, whatever its body.",
        source="official SDK, every release",
        scenarios=(
            "trigger-server-errors",
            "trigger-nothing-to-notify-training",
            "trigger-nothing-to-notify-model-creation",
        ),
        check=same(seen.notified_steps),
    ),
    Requirement(
        id="trigger.malformed_408",
        sentence=(
            "A 408 whose body has no queue_state (not JSON, empty, null, an array) does not notify the "
            "observer, and polling continues."
        ),
        source="official SDK, every release; seed, 'Observer callback on 408 errors'",
        scenarios=(
            "trigger-malformed-408",
            "trigger-after-malformed",
            "trigger-nothing-to-notify-training",
            "trigger-nothing-to-notify-model-creation",
        ),
        check=same(seen.notified_states, seen.outcomes),
    ),
)
