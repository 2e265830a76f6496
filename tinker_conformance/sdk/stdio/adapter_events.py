"""Convert an adapter's messages into events of a timeline."""

from __future__ import annotations

from collections.abc import Callable

from tinker_conformance.sdk.server_events import MAX_TEXT, FutureKey
from tinker_conformance.sdk.stdio.protocol_messages import (
    LogLine,
    ObserverCalled,
    OutcomeReported,
    TelemetryEmitted,
)
from tinker_conformance.timeline import Callback, Event, Log, Outcome, Telemetry


def event_of(
    message: LogLine | ObserverCalled | TelemetryEmitted | OutcomeReported, key: FutureKey
) -> Callable[[float], Event]:
    """Return a function that takes a time, in virtual seconds, and returns the event at that time.

    Texts are cut to `MAX_TEXT` characters.
    """

    def make(at: float) -> Event:
        match message:
            case LogLine():
                return Log(
                    at=at,
                    client=key.client,
                    future=key.future,
                    level=message.level,
                    logger=message.logger[:MAX_TEXT],
                    message=message.message[:MAX_TEXT],
                )
            case ObserverCalled():
                return Callback(
                    at=at,
                    client=key.client,
                    future=key.future,
                    state=message.state[:MAX_TEXT],
                    reason=None if message.reason is None else message.reason[:MAX_TEXT],
                    custom=message.custom,
                )
            case TelemetryEmitted():
                return Telemetry(
                    at=at,
                    client=key.client,
                    future=key.future,
                    name=message.name[:MAX_TEXT],
                    data=message.data,
                )
            case OutcomeReported():
                return Outcome(
                    at=at,
                    client=key.client,
                    future=key.future,
                    kind=message.kind,
                    error=None if message.error is None else message.error[:MAX_TEXT],
                    value=message.value,
                )

    return make
