"""Run one scenario with an adapter over stdio: read its messages, order the events, move the clocks.

Two threads take part, and both work under one lock. The kit's own thread reads the adapter's messages and
moves the clocks while the SDK sleeps. The fake server's thread reports requests. When a request arrives, that
thread first reads the lines already in the pipe, because the adapter wrote them before the request. Only then
does the engine choose an answer: which script a submission gets depends on which futures have ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NoReturn

from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.core.operations import SUBMISSION_PATHS
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.tinker_api import FakeTinker
from fake_server.http.http_server import FakeTinkerServer
from fake_server.script.steps import Advance
from tinker_conformance.clocks.quiet import others_runnable
from tinker_conformance.clocks.sdk_clocks import KitClock, SdkClock
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.future_numbers import FutureNumbers
from tinker_conformance.sdk.process.line_process import (
    LineProcess,
    LineProcessError,
    ProcessProblem,
)
from tinker_conformance.sdk.real_gaps import RealGaps
from tinker_conformance.sdk.scripted_engine import (
    VIRTUAL_LIMIT_SECONDS,
    future_keys,
    kit_failure,
    scripted_engine,
)
from tinker_conformance.sdk.server_events import (
    MAX_EVENTS,
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
from tinker_conformance.sdk.session import Fault, FaultKind, Run, ScenarioFaultError
from tinker_conformance.sdk.stdio.adapter_events import event_of
from tinker_conformance.sdk.stdio.adapter_lines import read_line, shown_line
from tinker_conformance.sdk.stdio.open_futures import OpenFutures
from tinker_conformance.sdk.stdio.protocol_messages import (
    Event,
    FromAdapter,
    Go,
    OutcomeReported,
    ScenarioDone,
    ScenarioFailed,
    Started,
    Waiting,
    encode,
)
from tinker_conformance.sdk.stdio.run_message import run_message
from tinker_conformance.sdk.stdio.time_limits import TimeLimits
from tinker_conformance.sdk.stdio.timeline_builder import StdioTimeline

MAX_BYTES: Final = 32 * 1024 * 1024
"""Limit for all lines from the adapter in one scenario, in bytes."""

LATE_END_SECONDS: Final = 0.25
"""How long the server waits with a submission for the end of the future before it, in real seconds.

