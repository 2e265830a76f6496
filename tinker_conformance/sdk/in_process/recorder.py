"""Record the timeline of a scenario that runs in this process.

Events come from the fake server (requests, responses, clock steps), from `logging`, and from the adapter
(observer calls, telemetry). A context variable says to which future an observer call or a log line belongs.
The worker sets it where it submits an operation, and asyncio carries it into the SDK's own loop and tasks.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Final

from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.engine.listener import Poll, Submission
from fake_server.script.steps import Advance
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.sdk.future_numbers import FutureNumbers
from tinker_conformance.sdk.real_gaps import RealGaps
from tinker_conformance.sdk.server_events import (
    MAX_EVENTS,
    MAX_TEXT,
    NO_FUTURE,
    FutureKey,
    advance_event,
    poll_event,
    refusal_event,
    response_event,
    setup_events,
    sleep_event,
    submission_event,
)
from tinker_conformance.timeline import (
    Callback,
    Event,
    Log,
    Outcome,
    OutcomeKind,
    Telemetry,
    Timeline,
    with_merged_sleeps,
)

_TRANSPORT_LOGGERS: Final = (
    "httpx",
    "httpcore",
    "asyncio",
    "urllib3",
    "aiohttp",
    "hpack",
    "h2",
    "concurrent",
)


current_future: ContextVar[FutureKey] = ContextVar("current_future", default=NO_FUTURE)


class Recorder(logging.Handler):
    """The recorder of one scenario's events: a logging handler, a `Listener` and a `CallRecorder`."""

    def __init__(
        self,
        clock: FrozenClock,
        names: Mapping[str, FutureKey],
        numbers: FutureNumbers,
        on_overflow: Callable[[], None],
    ) -> None:
        """Start with no events.

        Args:
            clock: The clock from which each event gets its time. The recorder moves it where a script says
                so.
            names: The client and the number of each scripted future, by the future's name on the fake server.
            numbers: Finds the server's number for each future of the adapter.
            on_overflow: Called once when the scenario has `MAX_EVENTS` events.
        """
        super().__init__(logging.INFO)
        self._clock = clock
        self._names = names
        self._numbers = numbers
        self._gaps = RealGaps()
        self._on_overflow = on_overflow
        self._events: list[Event] = []
        self._events_lock = threading.Lock()
        self._recording = True
        self._paused = False

    # -- the result ------------------------------------------------------------------------------

    def timeline(self) -> Timeline:
        """Return the events recorded so far."""
        with self._events_lock:
            return self._numbers.renumbered(with_merged_sleeps(self._events))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Record nothing in this block: the set-up of an SDK is not part of the timeline."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def stop(self) -> None:
        """Record nothing from now on, for example no events of a thread that the SDK left behind."""
        with self._events_lock:
            self._recording = False

    def add(self, event: Event) -> None:
        """Append an event to the timeline."""
        if self._paused:
            self._clock.happened()
        else:
            self._append(event)

    def _append(self, event: Event) -> None:
        self._clock.happened()
        with self._events_lock:
            if not self._recording:
                return
            self._events.append(event)
            overflow = len(self._events) == MAX_EVENTS
            self._recording = not overflow
        if overflow:
            self._on_overflow()

    # -- notifications of the adapter -----------------------------------------------------------

    def callback(self, state: str, reason: str | None = None, *, custom: bool = False) -> None:
        """Record a call of an observer (called by the adapter)."""
        self._clock.observer_called()
        key = self._reported_key()
        self.add(
            Callback(
                at=self._clock.elapsed(),
                client=key.client,
                future=key.future,
                state=state,
                reason=reason,
                custom=custom,
            )
        )

    def telemetry(self, name: str, data: dict[str, object] | None = None) -> None:
        """Record a telemetry event (called by the adapter)."""
        key = self._reported_key()
        self.add(
            Telemetry(
                at=self._clock.elapsed(), client=key.client, future=key.future, name=name, data=data or {}
            )
        )

    def outcome(
        self, key: FutureKey, kind: OutcomeKind, error: str | None = None, value: object = None
    ) -> None:
        """Record the outcome of a future or of a function call."""
        self.add(
            Outcome(
                at=self._clock.elapsed(),
                client=key.client,
                future=key.future,
                kind=kind,
                error=None if error is None else error[:MAX_TEXT],
                value=value,
            )
        )

    def _reported_key(self) -> FutureKey:
        """Return the client and the future to which the event that is being recorded belongs."""
        key = current_future.get()
        if key.future is not None:
            with self._events_lock:
                self._numbers.event_of(key.future)
        return key

    def ended(self, number: int) -> int:
        """Record that the future with this adapter's number has ended; return its number on the server."""
        with self._events_lock:
            return self._numbers.outcome_of(number)

    # -- logging ---------------------------------------------------------------------------------

    def emit(self, record: logging.LogRecord) -> None:
        """Record a log line (called by `logging`)."""
        if record.name.split(".", 1)[0] in _TRANSPORT_LOGGERS:
            return
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 - a record that cannot be formatted is an event too
            message = f"{record.msg!r} cannot be formatted with {record.args!r}: {error}"
        key = self._reported_key()
        self.add(
            Log(
                at=self._clock.elapsed(),
                client=key.client,
                future=key.future,
                level=_level(record.levelno),
                logger=record.name,
                message=message[:MAX_TEXT],
            )
        )

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Record all log lines of the process in this block, and restore the root logger afterwards."""
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(min(level, logging.INFO) or logging.INFO)
        try:
            yield
        finally:
            root.setLevel(level)
            root.removeHandler(self)

    # -- notifications of the fake server -------------------------------------------------------

    def _key(self, name: str | None) -> FutureKey:
        return self._names.get(name or "", NO_FUTURE)

    def submission_arrived(self, submission: Submission) -> None:
        """Record the submission of an operation."""
        key = self._key(submission.future.name)
        if key.future is None:
            return  # an SDK's set-up is not part of the timeline
        with self._events_lock:
            # Known if the request is answered in the SDK's own context, as over respx, not over a socket.
            self._numbers.submitted_by(current_future.get().future, key.future)
        self.add(submission_event(self._clock.elapsed(), key, submission))

    def request_arrived(self, poll: Poll) -> None:
        """Record a poll."""
        key = self._key(poll.future.name)
        if key.future is None:
            return
        with self._events_lock:
            self._numbers.request_arrived(key.future)
            gap = self._gaps.before_request(key.future)
        self.add(poll_event(self._clock.elapsed(), key, poll, gap))

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        """Record the server's refusal of a submission."""
        key = self._key(submission.future.name)
        if key is NO_FUTURE:
            # No script was free for this submission, so `submission_arrived` was not called.
            self.add(submission_event(self._clock.elapsed(), key, submission))
        self.add(refusal_event(self._clock.elapsed(), key, reply))

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        """Record a request that belongs to no future, and the reply to it."""
        for event in setup_events(self._clock.elapsed(), request, reply):
            self.add(event)

    def request_strayed(self, request: Request, reply: Reply | TransportFault) -> None:
        """Record a request that left out the path of the base URL, and the reply; also during the set-up."""
        for event in setup_events(self._clock.elapsed(), request, reply):
            self._append(event)

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        """Move the clocks as a script says, before the fake server sends the next reply."""
        self.advanced(self._key(poll.future.name), advance)

    def advanced(self, key: FutureKey, advance: Advance) -> None:
        """Move the clocks, and record the step for a future."""
        self._clock.advance(advance.wall_us, advance.monotonic_us)
        self.add(advance_event(self._clock.elapsed(), key, advance))

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Record the reply to a poll."""
        key = self._key(poll.future.name)
        if key.future is None:
            return
        with self._events_lock:
            self._numbers.reply_chosen(key.future, last=not poll.future.left)
        self.add(response_event(self._clock.elapsed(), key, poll, reply))
        with self._events_lock:
            self._gaps.replied(key.future)

    def slept(self, moved_us: int) -> None:
        """Record a jump of the clocks to the SDK's next timer.

        Args:
            moved_us: The length of the jump, in microseconds.
        """
        self.add(sleep_event(round(self._clock.elapsed() + moved_us / MICROSECOND, 6), moved_us))


def _level(number: int) -> str:
    for name, floor in (("error", logging.ERROR), ("warning", logging.WARNING), ("info", logging.INFO)):
        if number >= floor:
            return name
    return "debug"
