"""SDKs that poll at wrong times, with wrong headers, or after replies that should end the future."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import msgspec

from fake_server.operations import Operation
from tinker_conformance.profile.choices import OnExpired
from tinker_conformance.reference.failures import ErrorKind, FutureError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result
from tinker_conformance.sdk.adapter import OperationCall
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import OutcomeKind

from .declaration import TIMES_OF_LINES, Chapter
from .patches import WithPoll
from .shows_in import (
    calls,
    ends_in,
    gets,
    has_unusual_replies,
    lasts,
    polls_get,
    replies_with,
    sends_many,
    submits,
)

SDKS: Final = Chapter()

SDKS.edited(
    "ends_at_408",
    under="tinker-0.5.1",
    changes={"polling.on_408": "ends"},
    caught_by="polling.http_408",
    saying="at 0.000 s: wanted poll 2 of future 1 at 0.000 s, got nothing",
    also=(
        "callback.error_is_swallowed",
        "callback.nothing_on_completion",
        "clock.moves",
        "concurrency.a_minute_for_each_client",
        "concurrency.each_future_is_heard",
        "concurrency.each_thread_is_heard",
        "polling.back_off",
        "polling.back_off_reset",
        "polling.compressed_reply",
        "polling.error_line",
        "polling.expired_sampling",
        "polling.failure",
        "polling.header_twice",
        "polling.iteration_header",
        "polling.late_reply",
        "polling.no_utf8",
        "polling.patience",
        "polling.request_type_compute_logprobs",
        "polling.request_type_create_model",
        "polling.request_type_forward",
        "polling.request_type_forward_backward",
        "polling.request_type_load_state",
        "polling.request_type_optim_step",
        "polling.request_type_sample",
        "polling.request_type_save_state",
        "polling.request_type_save_weights_for_sampler",
        "polling.slow_reply",
        "requests.id_of_the_future",
        "trigger.malformed_408",
        "messages.any_sampling_identifier",
    ),
)


class _BacksOffAtAnEmptyBody(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        await super()._handle_error_status(response)
        if response.status_code == 408 and not response.content:
            await asyncio.sleep(1)


@SDKS.adapter(
    "backs_off_at_an_empty_408",
    under="tinker-0.38",
    caught_by="polling.http_408",
    saying="at 1.000 s: wanted poll 3 of future 1 at 0.000 s, got poll 3 of future 1 at 1.000 s",
    also=(),
    shows_in=replies_with(lambda _: False),
)
class _BacksOffAtAnEmpty408(WithPoll):
    poll = _BacksOffAtAnEmptyBody


SDKS.edited(
    "ends_at_5xx",
    under="tinker-0.5.1",
    changes={"polling.on_5xx": "ends"},
    caught_by="polling.http_5xx",
    saying="at 0.000 s: wanted poll 2 of future 1 at 0.000 s, got nothing",
    also=(
        "polling.iteration_header",
        "polling.no_utf8",
        "trigger.malformed_408",
    ),
)

SDKS.edited(
    "backs_off_at_5xx",
    under="tinker-0.38",
    changes={"polling.on_5xx": "back_off"},
    caught_by="polling.http_5xx",
    saying="at 1.000 s: wanted poll 2 of future 1 at 0.000 s, got poll 2 of future 1 at 1.000 s",
    also=("polling.no_utf8",),
)


class _SleepsAfterTryAgain(Poll):
    __slots__ = ()

    async def result(self) -> Result:
        send = self.send

        async def late(*arguments: Any, **named: Any) -> httpx.Response:
            response = await send(*arguments, **named)
            if response.status_code == 200 and b"try_again" in response.content:
                await asyncio.sleep(0.5)
            return response

        self.send = late
        return await super().result()


@SDKS.adapter(
    "waits_half_a_second_after_a_try_again",
    under="tinker-0.5.1",
    caught_by="polling.try_again",
    saying="at 0.500 s: wanted poll 2 of future 1 at 0.000 s, got poll 2 of future 1 at 0.500 s",
    also=(
        "debounce.before_1970",
        "debounce.long_uptime",
        "debounce.summer_time",
        "polling.before_1970",
        "callback.states",
        "concurrency.one_minute_for_a_client",
        "debounce.across_compute_logprobs",
        "debounce.across_futures",
        *TIMES_OF_LINES,
        "debounce.begins_at_the_line",
        "debounce.separate_clients",
        "debounce.training",
        "debounce.within_a_minute",
        "parsing.case_sensitive",
        "parsing.known_states",
        "parsing.other_words",
        "parsing.spaces_count",
        "polling.back_off_goes_on",
        "polling.try_again_line",
        "telemetry.beside_the_line",
        "debounce.any_time_of_day",
        "checkpoints.pause",
    ),
    shows_in=calls("Poll._handle_try_again"),
)
class _WaitsHalfASecondAfterATryAgain(WithPoll):
    poll = _SleepsAfterTryAgain


class _GivesUpAfterFifty(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        if self._iteration >= 50:
            raise FutureError("fifty polls are enough", official_class="ValueError", official_text="")
        await super()._handle_error_status(response)


@SDKS.adapter(
    "gives_up_after_fifty_polls",
    under="tinker-0.5.1",
    caught_by="polling.patience",
    saying="at 0.000 s: wanted 101 polls of future 1, got 51 polls of future 1",
    shows_in=sends_many(50),
)
class _GivesUpAfterFiftyPolls(WithPoll):
    poll = _GivesUpAfterFifty


SDKS.edited(
    "renames_the_iteration_header",
    under="tinker-0.5.1",
    changes={"polling.iteration_header": "X-Iteration"},
    caught_by="polling.iteration_header",
    saying="got poll 1 of future 1 without X-Tinker-Request-Iteration",
)


class _CountsFromOne(Poll):
    __slots__ = ()

    async def result(self) -> Result:
        self._iteration = 0
        return await super().result()


@SDKS.adapter(
    "counts_polls_from_one",
    under="tinker-0.5.1",
    caught_by="polling.iteration_header",
    saying="got poll 1 of future 1 with X-Tinker-Request-Iteration: 1",
)
class _CountsPollsFromOne(WithPoll):
    poll = _CountsFromOne


SDKS.edited(
    "renames_the_request_type_header",
    under="tinker-0.5.1",
    changes={"polling.type_header": "X-Type"},
    caught_by="polling.request_type_sample",
    saying="got poll 1 of future 1 without X-Tinker-Request-Type",
    also=(
        "checkpoints.into_a_new_model",
        "polling.request_type_compute_logprobs",
        "polling.request_type_create_model",
        "polling.request_type_forward",
        "polling.request_type_forward_backward",
        "polling.request_type_load_state",
        "polling.request_type_optim_step",
        "polling.request_type_save_state",
        "polling.request_type_save_weights_for_sampler",
    ),
)

SDKS.edited(
    "submits_optim_steps_to_another_path",
    under="tinker-0.5.1",
    changes={"polling.operations.optim_step.path": "/api/v1/optimizer_step"},
    caught_by="wiring.optim_step",
    saying="at 0.000 s: wanted a pause line with the identifier 'model-1', got nothing",
    also=("submissions.delays", "polling.request_type_optim_step", "requests.content_of_optim_step"),
)

SDKS.edited(
    "does_not_fetch_announced_results",
    under="tinker-0.38",
    changes={"polling.metadata_only": False},
    caught_by="polling.announced_result",
    saying="at 0.000 s: wanted 2 polls of future 1, got 1 poll of future 1",
    also=("requests.metadata_only",),
)

SDKS.edited(
    "accepts_samples_in_json",
    under="tinker-0.38",
    changes={"polling.operations.sample.result_format": "json_or_protobuf"},
    caught_by="polling.result_in_json",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
    shows_in=has_unusual_replies,
)

# -- backing off ---------------------------------------------------------------------------------

SDKS.edited(
    "starts_the_back_off_at_two_seconds",
    under="tinker-0.5.1",
    changes={"polling.back_off_base_seconds": 2.0},
    caught_by="polling.back_off",
    saying="at 2.000 s: wanted poll 2 of future 1 at 1.000 s, got poll 2 of future 1 at 2.000 s",
    also=(
        "polling.long_uptime",
        "polling.back_off_goes_on",
        "polling.back_off_reset",
        "polling.broken_reply",
        "polling.closed_connection",
        "polling.late_reply",
        "polling.refused_connection",
        "polling.short_body",
        "polling.slow_reply",
    ),
)

SDKS.edited(
    "caps_the_back_off_at_a_minute",
    under="tinker-0.5.1",
    changes={"polling.back_off_cap_seconds": 60.0},
    caught_by="polling.back_off",
    saying="at 63.000 s: wanted poll 7 of future 1 at 61.000 s, got poll 7 of future 1 at 63.000 s",
    also=(
        "polling.long_uptime",
        "polling.back_off_reset",
    ),
)


class _KeepsTheBackOff(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        errors = self._connection_errors
        await super()._handle_error_status(response)
        self._connection_errors = errors


@SDKS.adapter(
    "never_resets_the_back_off",
    under="tinker-0.5.1",
    caught_by="polling.back_off_reset",
    saying="at 7.000 s: wanted poll 5 of future 1 at 4.000 s, got poll 5 of future 1 at 7.000 s",
    also=("polling.back_off",),
    shows_in=calls("Poll._back_off"),
)
class _NeverResetsTheBackOff(WithPoll):
    poll = _KeepsTheBackOff


SDKS.edited(
    "resets_the_back_off_at_a_try_again",
    under="tinker-0.5.1",
    changes={"polling.back_off_reset_by": "any_reply"},
    caught_by="polling.back_off_goes_on",
    saying="at 4.000 s: wanted poll 5 of future 1 at 7.000 s, got poll 5 of future 1 at 4.000 s",
    shows_in=calls("Poll._back_off"),
)

SDKS.edited(
    "does_not_reset_the_back_off_at_a_try_again",
    under="tinker-0.21",
    changes={"polling.back_off_reset_by": "error_status"},
    caught_by="polling.back_off_reset_by_any_reply",
    saying="at 7.000 s: wanted poll 5 of future 1 at 4.000 s, got poll 5 of future 1 at 7.000 s",
    shows_in=calls("Poll._back_off"),
)

SDKS.edited(
    "backs_off_at_429_in_an_old_revision",
    under="tinker-0.5.1",
    changes={"polling.on_429": "back_off"},
    caught_by="polling.too_many_requests_ends",
    saying="at 7.000 s: wanted 1 poll of future 1, got 4 polls of future 1",
)

SDKS.edited(
    "polls_again_at_once_at_429",
    under="tinker-0.21",
    changes={"polling.on_429": "poll_again"},
    caught_by="polling.too_many_requests_backs_off",
    saying="at 0.000 s: wanted poll 2 of future 1 at 1.000 s, got poll 2 of future 1 at 0.000 s",
)

# -- a 400 ---------------------------------------------------------------------------------------

SDKS.edited(
    "polls_again_at_400_in_an_old_revision",
    under="tinker-0.5.1",
    changes={"polling.on_400": "poll_again"},
    caught_by="polling.bad_request_ends",
    saying="at 0.000 s: wanted 1 poll of future 1, got 8 polls of future 1",
)

SDKS.edited(
    "allows_two_retries_of_a_400",
    under="tinker-0.10",
    changes={"polling.bad_request_budget": 2},
    caught_by="polling.bad_request_budget",
    saying="at 0.000 s: wanted 8 polls of future 1, got 3 polls of future 1",
    also=("polling.bad_request_refill_by_any_408",),
)

SDKS.edited(
    "never_refills_the_retry_budget",
    under="tinker-0.10",
    changes={"polling.budget_refilled_by": "nothing"},
    caught_by="polling.bad_request_refill_by_any_408",
    saying="at 0.000 s: wanted 6 polls of future 1, got 5 polls of future 1",
    also=("polling.bad_request_budget",),
    shows_in=polls_get(400),
)

SDKS.edited(
    "refills_the_retry_budget_at_any_408",
    under="tinker-0.21",
    changes={"polling.budget_refilled_by": "any_408"},
    caught_by="polling.bad_request_refill",
    saying="at 0.000 s: wanted 5 polls of future 1, got 6 polls of future 1",
    shows_in=polls_get(400),
)

# -- an unpaid bill --------------------------------------------------------------------------------

SDKS.edited(
    "pauses_at_402_in_an_old_revision",
    under="tinker-0.5.1",
    changes={
        "polling.on_402": "billing_pause",
        "polling.billing_pause_seconds": 5.0,
        "polling.billing_limit_seconds": 3600.0,
    },
    caught_by="polling.payment_ends",
    saying="at 15.000 s: wanted 1 poll of future 1, got 4 polls of future 1",
    also=("submissions.payment_ends",),
    shows_in=gets(402),
)

SDKS.edited(
    "ends_at_402",
    under="tinker-0.38",
    changes={"polling.on_402": "ends"},
    caught_by="polling.payment_pauses",
    saying="at 5.000 s: wanted poll 2 of future 1 at 5.000 s, got nothing",
    also=(
        "submissions.payment_pauses",
        "polling.payment_forgotten",
        "polling.payment_limit",
        "polling.payment_line",
    ),
    shows_in=gets(402),
)

SDKS.edited(
    "polls_every_second_at_402",
    under="tinker-0.38",
    changes={"polling.billing_pause_seconds": 1.0},
    caught_by="polling.payment_pauses",
    saying="at 1.000 s: wanted poll 2 of future 1 at 5.000 s, got poll 2 of future 1 at 1.000 s",
    also=(
        "submissions.payment_pauses",
        "polling.payment_line",
        "session_polling.delays",
    ),
)

SDKS.edited(
    "gives_up_after_half_an_hour_of_402",
    under="tinker-0.38",
    changes={"polling.billing_limit_seconds": 1800.0},
    caught_by="polling.payment_limit",
    saying="at 1775.000 s: wanted 14 polls of future 1, got 8 polls of future 1",
    also=("polling.payment_forgotten", "polling.payment_line"),
    shows_in=gets(402),
)

SDKS.edited(
    "never_resets_the_time_of_a_402",
    under="tinker-0.38",
    changes={"polling.billing_forgotten_seconds": 1e6},
    caught_by="polling.payment_forgotten",
    saying="at 5.000 s: wanted 3 polls of future 1, got 2 polls of future 1",
)

SDKS.edited(
    "resets_the_time_of_a_402_after_six_minutes",
    under="tinker-0.38",
    changes={"polling.billing_forgotten_seconds": 360.0},
    caught_by="polling.payment_forgotten",
    saying="wanted 15 polls of future 1, got 14 polls of future 1",
)

SDKS.edited(
    "logs_every_402",
    under="tinker-0.38",
    changes={"polling.billing_line_seconds": 0.0},
    caught_by="polling.payment_line",
    saying="got the line \"The job is paused due to billing status. Error: Error code: 402 - {'de",
)

SDKS.edited(
    "does_not_log_402",
    under="tinker-0.10",
    changes={"polling.lines.billing_pause": ""},
    caught_by="polling.payment_line",
    saying="s. Error: Error code: 402 - {'detail': 'unpaid'}\" at 0.000 s, level warning, got nothing",
)

SDKS.edited(
    "rewords_the_402_timeout",
    under="tinker-0.10",
    changes={"polling.lines.billing_abort": "The billing status did not change for {seconds} seconds."},
    caught_by="polling.payment_line",
    saying="got the line 'The billing status did not change for 3835.0 seconds.' at 3835.000 s, ",
)

# -- a future that is gone -----------------------------------------------------------------------

SDKS.edited(
    "polls_again_at_410",
    under="tinker-0.5.1",
    changes={"polling.on_410": "poll_again"},
    caught_by="polling.expired_training",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
    also=(
        "polling.expired_creation",
        "polling.expired_delay",
        "polling.expired_sampling",
    ),
)

SDKS.edited(
    "does_not_resubmit_samples",
    under="tinker-0.5.1",
    changes={"polling.expired.sampling": "raises"},
    caught_by="polling.expired_sampling",
    saying="got future 1 submitted 1 time to /api/v1/asample",
    also=(
        "submissions.after_five_minutes",
        "polling.error_line",
        "polling.expired_delay",
        "polling.gives_up",
        "polling.status_line",
    ),
)


@SDKS.adapter(
    "does_not_ask_for_log_probabilities_again",
    under="tinker-0.38",
    caught_by="polling.expired_sampling",
    saying="got future 1 submitted 1 time to /api/v1/asample",
    shows_in=submits(Operation.COMPUTE_LOGPROBS),
)
class _DoesNotAskForLogProbabilitiesAgain(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        service: Any = self._service
        if call.operation is Operation.COMPUTE_LOGPROBS:
            polling = service.profile.polling
            ends = msgspec.structs.replace(polling.expired, sampling=OnExpired.RAISES)
            polling = msgspec.structs.replace(polling, expired=ends)
            service.profile = msgspec.structs.replace(service.profile, polling=polling)
        await super().run(client, call)


@SDKS.adapter(
    "resubmits_training",
    under="tinker-0.38",
    caught_by="polling.expired_training",
    saying="at 0.100 s: wanted 1 poll of future 1, got 2 polls of future 1",
    shows_in=ends_in(OutcomeKind.EXPIRED),
)
class _ResubmitsTraining(ReferenceAdapter):
    resubmitted = frozenset(Operation) - {Operation.CREATE_MODEL}

    async def run(self, client: object, call: OperationCall) -> None:
        try:
            await super().run(client, call)
        except FutureError as error:
            if error.kind is not ErrorKind.EXPIRED or call.operation not in self.resubmitted:
                raise
            await super().run(client, call)


@SDKS.adapter(
    "resubmits_the_creation_of_a_model",
    under="tinker-0.5.1",
    caught_by="polling.expired_creation",
    saying="at 0.100 s: wanted 1 poll of future 1, got 2 polls of future 1",
    shows_in=ends_in(OutcomeKind.EXPIRED),
)
class _ResubmitsTheCreationOfAModel(_ResubmitsTraining):
    resubmitted = frozenset({Operation.CREATE_MODEL})


SDKS.edited(
    "resubmits_a_sample_after_a_second",
    under="tinker-0.5.1",
    changes={"polling.expired.delay_base_seconds": 1.0},
    caught_by="polling.expired_delay",
    saying="submission 1 after a 410 within 0.375 to 0.625 s",
    also=("submissions.after_five_minutes",),
)

SDKS.edited(
    "caps_the_resubmission_delay_at_a_minute",
    under="tinker-0.38",
    changes={"polling.expired.delay_cap_seconds": 60.0},
    caught_by="polling.expired_delay",
    saying="submission 6 after a 410 within 7.500 to 10.000 s",
)

SDKS.edited(
    "resubmits_a_sample_without_jitter",
    under="tinker-0.5.1",
    changes={"polling.expired.jitter": 0.0},
    caught_by="polling.expired_delay",
    saying="wanted delays with jitter, got delays without jitter",
)

SDKS.edited(
    "gives_up_after_half_an_hour",
    under="tinker-0.5.1",
    changes={"polling.expired.stalled_after_seconds": 1800.0},
    caught_by="polling.gives_up",
    saying="got 'error' (FutureError: no sample succeeded in 1800.0 s; check that the server is",
    shows_in=lasts(1800),
)

SDKS.edited(
    "gives_up_after_119_minutes",
    under="tinker-0.38",
    changes={"polling.expired.stalled_after_seconds": 7140.0},
    caught_by="polling.gives_up",
    saying="got 'error' (FutureError: no sample succeeded in 7140.0 s; check that the server is",
    shows_in=lasts(7140),
)
