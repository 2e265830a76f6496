"""The requirements about everything else: polling, wiring, functions, telemetry."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.case import Check
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.choices import OnExpired, StatusAction, TelemetrySource
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.needs import CREATION, TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_EVERY: Final = "official SDK, every release"


def _polling(
    name: str,
    sentence: str,
    *scenarios: str,
    check: Check,
    source: str = _EVERY,
    needs: frozenset[Capability] = TRAINING,
    level: Level = Level.CONTRACT,
    action: tuple[str, StatusAction] | None = None,
) -> Requirement:
    def holds(profile: Profile) -> bool:
        return action is None or getattr(profile.polling, action[0]) is action[1]

    return Requirement(
        f"polling.{name}", sentence, source, scenarios, check, holds=holds, level=level, needs=needs
    )


def _expired_training(profile: Profile) -> bool:
    return profile.polling.expired.training is OnExpired.RAISES


def _expired_sampling(profile: Profile) -> bool:
    return profile.polling.expired.sampling is OnExpired.RESUBMITS


_END: Final = same(seen.poll_counts, seen.outcomes)

POLLING: Final = (
    _polling("http_408", "A 408 is polled again at once, whatever its body.", "polling-408",
             check=same(seen.poll_times, seen.outcomes)),
    _polling("http_5xx", "A 5xx is polled again at once, whatever its body.", "polling-5xx",
             check=same(seen.poll_times, seen.outcomes)),
    _polling("try_again", "A try_again is polled again at once.", "polling-try-again",
             check=same(seen.poll_times, seen.outcomes)),
    _polling("patience", "A future that is not done after a hundred polls is polled on.", "polling-many",
             check=_END, needs=frozenset()),
    _polling("iteration_header", "Each poll carries its number, from 0, in X-Tinker-Request-Iteration.",
             "polling-408", "polling-5xx", "polling-try-again", check=same(seen.poll_iterations)),
    _polling("failure", "A failure that the server reports ends the future as failed.", "polling-failure",
             check=_END),
    _polling("fatal_status", "A 401, 403, 404 or 422 ends the future in an error, without another poll.",
             "polling-fatal", check=_END),
    _polling("malformed_result", "A 200 whose body is empty, not JSON or an array ends the future.",
             "polling-malformed-200", check=_END, level=Level.QUIRK),
    Requirement(
        "polling.expired_training", "A 410 ends a training client's future as expired.",
        _EVERY, ("polling-410-training",), _END, holds=_expired_training, needs=TRAINING),
    Requirement(
        "polling.expired_sampling", "After a 410 a sampling client submits its request anew and goes on.",
        _EVERY, ("polling-410-sampling",), same(seen.submissions, seen.poll_counts, seen.outcomes),
        holds=_expired_sampling),
    _polling("bad_request_ends", "A 400 ends the future in an error.", "polling-400", check=_END,
             source="official SDK 0.1.0 to 0.14.0", action=("on_400", StatusAction.ENDS)),
    _polling("bad_request_budget", "A 400 is polled again three times; a 408 makes the three whole again.",
             "polling-400", check=_END, source="official SDK since 0.15.0",
             action=("on_400", StatusAction.BUDGET)),
    _polling("payment_ends", "A 402 ends the future in an error.", "polling-402", check=_END,
             source="official SDK 0.1.0 to 0.19.0", action=("on_402", StatusAction.ENDS)),
    _polling("payment_pauses", "A 402 is polled again after five seconds.", "polling-402",
             check=same(seen.poll_times, seen.outcomes), source="official SDK since 0.20.0",
             action=("on_402", StatusAction.BILLING_PAUSE)),
    _polling("too_many_requests_ends", "A 429 ends the future in an error.", "polling-429", check=_END,
             source="official SDK 0.1.0 to 0.20.0", action=("on_429", StatusAction.ENDS)),
    _polling("too_many_requests_backs_off", "A 429 is polled again after 1, 2, 4 … seconds.", "polling-429",
             check=same(seen.poll_times, seen.outcomes), source="official SDK since 0.21.0",
             action=("on_429", StatusAction.BACK_OFF)),
    _polling("back_off", "A broken connection is polled again after 1, 2, 4, 8, 16, 30 and 30 seconds.",
             "polling-back-off", check=same(seen.poll_times, seen.outcomes)),
    _polling("back_off_reset", "A 408 brings the back-off to its start.", "polling-back-off-reset",
             check=same(seen.poll_times, seen.outcomes)),
    _polling("caller_timeout", "A caller's time limit ends the wait when it has passed.",
             "polling-caller-timeout", check=same(seen.outcomes, seen.outcome_times),
             needs=TRAINING | {Capability.TIMEOUT}),
    Requirement(
        "polling.try_again_line", "Each try_again is also logged, as a warning that the request is retried.",
        _EVERY, ("polling-try-again",), same(seen.retry_lines),
        holds=lambda p: bool(p.polling.lines.try_again), level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.error_line", "A sample that fails for good is also logged, as an error with its text.",
        _EVERY, ("polling-failure-sampling",), same(seen.error_lines),
        holds=lambda p: bool(p.polling.lines.non_retryable), level=Level.QUIRK),
    Requirement(
        "polling.announced_result", "A result that the server announces first is fetched by the next poll.",
        "official SDK since 0.14.0", ("polling-announced",), _END,
        holds=lambda p: p.polling.metadata_only, level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.gives_up", "A sampling client that sees no sample done gives up after two hours.",
        "official SDK; half an hour before 0.6.3", ("polling-no-progress",), same(seen.outcomes),
        holds=_expired_sampling, level=Level.QUIRK),
)  # fmt: skip


def _wiring(operation: Operation) -> Requirement:
    def holds(profile: Profile) -> bool:
        return operation in profile.observer.observed_operations and operation in profile.polling.operations

    return Requirement(
        f"wiring.{operation.value}",
        f"A pause of {operation.value} is logged, for the right client.",
        "seed, success criterion 9; official SDK by release",
        (f"wiring-{operation.value.replace('_', '-')}",),
        same(seen.line_identifiers),
        holds=holds,
        needs=CREATION if operation is Operation.CREATE_MODEL else frozenset(),
    )


def _request_type(operation: Operation) -> Requirement:
    def holds(profile: Profile) -> bool:
        return operation in profile.polling.operations

    return Requirement(
        f"polling.request_type_{operation.value}",
        f"The polls of {operation.value} say so in X-Tinker-Request-Type.",
        _EVERY,
        (f"wiring-{operation.value.replace('_', '-')}",),
        same(seen.poll_types),
        holds=holds,
        level=Level.QUIRK,
        needs=CREATION if operation is Operation.CREATE_MODEL else frozenset(),
    )


WIRING: Final = tuple(_wiring(operation) for operation in Operation)
REQUEST_TYPES: Final = tuple(_request_type(operation) for operation in Operation)

_FUNCTIONS: Final = frozenset({Capability.LOGGER_FUNCTIONS})

FUNCTIONS: Final = (
    Requirement("functions.reason_for_state", "reason_for_state gives the profile's reasons.",
                "seed, 'Phase 1'", ("functions-reason-for-state",), same(seen.returned_values),
                needs=_FUNCTIONS),
    Requirement("functions.should_log",
                "should_log is true when the interval, 60 s unless said otherwise, has passed, and at first.",
                "seed, 'Phase 1'", ("functions-should-log",), same(seen.returned_values), needs=_FUNCTIONS),
    Requirement("functions.log_state_change", "log_state_change logs the profile's line, active nothing.",
                "seed, 'Phase 1'", ("functions-log-state-change",), same(seen.function_lines),
                needs=_FUNCTIONS),
    Requirement("functions.parse_queue_state", "The parser alone reads words as the SDK does.",
                "seed, 'The Gap Explained'", ("functions-parse",), same(seen.returned_values),
                needs=frozenset({Capability.PARSE_FUNCTION})),
)  # fmt: skip

TELEMETRY: Final = (
    Requirement(
        "telemetry.beside_the_line",
        "A telemetry event accompanies each pause, in addition to the observer, never in its place.",
        "seed, success criterion 10; official SDK, every release",
        ("telemetry-beside-the-line",),
        same(seen.telemetry_names, seen.line_times),
        holds=lambda p: p.observer.telemetry is not TelemetrySource.NONE,
        needs=frozenset({Capability.TELEMETRY}),
    ),
)

CLOCK: Final = (
    Requirement(
        "clock.moves",
        "The SDK sees its clock move: twenty minutes after a line, a pause is logged again.",
        "the kit's own test of itself: without it the debounce cannot be judged",
        ("debounce-clock-moves", "debounce-clock-moves-logprobs", "debounce-clock-moves-training"),
        same(seen.lines_at_last),
        alternatives=True,
    ),
)
