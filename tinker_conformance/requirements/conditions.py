"""Conditions on a profile under which a requirement holds.

"An SDK of the profile" is an SDK that behaves as the profile describes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from fake_server.core.operations import Operation
from tinker_conformance.profile.choices import (
    BackOffReset,
    BudgetRefill,
    CustomObserver,
    MessageMatch,
    NotifyOn408,
    NotifyOnTryAgain,
    ObserverError,
    OnExpired,
    ResultFormat,
    SamplerAddress,
    StatusAction,
    TelemetrySource,
    Unparseable408,
    UnparseableTryAgain,
    WaitTimeout,
)
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import Parsing

Condition: TypeAlias = Callable[[Profile], bool]


def every(*conditions: Condition) -> Condition:
    """Return the condition that is true if all of the given conditions are."""

    def holds(profile: Profile) -> bool:
        return all(condition(profile) for condition in conditions)

    return holds


def does_not(condition: Condition) -> Condition:
    """Return the condition that is true if the given one is false."""

    def holds(profile: Profile) -> bool:
        return not condition(profile)

    return holds


# Operations


def has(operation: Operation) -> Condition:
    """Return the condition that SDKs of the profile have an operation."""

    def holds(profile: Profile) -> bool:
        return operation in profile.polling.operations

    return holds


def observes(operation: Operation) -> Condition:
    """Return the condition that SDKs of the profile have an operation, whose futures notify an observer."""

    def holds(profile: Profile) -> bool:
        return operation in profile.observer.observed_operations and operation in profile.polling.operations

    return holds


# Parsing


def exact_parsing(profile: Profile) -> bool:
    """Return whether the words of a queue state are compared character by character."""
    return profile.observer.parsing is Parsing.EXACT


def lenient_parsing(profile: Profile) -> bool:
    """Return whether letter case of, and spaces around, the word of a queue state are ignored."""
    return not exact_parsing(profile)


def reads_containers_on_408_as_unknown(profile: Profile) -> bool:
    """Return whether a list or an object as queue state of an HTTP 408 is read as unknown."""
    return notifies_on_408(profile) and profile.observer.unparseable_408_state is Unparseable408.UNKNOWN


def ignores_containers_on_408(profile: Profile) -> bool:
    """Return whether a list or an object as queue state of an HTTP 408 notifies no observer."""
    return notifies_on_408(profile) and profile.observer.unparseable_408_state is Unparseable408.SILENT


def ends_the_poll_on_containers_in_try_again(profile: Profile) -> bool:
    """Return whether a list or an object as queue state of a try_again ends the future."""
    return (
        gates_try_again(profile)
        and profile.observer.unparseable_try_again_state is UnparseableTryAgain.ENDS_POLL
    )


# What notifies


def notifies_on_408(profile: Profile) -> bool:
    """Return whether an HTTP 408 with a queue state notifies the observer."""
    return profile.observer.notify_on_408 is NotifyOn408.TRUTHY_STATE


def notifies_on_try_again(profile: Profile) -> bool:
    """Return whether a try_again can notify the observer."""
    return profile.observer.notify_on_try_again is not NotifyOnTryAgain.NEVER


def notifies_of_changes_only(profile: Profile) -> bool:
    """Return whether only a change of state notifies the observer."""
    return profile.observer.notify_on_try_again is NotifyOnTryAgain.STATE_CHANGE


def gates_try_again(profile: Profile) -> bool:
    """Return whether a try_again with an unknown state notifies the observer only if it has a reason."""
    return profile.observer.notify_on_try_again is NotifyOnTryAgain.KNOWN_STATE_OR_REASON


def notifies_active_on_completion(profile: Profile) -> bool:
    """Return whether the observer is notified of the state active when a future ends."""
    return profile.observer.notifies_active_on_completion


def observes_creation(profile: Profile) -> bool:
    """Return whether the creation of a model has an observer, which logs pauses."""
    return profile.observer.model_creation is not None


def accepts_a_custom_observer(profile: Profile) -> bool:
    """Return whether a caller may pass in an observer, which replaces the client's."""
    return profile.observer.custom_observer is CustomObserver.REPLACES_CLIENT