It waits only where nothing tells whether the SDK sends a request again or goes on with the next future. An
adapter whose lines take another way than its SDK's requests may write that end a moment late.
"""

_FIRST_NUDGE_US: Final = 1_000
_NANOSECONDS: Final = 1_000
"""Nanoseconds in a microsecond."""


_FAULTS: Final[Mapping[ProcessProblem, FaultKind]] = {
    ProcessProblem.NOT_STARTED: FaultKind.CRASH,
    ProcessProblem.EXITED: FaultKind.CRASH,
    ProcessProblem.PIPE_CLOSED: FaultKind.CLOSED,
    ProcessProblem.SILENT: FaultKind.HANG,
    ProcessProblem.LINE_TOO_LONG: FaultKind.LINE_TOO_LONG,
}


class _EndedError(Exception):
    """Raised inside this module to leave a scenario that has ended, with or without a fault."""

    def __init__(self, fault: Fault | None) -> None:
        super().__init__()
        self.fault = fault


class Conversation:
    """One run of a scenario with an adapter. It is also the listener of the fake server."""

    def __init__(
        self,
        process: LineProcess,
        scenario: Scenario,
        number: int,
        clock: KitClock,
        limits: TimeLimits,
        *,
        earlier: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Prepare the run; nothing is sent yet.

        Args:
            process: The adapter, which has sent `started`.
            scenario: The scenario, already adapted to the clock (`stepwise.for_clock`).
            number: The id that every message of this scenario carries.
            clock: The SDK's clocks.
            limits: Time limits of the adapter.
            earlier: The scenarios that this adapter ran before, by the id of their messages.
        """
        self._earlier = earlier
        self._process = process
        self._scenario = scenario
        self._number = number
        self._clock = clock
        self._limits = limits
        self._lock = threading.RLock()
        self._decided = threading.Condition(self._lock)
        self._undecided = False
        self._keys = future_keys(scenario)
        self._timeline = StdioTimeline(clock.seq)
        self._futures = OpenFutures(scenario)
        self._numbers = FutureNumbers(scenario)
        self._gaps = RealGaps()
        self._setup_over = bool(scenario.calls or scenario.setup)
        self._next_go: tuple[int, ...] = ()
        self._last_activity = "the message 'run'"
        self._activities = self._lines = self._bytes = 0
        self._ended: _EndedError | None = None
        self._engine: FakeTinker
        self._scripted: tuple[ScriptedFuture, ...]
        self._engine, self._scripted = scripted_engine(scenario, self)

    # -- the kit's own thread ----------------------------------------------------------------------

    def run(self) -> Run:
        """Run the scenario to its end. A fault of the adapter is returned in the result, not raised."""
        self._clock.new_scenario(self._scenario.epoch, self._scenario.uptime)
        self._timeline = StdioTimeline(self._clock.seq)
        with FakeTinkerServer(self) as server:
            fault = self._run(f"{server.url}{self._scenario.base_path}")
        if (failure := kit_failure(self._engine)) is not None:
            text = f"Scenario {self._scenario.id}: {failure}"
            fault = Fault(FaultKind.KIT, text, "" if fault is None else fault.stderr)
        with self._lock:
            return Run(self._numbers.renumbered(self._timeline.timeline()), fault)

    def _run(self, url: str) -> Fault | None:
        message = run_message(self._scenario, self._number, url, self._clock)
        try:
            if unexpected := self._process.ready_lines():
                text = (
                    f"Expected no line before the message 'run', got {shown_line(unexpected[0])}"
                    f"{self._of_earlier(unexpected[0])}. After 'done', write nothing until the next 'run'."
                )
                return self._fault(FaultKind.OUT_OF_TURN, text)
            self._process.send(encode(message), self._limits.step)
            if message.stepwise:
                self._next_go = self._futures.next_round()
            self._handle_until_end()
        except _EndedError as ended:
            return ended.fault
        except LineProcessError as error:
            return self._process_fault(error)

    def _handle_until_end(self) -> NoReturn:
        """Handle messages until the scenario ends.

        Raises:
            _EndedError: Always, at the end of the scenario.
        """
        begun = last_activity = time.monotonic()
        activities, nudge_us = -1, _FIRST_NUDGE_US
        while True:
            with self._lock:
                self._handle_lines()
                self._wake_sleepers()
                if self._activities != activities:
                    activities, nudge_us = self._activities, _FIRST_NUDGE_US
                    last_activity = time.monotonic()
            if self._next_go:
                begun += self._send_go()
                continue
            now = time.monotonic()
            if now - last_activity >= self._limits.step:
                self._raise_hang(f"No message or request from the adapter for {self._limits.step:g} s")
            if now - begun >= self._limits.scenario:
                self._raise_hang(f"The scenario did not finish within {self._limits.scenario:g} s")
            timeout = last_activity + self._limits.step - now
            if self._clock.kind is SdkClock.LIBFAKETIME:
                timeout = min(timeout, self._limits.quiet)
                if self._sdk_waits(now - last_activity):
                    with self._lock:
                        self._clock.nudge(nudge_us)
                    nudge_us *= 2
            self._process.wait(timeout)

    def _sdk_waits(self, silent: float) -> bool:
        """Return whether the SDK must be waiting for a timer.

        The SDK does not wait for a timer while it computes or waits for the processor. To move the clock then
        would change its verdict. An SDK that waits in a busy loop always looks as if it computed, so after
        half of the limit `step` silence decides.

        Args:
            silent: How long there was no message and no request, in real seconds.
        """
        if silent < self._limits.quiet:
            return False
        return silent >= self._limits.step / 2 or not (self._process.is_runnable() or others_runnable())

    def _send_go(self) -> float:
        """Move the clocks to the start of the next round, and send `go` for each of the round's futures.

        A round is a group of futures that start together.

        Returns:
            The real seconds that the kit itself waited.
        """
        with self._lock:
            numbers, self._next_go = self._next_go, ()
            future = self._scenario.futures[numbers[0] - 1]
        begun = time.monotonic()
        for advance in future.before:
            if self._clock.kind is SdkClock.WALL:
                self._wait_in_real_time(advance.wall_us / MICROSECOND)
            with self._lock:
                self._advance(FutureKey(future.client, numbers[0]), advance)
        waited = time.monotonic() - begun
        for number in numbers:
            self._process.send(encode(Go(id=self._number, future=number)), self._limits.step)
            with self._lock:
                self._record_activity(f"the message 'go' for future {number}")
        return waited

    def _wait_in_real_time(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with self._lock:
                self._handle_lines()
            self._process.wait(left)

    def _raise_hang(self, what: str) -> NoReturn:
        text = f"{what}. Last activity: {self._last_activity}. Still expected: {self._futures.missing()}."
        raise _EndedError(self._fault(FaultKind.HANG, text))

    # -- messages of the adapter -------------------------------------------------------------------

    def _handle_lines(self) -> None:
        """Handle the lines already in the pipe.

        Raises:
            _EndedError: If the scenario ends with one of them.
        """
        if self._ended is not None:
            raise self._ended
        try:
            lines = self._process.ready_lines()
        except LineProcessError as error:
            raise _EndedError(self._process_fault(error)) from error
        for place, line in enumerate(lines):
            self._lines += 1
            self._bytes += len(line)
            try:
                self._check_amount()
                self._handle_message(read_line(line))
            except ScenarioFaultError as error:
                raise _EndedError(self._fault(error.kind, str(error))) from error
            except _EndedError as ended:
                if ended.fault is None and (rest := lines[place + 1 :]):
                    text = (
                        f"Expected nothing after the message 'done', got {shown_line(rest[0])}"
                        f"{self._of_earlier(rest[0])}. "
                        "Send 'done' last."
                    )
                    raise _EndedError(self._fault(FaultKind.OUT_OF_TURN, text)) from None
                raise

    def _of_earlier(self, line: bytes) -> str:
        """Return words that name the earlier scenario to which a line belongs; empty if there is none."""
        try:
            message = read_line(line)
        except ScenarioFaultError:
            return ""
        name = None if isinstance(message, Started) else self._earlier.get(message.id)
        return "" if name is None else f", which belongs to the scenario {name}"

    def _handle_message(self, message: FromAdapter) -> None:
        match message:
            case Started():
                self._raise_out_of_turn("Got a second 'started'. Send it once, as the first line.")
            case _ if message.id in self._earlier:
                self._raise_out_of_turn(
                    f"Got '{message.__struct_config__.tag}' of the scenario {self._earlier[message.id]} "
                    f"(id {message.id}), which had ended with 'done'. Send 'done' after all other messages."
                )
            case _ if message.id != self._number:
                self._raise_out_of_turn(
                    f"Expected a message with the id {self._number}, got the id {message.id}. "
                    "Copy the id of the last 'run' into every answer to it."
                )
            case ScenarioFailed(error=error):
                raise _EndedError(self._fault(FaultKind.SET_UP, f"The adapter sent 'failed': {error}"))
            case ScenarioDone() if self._futures:
                self._raise_out_of_turn(
                    f"Got 'done' before {self._futures.missing()}. "
                    "Send one 'outcome' for each future or call before 'done'."
                )
            case ScenarioDone():
                raise _EndedError(None)
            case _:
                self._record_activity(f"a message '{message.__struct_config__.tag}'")
                self._handle_event(message)
                if isinstance(message, Waiting | OutcomeReported):
                    self._undecided = False
                    self._decided.notify_all()

    def _handle_event(self, event: Event) -> None:
        key = self._futures.key_of(event)
        if key.future is not None and not isinstance(event, OutcomeReported):
            self._numbers.event_of(key.future)
        match event:
            case Waiting():
                # The clock may have passed that moment before the kit reads the message.
                if event.until > self._clock.monotonic_us * _NANOSECONDS:
                    self._futures.mark_sleeping(event.future, event.until)
                return
            case OutcomeReported(future=number):
                if number not in self._futures:
                    self._raise_out_of_turn(
                        f"Got a second outcome for {self._futures.named(number)}. Send one for each."
                    )
                self._futures.mark_ended(number)
                self._setup_over = True
                if self._scripted:
                    self._engine.end(self._scripted[self._numbers.outcome_of(number) - 1])
            case _ if not self._setup_over:
                return  # an SDK's set-up is not part of the timeline
            case _:
                pass
        self._timeline.add_adapter_event(event_of(event, key), event.seq)
        if isinstance(event, OutcomeReported):
            self._after_outcome()

    def _after_outcome(self) -> None:
        if any(future.before for future in self._scenario.futures):
            self._next_go = self._next_go or self._futures.next_round()

    # -- sleeping ----------------------------------------------------------------------------------

    def _wake_sleepers(self) -> None:
        """Move the clocks to the earliest end of a sleep, if the SDK sleeps in every future in flight."""
        until = self._futures.earliest_wake_up()
        if until is None or self._clock.kind is not SdkClock.FILE or self._numbers.awaiting_a_reply:
            return
        moved_us = -(-until // _NANOSECONDS) - self._clock.monotonic_us
        if self._clock.elapsed() + moved_us / MICROSECOND > VIRTUAL_LIMIT_SECONDS:
            text = (
                f"The SDK was still sleeping after {VIRTUAL_LIMIT_SECONDS / 3600:g} virtual hours, "
                "the limit of a scenario."
            )
            raise _EndedError(self._fault(FaultKind.STUCK, text))
        self._clock.advance(moved_us, moved_us)
        self._timeline.add_clock_step(self._clock.seq, sleep_event(self._clock.elapsed(), moved_us))
        self._futures.wake_until(self._clock.monotonic_us * _NANOSECONDS)
        self._record_activity("the end of a sleep")

    def _advance(self, key: FutureKey, advance: Advance) -> None:
        self._clock.advance(advance.wall_us, advance.monotonic_us)
        self._timeline.add_clock_step(self._clock.seq, advance_event(self._clock.elapsed(), key, advance))
        self._futures.wake_until(self._clock.monotonic_us * _NANOSECONDS)

    # -- requests, on the fake server's thread -----------------------------------------------------

    def handle(self, request: Request) -> Reply | TransportFault:
        """Answer a request of the SDK, after handling the lines that the adapter wrote before it."""
        with self._lock:
            self._defer_end(self._handle_lines)
            if request.path in SUBMISSION_PATHS:
                self._decided.wait_for(lambda: not self._undecided, LATE_END_SECONDS)
            self._undecided = False
        return self._engine.handle(request)

    def _note_choice(self, *, refused: bool) -> None:
        """Record whether nothing tells if the SDK will repeat its request or go on with the next future.

        Args:
            refused: Whether the reply lets the SDK do either.
        """
        one_at_a_time = not (self._scenario.concurrent or self._scenario.threads)
        self._undecided = refused and one_at_a_time and self._ended is None

    # -- notifications of the fake server, on its thread -------------------------------------------

    def submission_arrived(self, submission: Submission) -> None:
        """Record the submission of an operation."""
        with self._lock:
            key = self._request_key(submission.future)
            if key is NO_FUTURE:
                self._record_activity("a submission of the set-up")
                return  # an SDK's set-up is not part of the timeline
            self._setup_over = True
            self._timeline.add_server_event(submission_event(self._timeline.at, key, submission))
            self._record_activity(f"the submission of future {key.future}")

    def request_arrived(self, poll: Poll) -> None:
        """Record a poll."""
        with self._lock:
            key = self._request_key(poll.future)
            if key is NO_FUTURE:
                self._record_activity("a poll of the set-up")
                return
            gap = None
            if key.future is not None:
                self._numbers.request_arrived(key.future)
                gap = self._gaps.before_request(key.future)
            self._timeline.add_server_event(poll_event(self._timeline.at, key, poll, gap))
            self._record_activity(f"poll {poll.index + 1} of future {key.future}")

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        """Record the server's refusal of a submission."""
        with self._lock:
            key = self._key(submission.future)
            if key is NO_FUTURE:
                # No script was free for this submission, so `submission_arrived` was not called.
                self._timeline.add_server_event(submission_event(self._timeline.at, key, submission))
            event = refusal_event(self._timeline.at, key, reply)
            self._timeline.add_server_event(event)
            shown = event.fault or f"HTTP {event.status}"
            self._record_activity(f"a submission to {submission.path}, answered with {shown}")
            self._note_choice(refused=not _is_redirect(event.status))
            self._defer_end(self._check_amount)

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        """Record a request that belongs to no future, and the reply to it."""
        with self._lock:
            for event in setup_events(self._timeline.at, request, reply):
                self._timeline.add_server_event(event)
            self._record_activity(f"a request to {request.path}")
            self._defer_end(self._check_amount)

    def request_strayed(self, request: Request, reply: Reply | TransportFault) -> None:
        """Record a request that left out the path of the base URL, and the reply to it."""
        self.setup_answered(request, reply)

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        """Move the clocks as a script says, before the fake server sends the next reply."""
        with self._lock:
            self._advance(self._key(poll.future), advance)

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Record the reply to a poll."""
        with self._lock:
            key = self._key(poll.future)
            if key is NO_FUTURE:
                return
            if key.future is not None:
                self._numbers.reply_chosen(key.future, last=not poll.future.left)
            event = response_event(self._timeline.at, key, poll, reply)
            self._timeline.add_server_event(event)
            if key.future is not None:
                self._gaps.replied(key.future)
            shown = event.fault or f"HTTP {event.status}"
            self._record_activity(f"poll {poll.index + 1} of future {key.future}, answered with {shown}")
            self._note_choice(refused=event.status == HTTPStatus.GONE)
            self._defer_end(self._check_amount)

    def _key(self, future: ScriptedFuture) -> FutureKey:
        return self._keys.get(future.name, NO_FUTURE)

    def _request_key(self, future: ScriptedFuture) -> FutureKey:
        """Return the client and the number of the future that sent a request, and mark it as awake."""
        key = self._key(future)
        # While the adapter's number is not certain, only the message `waiting` says how long a future sleeps.
        own = None if key.future is None else self._numbers.from_server(key.future)
        if own is not None:
            self._futures.mark_awake(own)
        return key

    def _defer_end(self, work: Callable[[], None]) -> None:
        """Call `work`; if it finds that the scenario has ended, let the kit's own thread raise that."""
        try:
            work()
        except _EndedError as ended:
            self._ended = self._ended or ended
        self._process.wake()

    # -- faults ------------------------------------------------------------------------------------

    def _record_activity(self, what: str) -> None:
        self._activities += 1
        self._last_activity = what

    def _check_amount(self) -> None:
        text = None
        if max(self._timeline.count, self._lines) > MAX_EVENTS:
            text = f"The SDK caused more than {MAX_EVENTS} events in one scenario and did not stop."
        elif self._bytes > MAX_BYTES:
            text = f"The adapter wrote more than {MAX_BYTES} bytes in one scenario and did not stop."
        if text is not None:
            raise _EndedError(self._fault(FaultKind.STUCK, text))

    def _raise_out_of_turn(self, text: str) -> NoReturn:
        raise _EndedError(self._fault(FaultKind.OUT_OF_TURN, text))

    def _process_fault(self, error: LineProcessError) -> Fault:
        text = f"{error}. Last activity: {self._last_activity}."
        return self._fault(_FAULTS[error.problem], text)

    def _fault(self, kind: FaultKind, text: str) -> Fault:
        problem = next(iter(self._engine.problems), None)
        more = "" if problem is None else f" The fake server had reported: {problem.message}"
        return Fault(kind, f"Scenario {self._scenario.id}: {text}{more}", self._process.stderr_tail())


def _is_redirect(status: int | None) -> bool:
    # An HTTP client follows a redirect at once, without a message of the adapter.
    return status is not None and status // 100 == HTTPStatus.MULTIPLE_CHOICES // 100
