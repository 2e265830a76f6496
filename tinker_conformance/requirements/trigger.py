"""Which replies tell the observer."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    gates_try_again,
    tells_of_changes_only,
    tells_on_408,
    tells_on_try_again,
)
from tinker_conformance.requirements.requirement import Level, Requirement

_SEED_GAP: Final = "seed, 'The Gap Explained'"
_PYTHON_408: Final = "official SDK, every release; seed, 'Observer callback on 408 errors'"

TRIGGER: Final = (
    Requirement(
        "trigger.http_408",
        "HTTP 408 whose JSON body has a queue_state tells the observer.",
        _PYTHON_408,
        ("trigger-408", "trigger-408-training"),
        same(seen.notified_steps),
        holds=tells_on_408,
    ),
    Requirement(
        "trigger.every_408",
        "Every such 408 tells the observer, also when the state is the same as before.",
        _PYTHON_408,
        ("trigger-repeated-408",),
        same(seen.notified_steps),
        holds=tells_on_408,
    ),
    Requirement(
        "trigger.not_408",
        "HTTP 408 does not tell the observer.",
        f"{_SEED_GAP}: fires on TryAgainResponse",
        ("trigger-408", "trigger-repeated-408"),
        same(seen.notified_steps),
        holds=lambda p: not tells_on_408(p),
    ),
    Requirement(
        "trigger.try_again",
        "HTTP 200 try_again with a queue_state tells the observer.",
        f"{_SEED_GAP}; official SDK since 0.21.0",
        ("trigger-try-again",),
        same(seen.notified_steps),
        holds=tells_on_try_again,
    ),
    Requirement(
        "trigger.not_try_again",
        "HTTP 200 try_again does not tell the observer, whatever its queue_state.",
        "seed, 'Observer callback on 408 errors'; official SDK 0.1.0 to 0.20.0",
        ("trigger-try-again", "trigger-repeated-try-again"),
        same(seen.notified_steps),
        holds=lambda p: not tells_on_try_again(p),
    ),
    Requirement(
        "trigger.every_try_again",
        "Every such try_again tells the observer, also when the state is the same as before.",
        "official SDK since 0.21.0",
        ("trigger-repeated-try-again",),
        same(seen.notified_steps),
        holds=lambda p: tells_on_try_again(p) and not tells_of_changes_only(p),
    ),
    Requirement(
        "trigger.only_changes",
        "Within one poll only a change of state tells the observer; the next future begins anew.",
        "seed, 'Current Elixir Observer Infrastructure': deduplicates by state change",
        ("trigger-repeated-try-again", "trigger-change-is-per-poll"),
        same(seen.notified_steps),
        holds=tells_of_changes_only,
    ),
    Requirement(
        "trigger.try_again_without_state",
        "A try_again without a queue_state does not tell the observer.",
        "official SDK, every release",
        ("trigger-try-again-without-state",),
        same(seen.notified_steps),
        holds=lambda p: not tells_of_changes_only(p),
    ),
    Requirement(
        "trigger.try_again_gate",
        "A try_again of unknown state tells the observer only if it carries a reason, be it an empty one.",
        "official SDK since 0.21.0, measured",
        ("trigger-try-again-unknown-state",),
        same(seen.notified_steps),
        holds=gates_try_again,
        level=Level.QUIRK,
    ),
    Requirement(
        "trigger.server_errors",
        "A 5xx never tells the observer, whatever its body.",
        "official SDK, every release",
        ("trigger-server-errors",),
        same(seen.notified_steps),
    ),
    Requirement(
        "trigger.malformed_408",
        "A 408 whose body has no queue_state (not JSON, empty, null, array) tells nobody and does no harm.",
        _PYTHON_408,
        ("trigger-malformed-408", "trigger-after-malformed"),
        same(seen.told_states, seen.outcomes),
    ),
)
