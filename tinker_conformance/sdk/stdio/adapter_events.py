"""What an adapter tells, as events of a timeline."""

from __future__ import annotations

from collections.abc import Callable

from tinker_conformance.sdk.server_events import MAX_TEXT, FutureKey
from tinker_conformance.sdk.stdio.protocol_messages import (
    LogLine,
    ObserverCalled,
    OutcomeTold,
    TelemetryEmitted,
)
from tinker_conformance.timeline import Callback, Event, Log, Outcome, Telemetry


def event_of(
    told: LogLine | ObserverCalled | TelemetryEmitted | OutcomeTold, key: FutureKey
) -> Callable[[float], Event]:
    """Makes the event once its time is known; texts are cut to `MAX_TEXT` characters."""

    def make(at: float) -> Event:
        match told:
            case LogLine():
                return Log(
                    at=at,
                    client=key.client,
                    future=key.future,
                    level=told.level,
                    logger=told.logger[:MAX_TEXT],
                    message=told.message[:MAX_TEXT],
                )
            case ObserverCalled():
                return Callback(
                    at=at,
                    client=key.client,
                    future=key.future,
                    state=told.state[:MAX_TEXT],
                    reason=None if told.reason is None else told.reason[:MAX_TEXT],
                    custom=told.custom,
                )
            case TelemetryEmitted():
                return Telemetry(
                    at=at,
                    client=key.client,
                    future=key.future,
                    name=told.name[:MAX_TEXT],
                    data=told.data,
                )
            case OutcomeTold():
                return Outcome(
                    at=at,
                    client=key.client,
                    future=key.future,
                    kind=told.kind,
                    error=None if told.error is None else told.error[:MAX_TEXT],
                    value=told.value,
                )

    return make
