"""The requirements about pauses: parsing, trigger, callback, reasons, messages, debounce, grace."""

from __future__ import annotations

from typing import Final

from tinker_conformance.judging import projections as seen
from tinker_conformance.judging.projections import same
from tinker_conformance.profile import Profile
from tinker_conformance.queue_state import Parsing
from tinker_conformance.reference_choices import (
    CustomObserver,
    MessageMatch,
    NotifyOn408,
    NotifyOnTryAgain,
    ObserverError,
    Unparseable408,
)
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_CALLBACKS: Final = frozenset({Capability.CALLBACKS})
_RAISING: Final = frozenset({Capability.CALLBACKS, Capability.RAISING_OBSERVER})
_TRAINING: Final = frozenset({Capability.TRAINING})
_CREATION: Final = frozenset({Capability.MODEL_CREATION})

_PYTHON_PARSING: Final = (
    "official SDK, every release; seed, 'Python Implementation - QueueState Enum & Observer ABC'"
)
_PYTHON_408: Final = "official SDK, every release; seed, 'Observer callback on 408 errors'"
_SEED_GAP: Final = "seed, 'The Gap Explained'"
_LOGGER: Final = "seed, 'Shared Logger Module'; official SDK, every release"


def _exact(profile: Profile) -> bool:
    return profile.observer.parsing is Parsing.EXACT


def _lenient(profile: Profile) -> bool:
    return not _exact(profile)


def _on_408(profile: Profile) -> bool:
    return profile.observer.notify_on_408 is NotifyOn408.TRUTHY_STATE


def _on_try_again(profile: Profile) -> bool:
    return profile.observer.notify_on_try_again is not NotifyOnTryAgain.NEVER


def _on_change(profile: Profile) -> bool:
    return profile.observer.notify_on_try_again is NotifyOnTryAgain.STATE_CHANGE


def _try_again_gate(profile: Profile) -> bool:
    return profile.observer.notify_on_try_again is NotifyOnTryAgain.KNOWN_STATE_OR_REASON


def _observes_creation(profile: Profile) -> bool:
    return profile.observer.model_creation is not None


def _training_graced(profile: Profile) -> bool:
    return profile.observer.training.grace_seconds > 0


def _exact_text(profile: Profile) -> bool:
    return profile.observer.message_match is MessageMatch.EXACT


PARSING: Final = (
    Requirement(
        "parsing.known_states",
        "The words active, paused_capacity and paused_rate_limit are read as these states.",
        _PYTHON_PARSING,
        ("parsing-known-states",),
        same(seen.told_states),
    ),
    Requirement(
        "parsing.other_words",
        "Any other word is the state unknown, which is a pause.",
        _PYTHON_PARSING,
        ("parsing-other-words",),
        same(seen.told_states),
    ),
    Requirement(
        "parsing.case_sensitive",
        "A known word in other case is the state unknown, ACTIVE included.",
        _PYTHON_PARSING,
        ("parsing-case", "parsing-case-of-active"),
        same(seen.told_states),
        holds=_exact,
    ),
    Requirement(
        "parsing.spaces_count",
        "A known word with spaces around it is the state unknown.",
        _PYTHON_PARSING,
        ("parsing-spaces",),
        same(seen.told_states),
        holds=_exact,
    ),
    Requirement(
        "parsing.ignores_case",
        "A known word is read whatever its case.",
        f"{_SEED_GAP}: QueueState.parse/1 ignores case",
        ("parsing-case", "parsing-case-of-active"),
        same(seen.told_states),
        holds=_lenient,
    ),
    Requirement(
        "parsing.trims",
        "Spaces around a known word do not matter.",
        "Tinkex 0.4.0, Types.QueueState.parse/1",
        ("parsing-spaces",),
        same(seen.told_states),
        holds=_lenient,
    ),
    Requirement(
        "parsing.numbers",
        "A number or true in place of the word is the state unknown.",
        "official SDK, measured in every revision",
        ("parsing-numbers",),
        same(seen.told_states),
        holds=_on_408,
        level=Level.QUIRK,
    ),
    Requirement(
        "parsing.containers_are_unknown",
        "A list or an object in place of the word, on a 408, is the state unknown.",
        "official SDK 0.1.0 to 0.20.0, measured",
        ("parsing-containers",),
        same(seen.told_states),
        holds=lambda p: _on_408(p) and p.observer.unparseable_408_state is Unparseable408.UNKNOWN,
        level=Level.QUIRK,
    ),
    Requirement(
        "parsing.containers_are_silent",
        "A list or an object in place of the word, on a 408, says nothing.",
        "official SDK since 0.21.0, measured",
        ("parsing-containers",),
        same(seen.told_states),
        holds=lambda p: _on_408(p) and p.observer.unparseable_408_state is Unparseable408.SILENT,
        level=Level.QUIRK,
    ),
)

