"""SDKs whose requests say the wrong thing: no key, another client's name, a number again."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from tinker_conformance.sdk.adapter import ScenarioContext

from .declaration import Chapter, ShowsSomewhere
from .shows_in import has_a_base_path, polls, sends, several_clients
from .unbroken import Unbroken

SDKS: Final = Chapter()


_OF_ANY_CREATION: Final = (
    "polling.announced_result",
    "polling.back_off",
    "polling.back_off_goes_on",
    "polling.back_off_reset",
    "polling.bad_request_budget",
    "polling.bad_request_refill_by_any_408",
    "polling.broken_reply",
    "polling.caller_timeout",
    "polling.closed_connection",
    "polling.failure",
    "polling.failure_time",
    "polling.fatal_status",
    "polling.goes_on_after_the_wait",
    "polling.http_408",
    "polling.http_5xx",
    "polling.incomplete_result",
    "polling.iteration_header",
    "polling.late_reply",
    "polling.malformed_result",
    "polling.no_utf8",
    "polling.no_utf8_in_200",
    "polling.patience",
    "polling.payment_forgotten",
    "polling.payment_limit",
    "polling.payment_line",
    "polling.payment_pauses",
    "polling.redirect",
    "polling.read_timeout",
    "polling.refused_connection",
    "polling.short_body",
    "polling.slow_reply",
    "polling.too_many_requests_ends",
    "polling.try_again",
    "polling.try_again_line",
)
"""Requirements that poll a creation among others: without its base model, a creation is not polled at all."""


class _Altered(ShowsSomewhere):
    """The reference, whose requests are changed just before they are sent."""

    paths: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return sends(*cls.paths)(unbroken)

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        send = service._send

        async def altered(url: str, *, json: Any, headers: Any, **more: Any) -> Any:
            if url.rpartition("/")[2] in self.paths:
                json, headers = self.alter(dict(json), dict(headers))
            return await send(url, json=json, headers=headers, **more)

        service._send = altered

    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        """Return the body and the headers to send."""
        raise NotImplementedError


class _WithoutAKey(_Altered):
    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        return body, {**headers, "X-API-Key": "another"}


@SDKS.adapter(
    "polls_samples_without_the_api_key",
    under="tinker-0.5.1",
    caught_by="requests.api_key",
    saying="wanted retrieve_future with the API key in x-api-key, got retrieve_future with no API key",
    also=("requests.api_key_of_training",),
)
class _PollsWithoutTheKey(_WithoutAKey):
    paths = ("retrieve_future",)


@SDKS.adapter(
    "submits_training_without_the_api_key",
    under="tinker-0.38",
    caught_by="requests.api_key_of_training",
    saying="wanted forward_backward with the API key in x-api-key, got forward_backward with no API key",
)
class _SubmitsTrainingWithoutTheKey(_WithoutAKey):
    paths = ("forward_backward",)


class _AtTheRoot(ShowsSomewhere):
    """The reference, which sends some requests to the root of the server."""

    paths: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return has_a_base_path(unbroken)

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        send = service._send

        async def moved(url: str, **more: Any) -> Any:
            path = url.rpartition("/")[2]
            if path in self.paths:
                url = f"{urllib.parse.urljoin(context.base_url, '/')}api/v1/{path}"
            return await send(url, **more)

        service._send = moved


@SDKS.adapter(
    "polls_at_the_root_of_the_server",
    under="tinker-0.5.1",
    caught_by="requests.base_path",
    saying="wanted retrieve_future at /team/tinker/api/v1/retrieve_future, got retrieve_future at /api/v1/",
)
class _PollsAtTheRoot(_AtTheRoot):
    paths = ("retrieve_future",)


@SDKS.adapter(
    "creates_sessions_at_the_root_of_the_server",
    under="tinker-0.38",
    caught_by="requests.base_path",
    saying="wanted nothing, got create_session at /api/v1/create_session",
)
class _CreatesSessionsAtTheRoot(_AtTheRoot):
    paths = ("create_session",)


class _Replaced(_Altered):
    """The reference with other values in some fields; None leaves a field out."""

    values: ClassVar[Mapping[str, object]] = {}

    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        changed = {**body, **self.values}
        return {key: value for key, value in changed.items() if value is not None}, headers


class _FirstOnes(_Altered):
    """The reference, which goes on with the first value that it sent in a field."""

    field: ClassVar[str]

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return several_clients()(unbroken) and super().shows_in(unbroken)

    async def open(self, context: ScenarioContext) -> None:
        # Two threads may send at once, and only one of them is the first.
        self._first: dict[str, object] = {}
        await super().open(context)

    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        return {**body, self.field: self._first.setdefault(self.field, body[self.field])}, headers


@SDKS.adapter(
    "samples_from_the_first_session",
    under="tinker-0.5.1",
    caught_by="requests.client_of_a_sample",
    saying="'sampler-b', got asample 2 with sampling_session_id 'sampler-a'",
    also=(
        "concurrency.a_minute_for_each_client",
        "debounce.separate_clients",
        "requests.numbers_of_samples",
    ),
    sometimes=("concurrency.clients_on_threads",),
)
class _SamplesFromTheFirstSession(_FirstOnes):
    paths = ("asample",)
    field = "sampling_session_id"


@SDKS.adapter(
    "trains_the_first_model",
    under="tinker-0.38",
    caught_by="requests.client_of_training",
    saying="'model-b', got forward_backward 2 with model_id 'model-a'",
    also=(
        "debounce.separate_training_clients",
        "requests.numbers_of_training",
    ),
)
class _TrainsTheFirstModel(_FirstOnes):
    paths = ("forward_backward",)
    field = "model_id"


@SDKS.adapter(
    "creates_without_a_base_model",
    under="tinker-0.10",
    caught_by="requests.base_model_of_a_creation",
    saying="wanted create_model 1 with base_model 'Qwen/Qwen3-8B', got nothing",
    also=(
        "polling.before_1970",
        "polling.long_uptime",
        "requests.base_path",
        "requests.id_of_the_future",
        "submissions.after_ten_retries",
        "submissions.delays",
        "submissions.empty_bad_request",
        "submissions.malformed",
        "submissions.payment_pauses",
        "submissions.redirect",
        "submissions.refused",
        "submissions.retry_after",
        "submissions.sent_again",
        "submissions.should_retry",
        *_OF_ANY_CREATION,
        "polling.expired_creation",
        "polling.request_type_create_model",
        "wiring.create_model",
        "checkpoints.into_a_new_model",
    ),
)
class _CreatesWithoutABaseModel(_Replaced):
    paths = ("create_model",)
    values: ClassVar = {"base_model": None}


@SDKS.adapter(
    "numbers_samples_downwards",
    under="tinker-0.7",
    caught_by="requests.numbers_of_samples",
    saying="wanted asample 3 with a greater seq_id, got asample 3 with the seq_id 999 after 1000",
)
class _NumbersSamplesDownwards(_Altered):
    paths = ("asample",)

    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        return {**body, "seq_id": 1000 - body["seq_id"]}, headers


@SDKS.adapter(
    "does_not_number_training",
    under="tinker-0.5.1",
    caught_by="requests.numbers_of_training",
    saying="wanted forward_backward 1 with a seq_id, got forward_backward 1 without a seq_id",
)
class _DoesNotNumberTraining(_Replaced):
    paths = ("forward_backward",)
    values: ClassVar = {"seq_id": None}


@SDKS.adapter(
    "samples_without_a_prompt",
    under="tinker-0.38",
    caught_by="requests.content_of_a_sample",
    saying="wanted asample 1 with prompt of tokens, got asample 1 with prompt without tokens",
    also=("requests.content_of_compute_logprobs",),
)
class _SamplesWithoutAPrompt(_Replaced):
    paths = ("asample",)
    values: ClassVar = {"prompt": {"chunks": []}}


@SDKS.adapter(
    "does_not_ask_for_logprobs",
    under="tinker-0.5.1",
    caught_by="requests.content_of_compute_logprobs",
    saying="wanted asample 1 with prompt_logprobs true, got asample 1 with prompt_logprobs false",
    also=(
        "submissions.delays",
        "polling.expired_sampling",
        "polling.incomplete_result",
        "polling.request_type_compute_logprobs",
        "wiring.compute_logprobs",
    ),
)
class _DoesNotAskForLogprobs(_Replaced):
    paths = ("asample",)
    values: ClassVar = {"prompt_logprobs": False}


@SDKS.adapter(
    "leaves_the_loss_out",
    under="tinker-0.5.1",
    caught_by="requests.content_of_forward_backward",
    saying='with loss_fn "cross_entropy", got forward_backward 1 with loss_fn null',
)
class _LeavesTheLossOut(_Replaced):
    paths = ("forward_backward",)
    values: ClassVar = {"forward_backward_input": {"data": []}}


class _SendsEachDatumTwice(_Altered):
    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        for field in ("forward_input", "forward_backward_input"):
            if field in body:
                body = {**body, field: {**body[field], "data": [*body[field]["data"], *body[field]["data"]]}}
        return body, headers


@SDKS.adapter(
    "trains_on_each_datum_twice",
    under="tinker-0.5.1",
    caught_by="requests.content_of_forward_backward",
    saying="with data each once, got forward_backward 1 with data more than once",
)
class _TrainsOnEachDatumTwice(_SendsEachDatumTwice):
    paths = ("forward_backward",)


@SDKS.adapter(
    "evaluates_each_datum_twice",
    under="tinker-0.10",
    caught_by="requests.content_of_forward",
    saying="wanted forward 1 with data each once, got forward 1 with data more than once",
)
class _EvaluatesEachDatumTwice(_SendsEachDatumTwice):
    paths = ("forward",)


@SDKS.adapter(
    "runs_forward_with_a_backward_pass",
    under="tinker-0.38",
    caught_by="requests.content_of_forward",
    saying="wanted forward_backward 1 with forward_only true, got forward_backward 1 with forward_only false",
    also=(
        "submissions.delays",
        "polling.incomplete_result",
        "polling.result_in_json",
        "polling.request_type_forward",
        "wiring.forward",
    ),
)
class _RunsForwardWithABackwardPass(_Replaced):
    paths = ("forward_backward",)
    values: ClassVar = {"forward_only": False}


@SDKS.adapter(
    "steps_without_parameters",
    under="tinker-0.21",
    caught_by="requests.content_of_optim_step",
    saying="wanted optim_step 1 with adam_params as an object, got optim_step 1 with adam_params as null",
)
class _StepsWithoutParameters(_Replaced):
    paths = ("optim_step",)
    values: ClassVar = {"adam_params": None}


@SDKS.adapter(
    "loads_the_optimizer_unasked",
    under="tinker-0.10",
    caught_by="requests.content_of_load_state",
    saying="wanted load_weights 1 with optimizer false, got load_weights 1 with optimizer true",
    also=("checkpoints.optimizer",),
)
class _LoadsTheOptimizerUnasked(_Replaced):
    paths = ("load_weights",)
    values: ClassVar = {"optimizer": True}


class _ChangesTheId(_Altered):
    paths = ("retrieve_future",)

    @staticmethod
    def changed(identifier: str) -> str:
        """Return the id that is sent instead."""
        raise NotImplementedError

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return polls(lambda identifier: cls.changed(identifier) != identifier)(unbroken)

    def alter(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Any, Any]:
        return {**body, "request_id": self.changed(body["request_id"])}, headers


@SDKS.adapter(
    "cuts_the_ids_of_futures",
    under="tinker-0.5.1",
    caught_by="requests.id_of_the_future",
    saying="at 0.000 s: wanted retrieve_future 1 of",
)
class _CutsTheIds(_ChangesTheId):
    @staticmethod
    def changed(identifier: str) -> str:
        return identifier[:36]


@SDKS.adapter(
    "trims_the_ids_of_futures",
    under="tinker-0.38",
    caught_by="requests.id_of_the_future",
    saying="at 0.000 s: wanted retrieve_future 1 of",
)
class _TrimsTheIds(_ChangesTheId):
    @staticmethod
    def changed(identifier: str) -> str:
        return identifier.strip()


@SDKS.adapter(
    "never_takes_metadata_alone",
    under="tinker-0.38",
    caught_by="requests.metadata_only",
    saying="with allow_metadata_only true, got retrieve_future 1 with allow_metadata_only false",
)
class _NeverTakesMetadataAlone(_Replaced):
    paths = ("retrieve_future",)
    values: ClassVar = {"allow_metadata_only": False}
