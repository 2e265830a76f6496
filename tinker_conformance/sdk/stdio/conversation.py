"""One scenario with an adapter over stdio: what is said, in which order, and what becomes of the clocks.

Two threads take part. The kit's own thread reads what the adapter says and moves the clocks when the SDK
sleeps; the fake server's thread tells of requests, and takes first what is in the pipe when one arrives,
because the adapter has written that before. Whatever either does is done under one lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NoReturn

from fake_server.core.http_messages import Reply, TransportFault
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.tinker_api import FakeTinker
from fake_server.http.http_server import FakeTinkerServer
from fake_server.script.steps import Advance
from tinker_conformance.clocks.sdk_clocks import KitClock, SdkClock
from tinker_conformance.clocks.two_clocks import MICROSECOND
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.process.line_process import (
    LineProcess,
    LineProcessError,
    LineTooLongError,
    PipeClosedError,
    ProcessEndedError,
    ProcessSilentError,
)
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
    response_event,
    sleep_event,
    submission_event,
)
from tinker_conformance.sdk.session import Fault, FaultKind, Run
from tinker_conformance.sdk.stdio.adapter_events import event_of
from tinker_conformance.sdk.stdio.adapter_lines import UnreadableLineError, read_line, shown_line
from tinker_conformance.sdk.stdio.open_futures import MisplacedEventError, OpenFutures
from tinker_conformance.sdk.stdio.protocol_messages import (
    Event,
    FromAdapter,
    Go,
    OutcomeTold,
    ScenarioDone,
    ScenarioFailed,
    Started,
    Waiting,
    encode,
)
from tinker_conformance.sdk.stdio.run_message import run_message
from tinker_conformance.sdk.stdio.time_limits import Limits
from tinker_conformance.sdk.stdio.timeline_builder import StdioTimeline, UnknownSeqError

MAX_TOLD: Final = 32 * 1024 * 1024
"""Bytes that an adapter may tell in one scenario."""

_FIRST_NUDGE_US: Final = 1_000
_NANOSECONDS: Final = 1_000
"""Nanoseconds in a microsecond."""


class _EndedError(Exception):
    """The scenario ends here, well or not."""

    def __init__(self, fault: Fault | None) -> None:
        super().__init__()
        self.fault = fault


class Conversation:
    """Runs one scenario. It listens to the fake server meanwhile."""

    def __init__(
        self, process: LineProcess, scenario: Scenario, number: int, clock: KitClock, limits: Limits
    ) -> None:
        """Says nothing yet.

        Args:
            process: The adapter, which has started.
            scenario: What to run; made for this clock already (`stepwise.for_clock`).
            number: The id that messages carry.
            clock: The SDK's clocks.
            limits: How long the adapter may take.
        """
        self._process = process
        self._scenario = scenario
        self._number = number
        self._clock = clock
        self._limits = limits
        self._lock = threading.RLock()
        self._keys = future_keys(scenario)
        self._timeline = StdioTimeline(clock.seq)
        self._futures = OpenFutures(scenario)
        self._begun = bool(scenario.calls)
        self._next_go: tuple[int, ...] = ()
        self._last_sign = "the message 'run'"
        self._signs = self._lines = self._bytes = 0
        self._ended: _EndedError | None = None
        self._engine: FakeTinker
        self._scripted: tuple[ScriptedFuture, ...]
        self._engine, self._scripted = scripted_engine(scenario, self)

    # -- the kit's own thread ----------------------------------------------------------------------

    def run(self) -> Run:
        """Runs the scenario to its end; a fault of the adapter is in the result."""
        self._clock.new_scenario(self._scenario.epoch)
        self._timeline = StdioTimeline(self._clock.seq)
        with FakeTinkerServer(self._engine) as server:
            fault = self._run(server.url)
        if (failure := kit_failure(self._engine)) is not None:
            text = f"{failure}, in scenario {self._scenario.id}"
            fault = Fault(FaultKind.KIT, text, "" if fault is None else fault.stderr)
        with self._lock:
            return Run(self._timeline.timeline(), fault)

    def _run(self, url: str) -> Fault | None:
        message = run_message(self._scenario, self._number, url, self._clock)
        try:
            if early := self._process.ready_lines():
                return self._fault(
                    FaultKind.OUT_OF_TURN, f"a line before the message 'run': {shown_line(early[0])}"
                )
            self._process.send(encode(message), self._limits.step)
            if message.stepwise:
                self._next_go = self._futures.next_round()
            self._follow()
        except _EndedError as ended:
            return ended.fault
        except LineProcessError as error:
            return self._process_fault(error)

    def _follow(self) -> NoReturn:
        """Takes what comes until the scenario ends, which raises."""
        begun = heard = time.monotonic()
        signs, nudge_us = -1, _FIRST_NUDGE_US
        while True:
            with self._lock:
                self._take_lines()
                self._wake_sleepers()
                if self._signs != signs:
                    signs, heard, nudge_us = self._signs, time.monotonic(), _FIRST_NUDGE_US
            if self._next_go:
                begun += self._let_go()
                continue
            now = time.monotonic()
            if now - heard >= self._limits.step:
                self._hang(f"no sign of life for {self._limits.step:g} s")
            if now - begun >= self._limits.scenario:
                self._hang(f"not at its end after {self._limits.scenario:g} s")
            patience = heard + self._limits.step - now
            if self._clock.kind is SdkClock.LIBFAKETIME:
                patience = min(patience, self._limits.quiet)
                if now - heard >= self._limits.quiet:
                    with self._lock:
                        self._clock.nudge(nudge_us)
                    nudge_us *= 2
            self._process.wait(patience)

    def _let_go(self) -> float:
        """Moves the clocks to the beginning of the next future, and lets it, and its round, begin.

        Returns:
            The real seconds that the kit has waited.
        """
        with self._lock:
            numbers, self._next_go = self._next_go, ()
            future = self._scenario.futures[numbers[0] - 1]
        begun = time.monotonic()
        for advance in future.before:
            if self._clock.kind is SdkClock.WALL:
                self._wait_really(advance.wall_us / MICROSECOND)
            with self._lock:
                self._advance(FutureKey(future.client, numbers[0]), advance)
        waited = time.monotonic() - begun
        for number in numbers:
            self._process.send(encode(Go(id=self._number, future=number)), self._limits.step)
            with self._lock:
                self._sign(f"the message 'go' for future {number}")
        return waited

    def _wait_really(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with self._lock:
                self._take_lines()
            self._process.wait(left)

    def _hang(self, what: str) -> NoReturn:
        text = f"{what}; the last one was {self._last_sign}, and {self._futures.missing()} is missing"
        raise _EndedError(self._fault(FaultKind.HANG, text))

    # -- what the adapter says ---------------------------------------------------------------------

    def _take_lines(self) -> None:
        """Takes what is in the pipe; raises where the scenario ends."""
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
                self._take(read_line(line))
            except UnreadableLineError as error:
                raise _EndedError(self._fault(error.kind, str(error))) from error
            except _EndedError as ended:
                if ended.fault is None and (rest := lines[place + 1 :]):
                    text = f"a line after the message 'done': {shown_line(rest[0])}"
                    raise _EndedError(self._fault(FaultKind.OUT_OF_TURN, text)) from None
                raise

    def _take(self, message: FromAdapter) -> None:
        match message:
            case Started():
                self._out_of_turn("a second 'started'; it comes once, at the beginning")
            case _ if message.id != self._number:
                self._out_of_turn(f"a message with the id {message.id}; this scenario's is {self._number}")
            case ScenarioFailed(error=error):
                raise _EndedError(self._fault(FaultKind.SET_UP, f"the adapter says 'failed': {error}"))
            case ScenarioDone() if self._futures:
                self._out_of_turn(f"'done', but {self._futures.missing()} has not been told")
            case ScenarioDone():
                raise _EndedError(None)
            case _:
                self._sign(f"a message '{message.__struct_config__.tag}'")
                self._take_event(message)

    def _take_event(self, event: Event) -> None:
        try:
            key = self._futures.key_of(event)
        except MisplacedEventError as error:
            self._out_of_turn(str(error))
        match event:
            case Waiting():
                # The moment may have come by the time that this is read.
                if event.until > self._clock.monotonic_us * _NANOSECONDS:
                    self._futures.sleeps(event.future, event.until)
                return
            case OutcomeTold(future=number):
                if number not in self._futures:
                    self._out_of_turn(f"a second outcome of {number}; each future, and each call, has one")
                self._futures.ended(number)
                self._begun = True
                if self._scripted:
                    self._engine.end(self._scripted[number - 1])
            case _ if not self._begun:
                return  # what an SDK does to set itself up is its own affair
            case _:
                pass
        try:
            self._timeline.told(event_of(event, key), event.seq)
        except UnknownSeqError as error:
            self._out_of_turn(str(error))
        if isinstance(event, OutcomeTold):
            self._after_outcome()

    def _after_outcome(self) -> None:
        if any(future.before for future in self._scenario.futures):
            self._next_go = self._next_go or self._futures.next_round()

    # -- sleeping ----------------------------------------------------------------------------------

    def _wake_sleepers(self) -> None:
        """Moves the clocks to the nearest moment that anything waits for, once everything waits."""
        until = self._futures.all_sleep_until()
        if until is None or self._clock.kind is not SdkClock.FILE:
            return
        moved_us = -(-until // _NANOSECONDS) - self._clock.monotonic_us
        if self._clock.elapsed() + moved_us / MICROSECOND > VIRTUAL_LIMIT_SECONDS:
            text = "the SDK still sleeps at the end of the time that a scenario may take"
            raise _EndedError(self._fault(FaultKind.STUCK, text))
        self._clock.advance(moved_us, moved_us)
        self._timeline.moved(self._clock.seq, sleep_event(self._clock.elapsed(), moved_us))
        self._futures.time_is(self._clock.monotonic_us * _NANOSECONDS)
        self._sign("the end of a sleep")

    def _advance(self, key: FutureKey, advance: Advance) -> None:
        self._clock.advance(advance.wall_us, advance.monotonic_us)
        self._timeline.moved(self._clock.seq, advance_event(self._clock.elapsed(), key, advance))
        self._futures.time_is(self._clock.monotonic_us * _NANOSECONDS)

    # -- what the fake server tells, on its thread -------------------------------------------------

    def submission_arrived(self, submission: Submission) -> None:
        """An operation was submitted."""
        with self._lock:
            key = self._arrived(submission.future)
            if key is NO_FUTURE:
                self._sign("a submission of the set-up")
                return  # what an SDK does to set itself up is its own affair
            self._begun = True
            self._timeline.happened(submission_event(self._timeline.at, key, submission))
            self._sign(f"the submission of future {key.future}")

    def request_arrived(self, poll: Poll) -> None:
        """A future was polled."""
        with self._lock:
            key = self._arrived(poll.future)
            if key is NO_FUTURE:
                self._sign("a poll of the set-up")
                return
            self._timeline.happened(poll_event(self._timeline.at, key, poll))
            self._sign(f"poll {poll.index + 1} of future {key.future}")

    def clock_advanced(self, poll: Poll, advance: Advance) -> None:
        """A script moves the clocks, before the next reply."""
        with self._lock:
            self._advance(self._key(poll.future), advance)

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """A reply was chosen for a poll."""
        with self._lock:
            key = self._key(poll.future)
            if key is NO_FUTURE:
                return
            event = response_event(self._timeline.at, key, poll, reply)
            self._timeline.happened(event)
            shown = event.fault or f"HTTP {event.status}"
            self._sign(f"poll {poll.index + 1} of future {key.future}, answered with {shown}")
            self._quietly(self._check_amount)

    def _key(self, future: ScriptedFuture) -> FutureKey:
        return self._keys.get(future.name, NO_FUTURE)

    def _arrived(self, future: ScriptedFuture) -> FutureKey:
        """Before a request has its place, what the adapter has told; then the future no longer sleeps."""
        self._quietly(self._take_lines)
        key = self._key(future)
        if key.future is not None:
            self._futures.awake(key.future)
        return key

    def _quietly(self, work: Callable[[], None]) -> None:
        """Keeps the end of the scenario for the kit's own thread, where it belongs."""
        try:
            work()
        except _EndedError as ended:
            self._ended = self._ended or ended
        self._process.wake()

    # -- faults ------------------------------------------------------------------------------------

    def _sign(self, what: str) -> None:
        self._signs += 1
        self._last_sign = what

    def _check_amount(self) -> None:
        text = None
        if max(self._timeline.count, self._lines) > MAX_EVENTS:
            text = f"the SDK caused more than {MAX_EVENTS} events and goes on"
        elif self._bytes > MAX_TOLD:
            text = f"the adapter told more than {MAX_TOLD} bytes and goes on"
        if text is not None:
            raise _EndedError(self._fault(FaultKind.STUCK, text))

    def _out_of_turn(self, text: str) -> NoReturn:
        raise _EndedError(self._fault(FaultKind.OUT_OF_TURN, text))

    def _process_fault(self, error: LineProcessError) -> Fault:
        kinds: dict[type[LineProcessError], FaultKind] = {
            ProcessSilentError: FaultKind.HANG,
            ProcessEndedError: FaultKind.CRASH,
            PipeClosedError: FaultKind.CLOSED,
            LineTooLongError: FaultKind.LINE_TOO_LONG,
        }
        return self._fault(kinds.get(type(error), FaultKind.PROTOCOL), f"{error}, after {self._last_sign}")

    def _fault(self, kind: FaultKind, text: str) -> Fault:
        problem = next(iter(self._engine.problems), None)
        more = "" if problem is None else f"; the fake server had said: {problem.message}"
        return Fault(kind, f"{text}, in scenario {self._scenario.id}{more}", self._process.stderr_tail())
