"""What the observer is told, and what its errors do."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.choices import ObserverError
from tinker_conformance.requirements.conditions import tells_on_408, tells_on_try_again
from tinker_conformance.requirements.needs import CALLBACKS, TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_PYTHON_408: Final = "official SDK, every release; seed, 'Observer callback on 408 errors'"
_RAISING: Final = frozenset({Capability.CALLBACKS, Capability.RAISING_OBSERVER})

CALLBACK: Final = (
    Requirement(
        "callback.states",
        "The observer is told each state as it comes, active included.",
        _PYTHON_408,
        ("callback-states",),
        same(seen.told_states),
        needs=CALLBACKS,
    ),
    Requirement(
        "callback.reason",
        "The observer is told the server's reason, or nothing where there is none.",
        "official SDK since 0.7.0",
        ("callback-reasons", "callback-reasons-try-again"),
        same(seen.callback_reasons),
        holds=lambda p: p.observer.passes_reason and tells_on_408(p),
        needs=CALLBACKS,
    ),
    Requirement(
        "callback.error_is_swallowed",
        "An exception in the observer, on the path of the 408, does no harm to the future.",
        _PYTHON_408,
        ("callback-raising-408",),
        same(seen.told_states, seen.outcomes),
        holds=lambda p: (
            tells_on_408(p) and p.observer.observer_error_on_completion is ObserverError.SWALLOWED
        ),
        needs=_RAISING,
    ),
    Requirement(
        "callback.error_leaves_the_poll",
        "An exception in the observer, on the path of the 408, does not end the poll; one at the end does.",
        "official SDK since 0.38.0, measured",
        ("callback-raising-408-refused",),
        same(seen.told_counts, seen.poll_counts),
        holds=lambda p: (
            tells_on_408(p)
            and p.observer.observer_error_on_408 is ObserverError.SWALLOWED
            and p.observer.observer_error_on_completion is ObserverError.ENDS_POLL
        ),
        needs=_RAISING,
    ),
    Requirement(
        "callback.error_ends_the_poll",
        "An exception in the observer, on the path of the try_again, is the end of the future.",
        "official SDK since 0.21.0, measured",
        ("callback-raising-try-again",),
        # Where the end is told too, the observer raises there at the latest: the polls tell the two apart.
        same(seen.poll_counts, seen.outcomes),
        holds=lambda p: (
            tells_on_try_again(p) and p.observer.observer_error_on_try_again is ObserverError.ENDS_POLL
        ),
        level=Level.QUIRK,
        needs=_RAISING,
    ),
    Requirement(
        "callback.active_on_completion",
        "The end of a future, in a result or a reported failure, tells the observer active.",
        "official SDK since 0.38.0",
        ("callback-completion", "callback-failure"),
        same(seen.callbacks),
        holds=lambda p: p.observer.notifies_active_on_completion,
        needs=CALLBACKS | TRAINING,
    ),
    Requirement(
        "callback.nothing_on_completion",
        "The end of a future tells the observer nothing.",
        "official SDK 0.1.0 to 0.36.0",
        ("callback-completion", "callback-failure"),
        same(seen.callbacks),
        holds=lambda p: tells_on_408(p) and not p.observer.notifies_active_on_completion,
        level=Level.QUIRK,
        needs=CALLBACKS | TRAINING,
    ),
    Requirement(
        "callback.nothing_on_fatal_status",
        "A status that ends the future tells the observer nothing.",
        "official SDK, every release",
        ("callback-fatal-status",),
        same(seen.callbacks),
        holds=tells_on_408,
        needs=CALLBACKS | TRAINING,
    ),
    Requirement(
        "callback.error_at_the_end",
        "An exception in the observer that is told active at the end is the end of the future.",
        "official SDK since 0.38.0, measured",
        ("callback-raising-408",),
        same(seen.outcomes),
        holds=lambda p: (
            tells_on_408(p)
            and p.observer.notifies_active_on_completion
            and p.observer.observer_error_on_completion is ObserverError.ENDS_POLL
        ),
        level=Level.QUIRK,
        needs=_RAISING | {Capability.SAMPLING},
    ),
)