TRIGGER: Final = (
    Requirement(
        "trigger.http_408",
        "HTTP 408 whose JSON body has a queue_state tells the observer.",
        _PYTHON_408,
        ("trigger-408", "trigger-408-training"),
        same(seen.notified_steps),
        holds=_on_408,
    ),
    Requirement(
        "trigger.every_408",
        "Every such 408 tells the observer, also when the state is the same as before.",
        _PYTHON_408,
        ("trigger-repeated-408",),
        same(seen.notified_steps),
        holds=_on_408,
    ),
    Requirement(
        "trigger.not_408",
        "HTTP 408 does not tell the observer.",
        f"{_SEED_GAP}: fires on TryAgainResponse",
        ("trigger-408", "trigger-repeated-408"),
        same(seen.notified_steps),
        holds=lambda p: not _on_408(p),
    ),
    Requirement(
        "trigger.try_again",
        "HTTP 200 try_again with a queue_state tells the observer.",
        f"{_SEED_GAP}; official SDK since 0.21.0",
        ("trigger-try-again",),
        same(seen.notified_steps),
        holds=_on_try_again,
    ),
    Requirement(
        "trigger.not_try_again",
        "HTTP 200 try_again does not tell the observer, whatever its queue_state.",
        "seed, 'Observer callback on 408 errors'; official SDK 0.1.0 to 0.20.0",
        ("trigger-try-again", "trigger-repeated-try-again"),
        same(seen.notified_steps),
        holds=lambda p: not _on_try_again(p),
    ),
    Requirement(
        "trigger.every_try_again",
        "Every such try_again tells the observer, also when the state is the same as before.",
        "official SDK since 0.21.0",
        ("trigger-repeated-try-again",),
        same(seen.notified_steps),
        holds=lambda p: _on_try_again(p) and not _on_change(p),
    ),
    Requirement(
        "trigger.only_changes",
        "Within one poll only a change of state tells the observer; the next future begins anew.",
        "seed, 'Current Elixir Observer Infrastructure': deduplicates by state change",
        ("trigger-repeated-try-again", "trigger-change-is-per-poll"),
        same(seen.notified_steps),
        holds=_on_change,
    ),
    Requirement(
        "trigger.try_again_without_state",
        "A try_again without a queue_state does not tell the observer.",
        "official SDK, every release",
        ("trigger-try-again-without-state",),
        same(seen.notified_steps),
        holds=lambda p: not _on_change(p),
    ),
    Requirement(
        "trigger.try_again_gate",
        "A try_again of unknown state tells the observer only if it carries a reason, be it an empty one.",
        "official SDK since 0.21.0, measured",
        ("trigger-try-again-unknown-state",),
        same(seen.notified_steps),
        holds=_try_again_gate,
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

CALLBACK: Final = (
    Requirement(
        "callback.states",
        "The observer is told each state as it comes, active included.",
        _PYTHON_408,
        ("callback-states",),
        same(seen.told_states),
        needs=_CALLBACKS,
    ),
    Requirement(
        "callback.reason",
        "The observer is told the server's reason, or nothing where there is none.",
        "official SDK since 0.7.0",
        ("callback-reasons",),
        same(seen.callback_reasons),
        holds=lambda p: p.observer.passes_reason and _on_408(p),
        needs=_CALLBACKS,
    ),
    Requirement(
        "callback.error_is_swallowed",
        "An exception in the observer, on the path of the 408, does no harm to the future.",
        _PYTHON_408,
        ("callback-raising-408",),
        same(seen.told_states, seen.outcomes),
        holds=lambda p: _on_408(p) and p.observer.observer_error_on_completion is ObserverError.SWALLOWED,
        needs=_RAISING,
    ),
    Requirement(
        "callback.error_ends_the_poll",
        "An exception in the observer, on the path of the try_again, is the end of the future.",
        "official SDK since 0.21.0, measured",
        ("callback-raising-try-again",),
        same(seen.outcomes),
        holds=lambda p: (
            _on_try_again(p) and p.observer.observer_error_on_try_again is ObserverError.ENDS_POLL
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
        needs=_CALLBACKS | _TRAINING,
    ),
    Requirement(
        "callback.nothing_on_completion",
        "The end of a future tells the observer nothing.",
        "official SDK 0.1.0 to 0.36.0",
        ("callback-completion", "callback-failure"),
        same(seen.callbacks),
        holds=lambda p: _on_408(p) and not p.observer.notifies_active_on_completion,
        level=Level.QUIRK,
        needs=_CALLBACKS | _TRAINING,
    ),
    Requirement(
        "callback.nothing_on_fatal_status",
        "A status that ends the future tells the observer nothing.",
        "official SDK, every release",
        ("callback-fatal-status",),
        same(seen.callbacks),
        holds=_on_408,
        needs=_CALLBACKS | _TRAINING,
    ),
)

REASONS: Final = (
    Requirement(
        "reasons.sampling",
        "The line of a sampling client gives the profile's reason for a rate limit, and for capacity.",
        "seed, success criterion 6; official SDK by revision",
        ("reasons-sampling",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.sampling_unknown",
        "The line of a sampling client gives the reason unknown for any other state.",
        _LOGGER,
        ("reasons-sampling-unknown",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.training",
        "The line of a training client gives the profile's reason for a rate limit, and for capacity.",
        "seed, success criterion 7; official SDK by revision",
        ("reasons-training",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.training_unknown",
        "The line of a training client gives the reason unknown for any other state.",
        _LOGGER,
        ("reasons-training-unknown",),
        same(seen.line_reasons),
    ),
    Requirement(
        "reasons.model_creation",
        "The line about a model's creation gives the profile's reasons.",
        "official SDK since 0.10.0",
        ("reasons-model-creation",),
        same(seen.line_reasons),
        holds=_observes_creation,
        needs=_CREATION,
    ),
    Requirement(
        "reasons.of_the_server",
        "A reason that the server gives replaces the profile's; an empty one, or null, does not.",
        "official SDK since 0.7.0",
        ("reasons-of-the-server", "reasons-of-the-server-training"),
        same(seen.line_reasons),
        holds=lambda p: p.observer.sampling.server_reason_replaces,
    ),
    Requirement(
        "reasons.not_of_the_server",
        "A reason that the server gives is not shown.",
        "official SDK 0.1.0 to 0.6.3",
        ("reasons-of-the-server",),
        same(seen.line_reasons),
        holds=lambda p: not p.observer.sampling.server_reason_replaces,
        level=Level.QUIRK,
    ),
)


def _message_requirements(kind: str, scenario: str, needs: frozenset[Capability]) -> tuple[Requirement, ...]:
    def holds(profile: Profile) -> bool:
        return kind != "model_creation" or _observes_creation(profile)

    def holds_exactly(profile: Profile) -> bool:
        return holds(profile) and _exact_text(profile)

    subject = {"sampling": "a sampling client", "training": "a training client"}.get(
        kind, "the creation of a model"
    )
    return (
        Requirement(
            f"messages.{kind}_verb",
            f"The line about {subject} says so in the profile's words.",
            "seed, 'Phase 1'; official SDK by revision",
            (scenario,),
            same(seen.line_verbs),
            holds=holds,
            needs=needs,
        ),
        Requirement(
            f"messages.{kind}_identifier",
            f"The line about {subject} names it as the profile does.",
            "seed, 'Phase 1'; official SDK by revision",
            (scenario,),
            same(seen.line_identifiers),
            holds=holds,
            needs=needs,
        ),
        Requirement(
            f"messages.{kind}_text",
            f"The line about {subject} is the official one, to the letter.",
            "official SDK by revision",
            (scenario,),
            same(seen.line_texts),
            holds=holds_exactly,
            needs=needs,
        ),
        Requirement(
            f"messages.{kind}_level",
            f"The line about {subject} is a warning.",
            "seed, success criterion 4; official SDK, every release",
            (scenario,),
            same(seen.line_levels),
            holds=holds,
            needs=needs,
        ),
    )


MESSAGES: Final = (
    *_message_requirements("sampling", "messages-sampling", frozenset()),
    *_message_requirements("training", "messages-training", _TRAINING),
    *_message_requirements("model_creation", "messages-model-creation", _CREATION),
)

_DEBOUNCE: Final = "seed, success criterion 5; official SDK, every release"


def _debounce(name: str, sentence: str, *scenarios: str, level: Level = Level.CONTRACT) -> Requirement:
    return Requirement(
        f"debounce.{name}",
        sentence,
        _DEBOUNCE,
        scenarios,
        same(seen.line_clients if "separate" in name else seen.line_times),
        level=level,
    )


DEBOUNCE: Final = (
    _debounce("first_pause_logs", "The first pause is logged at once.", "debounce-first"),
    _debounce("within_a_minute", "A pause 1 ms, or 59.999 s, after a line is not logged.", "debounce-within"),
    _debounce("boundary", "A pause 60 s after a line is logged.", "debounce-boundary"),
    Requirement(
        "debounce.fraction",
        "The minute is measured in fractions of a second, not from one whole second to another.",
        "official SDK, every release",
        ("debounce-fraction",),
        same(seen.line_times),
        holds=_exact_text,
    ),
    Requirement(
        "debounce.fraction_or_whole_seconds",
        "The minute is measured in fractions of a second; the seed's sketch counts whole ones.",
        "seed, 'Shared Logger Module' against its Python",
        ("debounce-fraction",),
        same(seen.line_times),
        holds=lambda p: not _exact_text(p),
        level=Level.QUIRK,
    ),
    _debounce(
        "begins_at_the_line",
        "The minute begins at the last line; what was kept silent since does not prolong it.",
        "debounce-window-begins-at-the-line",
    ),
    _debounce("across_states", "Another state within the minute is not logged.", "debounce-across-states"),
    _debounce(
        "across_futures", "The minute holds across the futures of one client.", "debounce-across-futures"
    ),
    _debounce(
        "separate_clients",
        "Each client has a minute of its own.",
        "debounce-separate-samplers",
    ),
    Requirement(
        "debounce.separate_creations",
        "Each creation of a model has a minute of its own, of one base model too.",
        "official SDK 0.10.0 to 0.36.0",
        ("debounce-separate-creations",),
        same(seen.line_times),
        holds=lambda p: _observes_creation(p) and not _training_graced(p),
        level=Level.QUIRK,
        needs=_CREATION,
    ),
    _debounce(
        "active", "Active is never logged, and neither ends nor prolongs the minute.", "debounce-active"
    ),
    Requirement(
        "debounce.training",
        "A training client has the same minute.",
        _DEBOUNCE,
        ("debounce-training",),
        same(seen.line_times),
        holds=lambda p: not _training_graced(p),
        needs=_TRAINING,
    ),
    _debounce(
        "clock_stepping_back",
        "While the wall clock stands before the last line, nothing is logged.",
        "debounce-clock-back",
        level=Level.QUIRK,
    ),
    _debounce(
        "wall_clock",
        "The minute is one of the wall clock: a clock set forward ends it.",
        "debounce-wall-alone",
        level=Level.QUIRK,
    ),
)

_GRACE: Final = "official SDK since 0.38.0"


def _grace(
    name: str,
    sentence: str,
    scenario: str,
    level: Level = Level.CONTRACT,
    needs: frozenset[Capability] = _TRAINING,
) -> Requirement:
    return Requirement(
        f"grace.{name}",
        sentence,
        _GRACE,
        (scenario,),
        same(seen.line_times),
        holds=_training_graced,
        level=level,
        needs=needs,
    )


GRACE: Final = (
    _grace(
        "boundary",
        "A training client's pause is logged once it has lasted 900 s: not at 899.999 s.",
        "grace-boundary",
    ),
    _grace(
        "then_once_a_minute",
        "After that it is logged at most once a minute, and once a minute has passed.",
        "grace-then-once-a-minute",
    ),
    _grace("change_of_state", "Any change of state begins the 900 s anew.", "grace-change-of-state"),
    _grace("active", "Active begins the 900 s anew.", "grace-active"),
    _grace(
        "completion",
        "The end of a future begins the 900 s anew, for the other futures of its client too.",
        "grace-completion",
    ),
    _grace(
        "monotonic_clock",
        "The 900 s are those of the monotonic clock.",
        "grace-monotonic",
        level=Level.QUIRK,
    ),
    _grace(
        "not_for_sampling",
        "A sampling client's pause is logged at once.",
        "grace-not-for-sampling",
        needs=frozenset(),
    ),
    _grace(
        "model_creation",
        "The creation of a model has the same 900 s.",
        "grace-model-creation",
        needs=_CREATION,
    ),
)

CUSTOM: Final = (
    Requirement(
        "custom_observer.replaces_client",
        "An observer that the caller hands in hears of its future in place of the client's own.",
        "seed, 'Do NOT': break code that passes a custom :queue_state_observer",
        ("custom-observer",),
        same(seen.custom_callbacks, seen.line_times),
        holds=lambda p: p.observer.custom_observer is CustomObserver.REPLACES_CLIENT,
        needs=frozenset({Capability.CUSTOM_OBSERVER}),
    ),
)