def emits_telemetry(profile: Profile) -> bool:
    """Return whether a telemetry event accompanies a pause."""
    return profile.observer.telemetry is not TelemetrySource.NONE


# The callback


def passes_reason(profile: Profile) -> bool:
    """Return whether the observer is called with the server's reason."""
    return profile.observer.passes_reason


def swallows_observer_error_on_408(profile: Profile) -> bool:
    """Return whether an observer's exception on a 408 is swallowed."""
    return profile.observer.observer_error_on_408 is ObserverError.SWALLOWED


def ends_the_poll_on_observer_error_on_try_again(profile: Profile) -> bool:
    """Return whether an observer's exception on a try_again ends the future."""
    return profile.observer.observer_error_on_try_again is ObserverError.ENDS_POLL


def swallows_observer_error_on_completion(profile: Profile) -> bool:
    """Return whether an observer's exception at the end of a future is swallowed."""
    return profile.observer.observer_error_on_completion is ObserverError.SWALLOWED


def ends_the_poll_on_observer_error_on_completion(profile: Profile) -> bool:
    """Return whether an observer's exception at the end of a future is that future's error."""
    return profile.observer.observer_error_on_completion is ObserverError.ENDS_POLL


# Pause lines


def exact_text(profile: Profile) -> bool:
    """Return whether the text of a pause line must equal the official one exactly."""
    return profile.observer.message_match is MessageMatch.EXACT


def shows_server_reason(profile: Profile) -> bool:
    """Return whether the server's reason replaces the profile's in the pause line of a sampling client."""
    return profile.observer.sampling.server_reason_replaces


def shows_server_reason_for_creation(profile: Profile) -> bool:
    """Return whether the server's reason replaces the profile's in the pause line of a model's creation."""
    forms = profile.observer.model_creation
    return forms is not None and forms.server_reason_replaces


def graces_training(profile: Profile) -> bool:
    """Return whether the first minutes of a training client's pause are not logged."""
    return profile.observer.training.grace_seconds > 0


# Polling


def raises_on_expired_training(profile: Profile) -> bool:
    """Return whether an HTTP 410 ends a training client's future."""
    return profile.polling.expired.training is OnExpired.RAISES


def raises_on_expired_creation(profile: Profile) -> bool:
    """Return whether an HTTP 410 ends the creation of a model."""
    return profile.polling.expired.model_creation is OnExpired.RAISES


def resubmits_expired_samples(profile: Profile) -> bool:
    """Return whether a sampling client submits a sample again after an HTTP 410."""
    return profile.polling.expired.sampling is OnExpired.RESUBMITS


def ends_on_400(profile: Profile) -> bool:
    """Return whether an HTTP 400 ends the future."""
    return profile.polling.on_400 is StatusAction.ENDS


def has_a_budget_for_400(profile: Profile) -> bool:
    """Return whether the SDK polls again after HTTP 400, a limited number of times."""
    return profile.polling.on_400 is StatusAction.BUDGET


def refills_budget_on_json_408(profile: Profile) -> bool:
    """Return whether only an HTTP 408 with a JSON body resets the count of HTTP 400."""
    return profile.polling.budget_refilled_by is BudgetRefill.JSON_408


def refills_budget_on_any_408(profile: Profile) -> bool:
    """Return whether any HTTP 408 resets the count of HTTP 400."""
    return profile.polling.budget_refilled_by is BudgetRefill.ANY_408


def ends_on_402(profile: Profile) -> bool:
    """Return whether an HTTP 402 ends the future."""
    return profile.polling.on_402 is StatusAction.ENDS


def pauses_on_402(profile: Profile) -> bool:
    """Return whether an HTTP 402 pauses polling."""
    return profile.polling.on_402 is StatusAction.BILLING_PAUSE


def logs_billing(profile: Profile) -> bool:
    """Return whether a pause after an HTTP 402 (an unpaid bill) is logged."""
    return bool(profile.polling.lines.billing_pause)


def ends_on_429(profile: Profile) -> bool:
    """Return whether an HTTP 429 ends the future."""
    return profile.polling.on_429 is StatusAction.ENDS


