"""SDKs that give futures up wrongly."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from tinker_conformance.reference.clients import TrainingClient
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.session_poller import SessionPoller
from tinker_conformance.scenario.scenario import ClientSpec
from tinker_conformance.sdk.adapter import OperationCall
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import OutcomeKind

from .declaration import Chapter
from .patches import WithSessionPoller
from .shows_in import ends_in, has_a_timeout

SDKS: Final = Chapter()
_UNDER: Final = "tinker-0.38"
_NOTHING_SENT: Final = ("cancellation.sent_again", "cancellation.others_go_on")

SDKS.edited(
    "sends_no_cancellations",
    under=_UNDER,
    changes={"polling.cancellation.flag": "cancel_enabled"},
    caught_by="cancellation.sent",
    saying="wanted cancellation 1 of future-1, got nothing",
    also=_NOTHING_SENT,
)
SDKS.edited(
    "sends_cancellations_elsewhere",
    under=_UNDER,
    changes={"polling.cancellation.path": "/api/v1/cancel"},
    caught_by="cancellation.sent",
    saying="wanted cancellation 1 of future-1, got nothing",
    also=_NOTHING_SENT,
)
SDKS.edited(
    "sends_cancellations_again_too_soon",
    under=_UNDER,
    changes={"polling.cancellation.retries": "quick_only"},
    caught_by="cancellation.sent_again",
    saying="wanted cancellation 2 of future-1 at 26.000 s, got cancellation 2 of future-1 at 25.",
)


@SDKS.adapter(
    "polls_on_what_is_given_up",
    under=_UNDER,
    caught_by="cancellation.stops_polling",
    saying="wanted 4 polls of future 1, got 8 polls of future 1",
    also=("cancellation.sent", *_NOTHING_SENT),
    shows_in=has_a_timeout,
)
class _PollsOnWhatIsGivenUp(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        await super().run(client, msgspec.structs.replace(call, cancels=False))


@SDKS.adapter(
    "sends_cancellations_of_training",
    under=_UNDER,
    caught_by="cancellation.not_of_training",
    saying="wanted nothing, got cancellation 1 of future-1",
    shows_in=has_a_timeout,
)
class _SendsCancellationsOfTraining(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        try:
            await super().run(client, call)
        except FutureError:
            service: Any = self._service
            if call.cancels and isinstance(client, TrainingClient):
                service._cancel_on_server(f"future-{call.future}")
            raise


@SDKS.adapter(
    "sends_cancellations_unasked",
    under=_UNDER,
    caught_by="cancellation.not_sent",
    saying="wanted nothing, got cancellation 1 of future-1",
    shows_in=ends_in(OutcomeKind.TIMEOUT, OutcomeKind.ERROR, OutcomeKind.EXPIRED),
)
class _SendsCancellationsUnasked(ReferenceAdapter):
    async def create_client(self, spec: ClientSpec) -> Any:
        made = await super().create_client(spec)
        service: Any = self._service
        service._dynamic_config = {"sample_cancel_enabled": True}
        return made


class _GivesUpTogether(SessionPoller):
    __slots__ = ()

    async def wait_for(self, request_id: str) -> int:
        try:
            return await super().wait_for(request_id)
        except asyncio.CancelledError:
            self._fail("CancelledError: ")
            raise


@SDKS.adapter(
    "gives_up_a_session_with_one_of_its_samples",
    under=_UNDER,
    caught_by="cancellation.others_go_on",
    saying="wanted future 2 to end in 'result', got 'error'",
)
class _GivesUpASessionWithOneOfItsSamples(WithSessionPoller):
    poller = _GivesUpTogether
