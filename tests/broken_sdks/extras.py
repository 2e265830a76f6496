"""SDKs with wrong public functions, custom observers or telemetry."""

from __future__ import annotations

from typing import Any, Final

from tinker_conformance.profile.profile import ObserverError
from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.scenario import ObserverUse
from tinker_conformance.sdk.adapter import OperationCall, ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import Chapter
from .patches import WithPoll
from .shows_in import observed_by

SDKS: Final = Chapter()


@SDKS.adapter(
    "uses_sampling_reasons_for_every_client",
    under="tinker-0.5.1",
    caught_by="functions.reason_for_state",
    saying="got 'concurrent LoRA rate limit hit'",
)
class _UsesSamplingReasonsForEveryClient(ReferenceAdapter):
    def call(self, function: str, arguments: list[object]) -> object:
        if function == "reason_for_state":
            arguments = [arguments[0], "sampling"]
        return super().call(function, arguments)


@SDKS.adapter(
    "ignores_the_interval_argument",
    under="tinker-0.5.1",
    caught_by="functions.should_log",
    saying="at 0.000 s: wanted should_log(-30, 30) to return True, got False",
)
class _IgnoresTheIntervalArgument(ReferenceAdapter):
    def call(self, function: str, arguments: list[object]) -> object:
        return super().call(function, arguments[:1] if function == "should_log" else arguments)


@SDKS.adapter(
    "logs_active_when_called",
    under="tinkex-seed",
    caught_by="functions.log_state_change",
    saying="got the line 'Sampling is paused for session-123. Reason: unknown'",
)
class _LogsActiveWhenCalled(ReferenceAdapter):
    def call(self, function: str, arguments: list[object]) -> object:
        if function == "log_state_change" and arguments[0] == "active":
            arguments = ["unknown", *arguments[1:]]
        return super().call(function, arguments)


@SDKS.adapter(
    "parses_null_as_active",
    under="tinker-0.5.1",
    caught_by="functions.parse_queue_state",
    saying="at 0.000 s: wanted parse_queue_state(None) to return 'unknown', got 'active'",
)
class _ParsesNullAsActive(ReferenceAdapter):
    def call(self, function: str, arguments: list[object]) -> object:
        if function == "parse_queue_state" and arguments == [None]:
            return "active"
        return super().call(function, arguments)


@SDKS.adapter(
    "ignores_the_callers_observer",
    under="tinkex-seed",
    caught_by="custom_observer.replaces_client",
    saying="at 0.000 s: wanted the caller's observer notified of 'paused_capacity' at 0.000 s, got nothing",
    shows_in=observed_by(ObserverUse.CUSTOM, ObserverUse.RAISING, ObserverUse.NONE),
)
class _IgnoresTheCallersObserver(ReferenceAdapter):
    async def run(self, client: object, call: OperationCall) -> None:
        own = OperationCall(
            operation=call.operation, observer=ObserverUse.DEFAULT, timeout=call.timeout, future=call.future
        )
        await super().run(client, own)


SDKS.edited(
    "rejects_the_callers_observer",
    under="tinkex-seed",
    changes={"observer.custom_observer": "unsupported"},
    caught_by="custom_observer.replaces_client",
    saying="at 0.000 s: wanted the caller's observer notified of 'paused_capacity' at 0.000 s, got nothing",
)


class _NotifiesTwoObservers(Poll):
    __slots__ = ()
    own: Any = None

    def _notify(self, state: QueueState, reason: object, on_error: ObserverError) -> None:
        super()._notify(state, reason, on_error)
        if not isinstance(self.observer, ClientObserver) and type(self).own is not None:
            type(self).own.on_queue_state_change(state, reason)


@SDKS.adapter(
    "notifies_both_observers",
    under="tinkex-seed",
    caught_by="custom_observer.replaces_client",
    saying="got the line 'Sampling is paused for sampler-1. Reason: out of capacity'",
    shows_in=observed_by(ObserverUse.CUSTOM),
)
class _NotifiesBothObservers(WithPoll):
    poll = _NotifiesTwoObservers

    async def open(self, context: ScenarioContext) -> None:
        _NotifiesTwoObservers.own = None
        await super().open(context)

    async def run(self, client: object, call: OperationCall) -> None:
        _NotifiesTwoObservers.own = getattr(client, "observer", None)
        await super().run(client, call)


SDKS.edited(
    "sends_no_telemetry",
    under="tinker-0.5.1",
    changes={"observer.telemetry": "none"},
    caught_by="telemetry.beside_the_line",
    saying="at 0.000 s: wanted a telemetry event at 0.000 s, got nothing",
)
