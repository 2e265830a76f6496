"""Fine points of polling: what only a scenario of its own tells apart from the common case."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks import delays
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.profile import (
    BackOffReset,
    BudgetRefill,
    OnExpired,
    Profile,
    ResultFormat,
    StatusAction,
    WaitTimeout,
)
from tinker_conformance.requirements.needs import CREATION, TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_PLUMBING: Final = frozenset({Capability.OFFICIAL_PLUMBING})
_TIMEOUT: Final = frozenset({Capability.TRAINING, Capability.TIMEOUT})
_MEASURED: Final = "official SDK since 0.21.0, measured"
_EVERY: Final = "official SDK, every release"
_LINES: Final = "official SDK, every release; the text by release"


def _logs_errors(profile: Profile) -> bool:
    return bool(profile.polling.lines.non_retryable)


def _has_a_budget(profile: Profile) -> bool:
    return profile.polling.on_400 is StatusAction.BUDGET


def _pauses_for_bills(profile: Profile) -> bool:
    return profile.polling.on_402 is StatusAction.BILLING_PAUSE


POLLING: Final = (
    Requirement(
        "polling.expired_creation", "A 410 ends the creation of a model as expired.",
        _EVERY, ("polling-410-creation",), same(seen.poll_counts, seen.outcomes),
        holds=lambda p: p.polling.expired.model_creation is OnExpired.RAISES, needs=CREATION),
    Requirement(
        "polling.expired_delay",
        "After a 410 a sampling client waits half a second, then twice as long each time up to ten seconds, "
        "give or take a random quarter.",
        _EVERY, ("polling-410-again-and-again",), delays.after_410,
        holds=lambda p: p.polling.expired.sampling is OnExpired.RESUBMITS, level=Level.QUIRK),
    Requirement(
        "polling.bad_request_refill", "Only a 408 with a JSON body makes the three polls after a 400 whole.",
        _MEASURED, ("polling-400-refill",), same(seen.poll_counts, seen.outcomes),
        holds=lambda p: _has_a_budget(p) and p.polling.budget_refilled_by is BudgetRefill.JSON_408,
        level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.bad_request_refill_by_any_408", "Any 408 makes the three polls after a 400 whole.",
        "official SDK 0.15.0 to 0.20.0", ("polling-400-refill",), same(seen.poll_counts, seen.outcomes),
        holds=lambda p: _has_a_budget(p) and p.polling.budget_refilled_by is BudgetRefill.ANY_408,
        level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.payment_limit", "A 402 that lasts longer than an hour ends the future in an error.",
        "official SDK since 0.20.0", ("polling-402-for-an-hour",), same(seen.poll_counts, seen.outcomes),
        holds=_pauses_for_bills, needs=TRAINING),
    Requirement(
        "polling.payment_forgotten", "A 402 more than five minutes after the last line begins a new hour.",
        "official SDK since 0.20.0, read", ("polling-402-forgotten", "polling-402-forgotten-soon"),
        same(seen.poll_counts, seen.outcomes),
        holds=_pauses_for_bills, level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.payment_line", "A 402 is logged, at most once a minute, and so is its end after an hour.",
        "official SDK since 0.20.0", ("polling-402-for-a-minute", "polling-402-for-an-hour"),
        same(seen.billing_lines),
        holds=lambda p: _pauses_for_bills(p) and bool(p.polling.lines.billing_pause),
        level=Level.QUIRK, needs=TRAINING | _PLUMBING),
    Requirement(
        "polling.back_off_goes_on", "A try_again leaves the back-off where it is.",
        "official SDK 0.1.0 to 0.20.0", ("polling-back-off-try-again",), same(seen.poll_times, seen.outcomes),
        holds=lambda p: p.polling.back_off_reset_by is BackOffReset.ERROR_STATUS,
        level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.back_off_reset_by_any_reply", "A try_again brings the back-off to its start.",
        "official SDK since 0.21.0", ("polling-back-off-try-again",), same(seen.poll_times, seen.outcomes),
        holds=lambda p: p.polling.back_off_reset_by is BackOffReset.ANY_REPLY,
        level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.goes_on_after_the_wait", "A caller's time limit ends the wait, not the polling.",
        _EVERY, ("polling-after-the-wait",), same(seen.poll_counts),
        holds=lambda p: p.polling.wait_timeout is WaitTimeout.STOPS_WAITING,
        level=Level.QUIRK, needs=_TIMEOUT),
    Requirement(
        "polling.incomplete_result", "A result without what it must have ends the future in an error.",
        _EVERY, ("polling-incomplete-result",), same(seen.poll_counts, seen.outcomes),
        level=Level.QUIRK, needs=TRAINING),
    Requirement(
        "polling.result_in_json", "A sample whose result comes in JSON ends in an error.",
        "official SDK since 0.25.0", ("polling-result-in-json",), same(seen.poll_counts, seen.outcomes),
        holds=lambda p: p.polling.operations[Operation.SAMPLE].result_format is ResultFormat.PROTOBUF,
        level=Level.QUIRK, needs=_PLUMBING),
    Requirement(
        "polling.failure_time", "A failure reaches the caller a tenth of a second later, but not every kind.",
        _EVERY, ("polling-failure", "polling-incomplete-result"), same(seen.outcome_times),
        holds=lambda p: p.polling.failure_drain_seconds > 0, level=Level.QUIRK,
        needs=TRAINING | _PLUMBING),
    Requirement(
        "polling.status_line", "A sample that a status ends is logged as an error with its text.",
        _LINES, ("polling-fatal-sampling",), same(seen.error_lines), holds=_logs_errors, level=Level.QUIRK,
        needs=_PLUMBING),
    Requirement(
        "polling.budget_line", "A sample that one 400 too many ends is logged as an error with its text.",
        "official SDK since 0.15.0", ("polling-400-sampling",), same(seen.error_lines),
        holds=lambda p: _logs_errors(p) and _has_a_budget(p), level=Level.QUIRK, needs=_PLUMBING),
)  # fmt: skip