def backs_off_on_429(profile: Profile) -> bool:
    """Return whether the SDK polls again after an HTTP 429, with a delay that doubles each time."""
    return profile.polling.on_429 is StatusAction.BACK_OFF


def resets_back_off_on_error_status(profile: Profile) -> bool:
    """Return whether only an HTTP status that is not a success resets the doubling delay after errors."""
    return profile.polling.back_off_reset_by is BackOffReset.ERROR_STATUS


def resets_back_off_on_any_reply(profile: Profile) -> bool:
    """Return whether any complete reply resets the doubling delay after errors."""
    return profile.polling.back_off_reset_by is BackOffReset.ANY_REPLY


def logs_try_again(profile: Profile) -> bool:
    """Return whether each try_again is logged."""
    return bool(profile.polling.lines.try_again)


def logs_errors(profile: Profile) -> bool:
    """Return whether a sample that fails for good is logged."""
    return bool(profile.polling.lines.non_retryable)


def announces_results(profile: Profile) -> bool:
    """Return whether a reply may announce a result, which the next poll fetches."""
    return profile.polling.metadata_only


def keeps_polling_after_the_wait(profile: Profile) -> bool:
    """Return whether the SDK goes on polling after the caller's timeout for a result has passed."""
    return profile.polling.wait_timeout is WaitTimeout.STOPS_WAITING


def takes_samples_as_protobuf_only(profile: Profile) -> bool:
    """Return whether the result of a sample is accepted only as protobuf."""
    return profile.polling.operations[Operation.SAMPLE].result_format is ResultFormat.PROTOBUF


def delays_failures(profile: Profile) -> bool:
    """Return whether a failure reaches the caller only after the SDK has sent its telemetry."""
    return profile.polling.failure_drain_seconds > 0


# Requests


def numbers_its_submissions(profile: Profile) -> bool:
    """Return whether submissions carry a `seq_id`."""
    return profile.polling.sampler_address is SamplerAddress.SESSION


def keeps_the_number_of_a_sample(profile: Profile) -> bool:
    """Return whether a sample keeps its `seq_id` when the submission is sent again."""
    return numbers_its_submissions(profile) and not profile.polling.submission.renumbers_samples


def creates_a_session(profile: Profile) -> bool:
    """Return whether the first request creates a session."""
    return profile.polling.creates_session


def asks_client_config(profile: Profile) -> bool:
    """Return whether the SDK first asks the server for the client's configuration."""
    return profile.polling.asks_client_config


def retries_an_empty_400(profile: Profile) -> bool:
    """Return whether a submission is sent again after an HTTP 400 without a body."""
    return profile.polling.submission.retries_empty_400


def polls_for_metadata(profile: Profile) -> bool:
    """Return whether polls allow a reply with the result's size alone (`allow_metadata_only`)."""
    return profile.polling.metadata_only


def polls_at_once_after_408(profile: Profile) -> bool:
    """Return whether the SDK polls again at once after an HTTP 408."""
    return profile.polling.on_408 is StatusAction.POLL_AGAIN


# Whole sessions


def polls_whole_sessions(profile: Profile) -> bool:
    """Return whether all samples of a session may share one poll."""
    return profile.polling.session_polling is not None


def reports_what_it_fetched(profile: Profile) -> bool:
    """Return whether a poll of a session tells the server which results the SDK has fetched."""
    rules = profile.polling.session_polling
    return rules is not None and rules.reports_retrieved


def reports_cancellations(profile: Profile) -> bool:
    """Return whether the SDK may tell the server that a sample is given up."""
    return profile.polling.cancellation is not None


# Saved states


def loads_saved_states(profile: Profile) -> bool:
    """Return whether a training client can be created from a saved state."""
    return profile.polling.from_checkpoint is not None


def creates_a_model_by_loading(profile: Profile) -> bool:
    """Return whether a single load request creates the model of a client that starts from a saved state."""
    rules = profile.polling.from_checkpoint
    return rules is not None and rules.loading_creates


def loads_into_a_new_model(profile: Profile) -> bool:
    """Return whether a client that starts from a saved state creates its model before it loads the state."""
    return loads_saved_states(profile) and not creates_a_model_by_loading(profile)
