"""SDKs whose futures end with a wrong outcome, at a wrong time or with a wrong log line."""

from __future__ import annotations

from typing import Final

import httpx
import msgspec

from fake_server.core.operations import Operation
from tinker_conformance.reference.failures import ErrorKind, FutureError, error_kind
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result, json_or_none
from tinker_conformance.sdk.adapter import OperationCall
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import OutcomeKind

from .declaration import Chapter
from .patches import WithPoll
from .shows_in import ends_in, has_a_timeout, has_unusual_replies

SDKS: Final = Chapter()


@SDKS.adapter(
    "reports_a_failure_as_an_error",
    under="tinker-0.5.1",
    caught_by="polling.failure",
    saying="got 'error' (FutureError: the server failed forward_backward (future-1): the ",
    also=("checkpoints.failure",),
)
class _ReportsAFailureAsAnError(ReferenceAdapter):
    def classify(self, error: BaseException) -> OutcomeKind:
        failed = error_kind(error) is ErrorKind.FAILED
        return OutcomeKind.ERROR if failed else super().classify(error)


@SDKS.adapter(
    "resubmits_after_a_failure",
    under="tinker-0.5.1",
    caught_by="polling.failure",
    saying="got 'error' (FutureError: POST /api/v1/forward_backward was not accepted: ",
    also=(
        "polling.error_line",
        "polling.failure_time",
        "requests.client_of_a_sample",
        "requests.client_of_training",
        "requests.content_of_a_sample",
        "requests.content_of_forward_backward",
        "requests.numbers_of_samples",
        "requests.numbers_of_training",
        "checkpoints.failure",
    ),
    shows_in=ends_in(OutcomeKind.FAILED),
)
class _ResubmitsAfterAFailure(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        try:
            await super().run(client, call)
        except FutureError as error:
            if error.kind is not ErrorKind.FAILED:
                raise
            await super().run(client, call)


SDKS.edited(
    "polls_again_at_a_fatal_status",
    under="tinker-0.5.1",
    changes={"polling.on_other": "poll_again"},
    caught_by="polling.fatal_status",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
    also=(
        "callback.error_is_swallowed",
        "polling.status_line",
    ),
)

SDKS.edited(
    "polls_again_at_an_unusable_body",
    under="tinker-0.5.1",
    changes={"polling.unusable_body": "poll_again"},
    caught_by="polling.malformed_result",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
    also=(
        "polling.failure_time",
        "polling.incomplete_result",
        "polling.no_utf8_in_200",
    ),
)

SDKS.edited(
    "accepts_saved_weights_without_a_path",
    under="tinker-0.5.1",
    changes={"polling.operations.save_state.required": []},
    caught_by="polling.incomplete_result",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
    also=("polling.failure_time",),
)

SDKS.edited(
    "accepts_sampler_weights_without_a_path",
    under="tinker-0.5.1",
    changes={"polling.operations.save_weights_for_sampler.asserted": []},
    caught_by="polling.incomplete_result",
    saying="at 0.100 s: wanted future 2 to end in 'error', got 'result'",
)

SDKS.edited(
    "takes_results_without_their_keys",
    under="tinker-0.5.1",
    changes={
        f"polling.operations.{operation}.{key}": []
        for operation in ("sample", "compute_logprobs", "forward", "forward_backward")
        for key in ("required", "asserted")
    },
    caught_by="polling.incomplete_result",
    saying="wanted future 1 to end in 'error', got 'result'",
    shows_in=has_unusual_replies,
)


class _AsksForTheIdAgain(Poll):
    __slots__ = ()

    def _handle_success(self, response: httpx.Response) -> Result | None:
        body = json_or_none(response)
        missing = self.future.operation is Operation.CREATE_MODEL and body == {}
        return None if missing else super()._handle_success(response)


@SDKS.adapter(
    "polls_again_for_the_id_of_a_model",
    under="tinker-0.38",
    caught_by="polling.incomplete_result",
    saying="wanted 1 poll of future 1, got 2 polls of future 1",
    shows_in=has_unusual_replies,
)
class _PollsAgainForTheIdOfAModel(WithPoll):
    poll = _AsksForTheIdAgain


SDKS.edited(
    "takes_external_weights_without_a_path",
    under="tinker-0.38",
    changes={"polling.operations.save_weights_external.asserted": []},
    caught_by="polling.incomplete_result",
    saying="wanted future 1 to end in 'error', got 'result'",
)

SDKS.edited(
    "accepts_every_result_in_json",
    under="tinker-0.38",
    changes={
        f"polling.operations.{operation}.result_format": "json_or_protobuf"
        for operation in ("sample", "compute_logprobs", "forward", "forward_backward")
    },
    caught_by="polling.result_in_json",
    saying="at 0.000 s: wanted future 1 to end in 'error', got 'result'",
    shows_in=has_unusual_replies,
)

SDKS.edited(
    "raises_late_about_a_missing_path",
    under="tinker-0.5.1",
    changes={"polling.operations.save_weights_for_sampler.assertion_drains": True},
    caught_by="polling.failure_time",
    saying="at 0.200 s: wanted future 2 to end at 0.100 s, got its end at 0.200 s",
)

SDKS.edited(
    "raises_failures_at_once",
    under="tinker-0.5.1",
    changes={"polling.failure_drain_seconds": 0.0},
    caught_by="polling.failure_time",
    saying="at 0.000 s: wanted future 1 to end at 0.100 s, got its end at 0.000 s",
    also=(),
)


@SDKS.adapter(
    "ignores_the_callers_timeout",
    under="tinker-0.5.1",
    caught_by="polling.caller_timeout",
    saying="at 54.500 s: wanted future 1 to end in 'timeout', got 'result'",
    shows_in=has_a_timeout,
)
class _IgnoresTheCallersTimeout(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        await super().run(client, msgspec.structs.replace(call, timeout=None))


SDKS.edited(
    "stops_polling_at_the_callers_timeout",
    under="tinker-0.5.1",
    changes={"polling.wait_timeout": "cancels_poll"},
    caught_by="polling.goes_on_after_the_wait",
    saying="at 1.000 s: wanted 3 polls of future 1, got 2 polls of future 1",
)

# -- lines -----------------------------------------------------------------------------------------

SDKS.edited(
    "does_not_log_a_try_again",
    under="tinker-0.5.1",
    changes={"polling.lines.try_again": ""},
    caught_by="polling.try_again_line",
    saying="anted a line about a retry after try_again at 0.000 s, level warning, got nothing",
)

SDKS.edited(
    "does_not_log_a_failed_sample",
    under="tinker-0.5.1",
    changes={"polling.lines.non_retryable": ""},
    caught_by="polling.error_line",
    saying="expected type self.model_cls=<class 'tinker.SampleResponse'>\", got nothing",
    also=("polling.status_line",),
)

SDKS.edited(
    "raises_an_older_class_for_a_failure",
    under="tinker-0.5.1",
    changes={"polling.failure_class": "ValueError"},
    caught_by="polling.error_line",
    saying='got the line "Request failed with non-retryable error: ValueError: ',
)

SDKS.edited(
    "rewords_a_failure",
    under="tinker-0.5.1",
    changes={"polling.lines.failure_error": "Failed: {error}"},
    caught_by="polling.error_line",
    saying="got the line 'Request failed with non-retryable error: RequestFailedError: Failed: ",
)

SDKS.edited(
    "rewords_a_fatal_status",
    under="tinker-0.5.1",
    changes={"polling.lines.status_error": "Status {status}: {detail}"},
    caught_by="polling.status_line",
    saying='got the line "Request failed with non-retryable error: ValueError: Status 403: Error',
)

SDKS.edited(
    "names_another_result_class",
    under="tinker-0.5.1",
    changes={"polling.operations.sample.result_class": "<class 'Sample'>"},
    caught_by="polling.status_line",
    saying='got the line "Request failed with non-retryable error: ValueError: Error retrieving ',
    also=("polling.error_line",),
)

SDKS.edited(
    "rewords_the_exhausted_budget",
    under="tinker-0.21",
    changes={"polling.lines.budget_error": "Too many bad requests: {detail}"},
    caught_by="polling.budget_line",
    saying='got the line "Request failed with non-retryable error: ValueError: Too many bad requ',
)
