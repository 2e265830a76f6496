"""An engine that records when each future was polled, and has assertions about the polls.

The measurements (``polls``, ``poll_order``, ``gaps``, ``drained_order``, ``connections``) return plain
tuples, which a test can compare with ``==``. Each ``assert_…`` method raises one ``ScriptViolation`` that
lists every difference and the fix. All times are those of the clock given to the engine: virtual time where a
test has frozen the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from fake_server.core.errors import ScriptError, ScriptViolation, suggestion
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.core.number_words import counted
from fake_server.core.operations import Operation
from fake_server.core.wanted_got import wanted_got
from fake_server.dialects.dialect import Dialect
from fake_server.engine.explanations import unfinished_script
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.journal import Exchange
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.tinker_api import Unscripted
from fake_server.script.builder import Script, ScriptLike, as_script, with_submission
from fake_server.script.holds import AtMost, Hold, Outage
from fake_server.script.request_match import RequestMatch
from fake_server.script.rules import Rule
from fake_server.script.steps import MICROSECONDS, Advance, Step
from fake_server.verify.conveniences import Conveniences
from fake_server.verify.poll_records import PollRecord, gap_differences, gaps_between, listed
from fake_server.verify.sent_requests import expected_request, find_request, sent_bodies
from fake_server.verify.used_connections import UsedConnection, connection_difference, used_connections

MAX_POLLS: Final = 100_000
"""Greatest number of recorded polls. After more, every method that needs them raises an error."""
GAP_TOLERANCE_SECONDS: Final = 0.0005
"""Greatest difference of a gap that is accepted, in seconds: less than the millisecond by which debounce is
tested.
"""
REAL_GAP_TOLERANCE_SECONDS: Final = 0.4
"""The same on a real clock, in seconds: a busy machine is late, and back-offs of 1 s and 2 s still differ."""

FutureLike = ScriptedFuture | str


class VerifiedTinker(Conveniences):
    """A fake Tinker that records polls, and has assertions about them.

    The engine is its own ``listener``.

    Attributes:
        how_to_move_clocks: The fix that errors suggest if a script moves clocks, but this engine has no clock
            to move. It says how the user of this class gets such a clock. A subclass replaces it if its users
            do that in another way.
        how_to_use_a_socket: The fix that errors suggest if a test asks for connections, but the requests came
            in process. A subclass replaces it in the same way.
    """

    how_to_move_clocks: ClassVar[str] = "pass move_clock to VerifiedTinker"
    how_to_use_a_socket: ClassVar[str] = "put the engine behind a FakeTinkerServer (a loopback socket)"

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        move_clock: Callable[[Advance], None] | None = None,
        unscripted: Unscripted | None = None,
        seed: int | None = None,
        client_config: Mapping[str, object] | None = None,
        strict: bool = False,
        dialect: Dialect | str | None = None,
        long_polls: bool = False,
    ) -> None:
        """Create an engine without scripts.

        Args:
            clock: Returns the time in seconds; called at each poll and each reply.
            move_clock: Moves the clock when a script says ``advance``; None if no clock can be moved.
            unscripted: What a submission without a registered script gets; None as in ``FakeTinker``.
            seed: Makes the engine a simulated service, as in ``FakeTinker``; None for constant results.
            client_config: Fields of the reply to ``client/config`` that replace the defaults; None for none.
            strict: Whether the simulated service refuses base models that its capabilities do not list.
            dialect: The name of a known server whose deviations from the official service the engine
                imitates; None for the official service.
            long_polls: Whether the engine also imitates how long that server waits before it answers a poll
                of a future that is not done.
        """
        super().__init__(
            unscripted=unscripted,
            seed=seed,
            client_config=client_config,
            strict=strict,
            dialect=dialect,
            long_polls=long_polls,
        )
        self._passed_us = 0
        self._read_us: int | None = None
        self._clock = clock
        self._move_clock = move_clock
        self._log_lock = threading.Lock()
        self._polls: list[PollRecord] = []
        self._places: dict[tuple[str, int], int] = {}
        self._drained: list[str] = []
        self._overflowed = False
        self.listener = self

    def reset(self) -> None:
        """Forget scripts, ids, problems, the journal and the recorded polls."""
        super().reset()
        with self._log_lock:
            self._polls.clear()
            self._places.clear()
            self._drained.clear()
            self._overflowed = False

    def add_script(
        self,
        script: ScriptLike,
        *,
        operation: Operation | str | None = None,
        client: str | None = None,
        name: str | None = None,
        submission: Iterable[Step] = (),
        where: Mapping[str, object] | RequestMatch | None = None,
    ) -> ScriptedFuture:
        """Register a script, as ``FakeTinker.add_script`` does.

        Raises:
            ScriptError: As ``FakeTinker.add_script``; or the script is empty; or it moves clocks, but this
                engine has no clock to move.
        """
        made = with_submission(as_script(script), submission)
        if not made.steps and not made.submission:
            raise ScriptError(
                "the script is empty, so no test would miss its submission; give a reply, such as complete() "
                "(a generator is empty after its first use)"
            )
        self._check_clock(made)
        return super().add_script(made, operation=operation, client=client, name=name, where=where)

    def add_rule(self, rule: Rule | Hold, *, optional: bool = False) -> None:
        """Add a rule, as ``FakeTinker.add_rule`` does.

        Raises:
            ScriptError: As ``FakeTinker.add_rule``; or the rule moves clocks, but this engine has no clock to
                move.
        """
        match rule:
            case Rule():
                self._check_clock(rule.script)
            case Outage() | AtMost():
                self._check_moves(moves=rule.held.poll_us is not None)
        super().add_rule(rule, optional=optional)

    def script_clock_us(self) -> int:
        """Return the time of the clock that scripts move, in microseconds.

        That is the test's frozen clock, which the test may move, too. Without such a clock the time stands
        still.
        """
        now = round(self._clock() * MICROSECONDS) if self.moves_clock() else None
        if now is not None and self._read_us is not None:
            self._passed_us += max(now - self._read_us, 0)
        self._read_us = now
        return self._passed_us

    def _check_clock(self, script: Script) -> None:
        self._check_moves(
            moves=any(isinstance(step, Advance) for step in (*script.steps, *script.submission))
        )

    def _check_moves(self, *, moves: bool) -> None:
        if moves and not self.moves_clock():
            raise ScriptError(
                "the script moves the clocks, but no clock is frozen here; "
                f"{self.how_to_move_clocks}, or leave the advance steps out "
                "(for the pause of a rule: give polls instead of seconds)"
            )

    def moves_clock(self) -> bool:
        """Return whether there is a clock for a script's ``advance`` to move."""
        return self._move_clock is not None

    # -- measurements ----------------------------------------------------------------------------

    def polls(self, future: FutureLike | None = None) -> tuple[PollRecord, ...]:
        """Return the polls of one future, or of all, in order of arrival.

        Raises:
            ScriptError: There is no such future, or more than ``MAX_POLLS`` polls came.
        """
        name = None if future is None else self._named(future).name
        with self._log_lock:
            if self._overflowed:
                raise ScriptError(
                    f"more than {MAX_POLLS} polls came; call reset() between the parts of a test"
                )
            return tuple(poll for poll in self._polls if name is None or poll.future == name)

    @property
    def poll_order(self) -> tuple[str, ...]:
        """The name of the future of each poll, in order of the polls."""
        return tuple(poll.future for poll in self.polls())

    @property
    def drained_order(self) -> tuple[str, ...]:
        """The names of the futures whose scripts were served to the end, in order of their last replies."""
        with self._log_lock:
            return tuple(self._drained)

    def gaps(self, future: FutureLike) -> tuple[float, ...]:
        """Return the seconds from each answer of a future to its next poll: how long the client waited."""
        return gaps_between(self.polls(future))

    @property
    def connections(self) -> tuple[UsedConnection, ...]:
        """The connections that carried requests, each with its requests; empty for requests in process.

        Raises:
            ScriptError: The journal has dropped its oldest requests.
        """
        return used_connections(self._exchanges())

    # -- assertions ------------------------------------------------------------------------------

    def assert_drained(self, *futures: FutureLike) -> None:
        """Check that these futures were served to the end of their scripts.

        Args:
            futures: The futures; if there are none, all.

        Raises:
            ScriptViolation: Lists each unfinished future, the replies left, and the fix.
        """
        __tracebackhide__ = True
        asked = [self._named(future) for future in futures] or [f for f in self.futures if f.scripted]
        _fail_unless_empty(
            [unfinished_script(future) for future in asked if future.left],
            "script",
            "not served to the end",
        )

    def assert_polls(self, future: FutureLike, count: int) -> None:
        """Check how many times a future was polled.

        Raises:
            ScriptViolation: The number differs; the message lists the answer to each poll.
        """
        __tracebackhide__ = True
        found = self._named(future)
        polls = self.polls(found)
        if len(polls) != count:
            if len(polls) > count:
                fix = "find out why it continues to poll"
            elif found.is_over:
                fix = "the future has ended; lengthen its script"
            else:
                fix = "lengthen its script, or wait until the future has ended"
            difference = wanted_got(counted(count, "poll"), len(polls))
            raise ScriptViolation(f"future {found.name!r}: {difference}: {listed(polls)}; {fix}")

    def assert_gaps(
        self, future: FutureLike, wanted: Iterable[float], *, tolerance: float | None = None
    ) -> None:
        """Check how long the client waited between each answer to a future's poll and the next poll.

        Args:
            future: The polled future.
            wanted: The expected gaps in seconds, one number for each.
            tolerance: Greatest difference of a gap that is accepted, in seconds; None for half a millisecond,
                or 0.4 s where the clock is real.

        Raises:
            ScriptViolation: Lists every gap that differs.
            ScriptError: A gap or the tolerance is NaN or negative.
        """
        __tracebackhide__ = True
        found, expected = self._named(future), tuple(wanted)
        allowed = self.gap_tolerance() if tolerance is None else tolerance
        for name, seconds in (*(("a gap", gap) for gap in expected), ("tolerance", allowed)):
            if not seconds >= 0:  # also NaN, which no gap differs from
                raise ScriptError(f"{name} is {seconds!r}; give seconds from 0")
        lines = gap_differences(self.gaps(found), expected, allowed)
        _fail_unless_empty(lines, "difference", f"in the gaps of future {found.name!r}")

    def gap_tolerance(self) -> float:
        """Return the greatest difference of a gap that is accepted by default, in seconds."""
        return GAP_TOLERANCE_SECONDS

    def assert_order(self, *futures: FutureLike) -> None:
        """Check that these futures ended in this order; other futures may end in between.

        Raises:
            ScriptViolation: Lists the actual order.
            ScriptError: There are fewer than two futures.
        """
        __tracebackhide__ = True
        if len(futures) < 2:
            raise ScriptError(f"an order is about two futures or more; give them all, not {len(futures)}")
        wanted = tuple(self._named(future).name for future in futures)
        got = tuple(name for name in self.drained_order if name in wanted)
        if got != wanted:
            missing = [name for name in wanted if name not in got]
            rest = f"; not ended: {', '.join(missing)}" if missing else ""
            order = wanted_got(" then ".join(wanted), f"{' then '.join(got) or 'none'}{rest}")
            raise ScriptViolation(
                f"the futures ended in another order: {order}; "
                "wait for each future before submitting the next, or do not assert an order"
            )

    def assert_sent(
        self,
        request: Operation | str,
        *,
        where: Mapping[str, object] | RequestMatch | None = None,
        **fields: object,
    ) -> Exchange:
        """Check that a request with these fields in its body came, and return the first one with its answer.

        Args:
            request: An operation or its name, or a path (below ``/api/v1/`` without a leading slash).
            where: Conditions on the decoded body, as ``add_script`` takes them: a mapping from paths, such as
                ``sampling_params.max_tokens``, to the wanted values. None for none.
            **fields: Fields of the decoded body and their values.

        Raises:
            ScriptViolation: No such request came; the message names the nearest request and how it differs.
            ScriptError: A condition is invalid, or there is no such endpoint or operation.
        """
        __tracebackhide__ = True
        found = find_request(self.journal.exchanges(), expected_request(request, where, fields))
        if isinstance(found, str):
            raise ScriptViolation(found)
        return found

    def sent(
        self,
        request: Operation | str,
        *,
        where: Mapping[str, object] | RequestMatch | None = None,
        **fields: object,
    ) -> tuple[dict[str, Any], ...]:
        """Return the decoded body of each request with these fields, in order of arrival; empty if none came.

            assert len(engine.sent("sample", where={"sampling_params.max_tokens": 16})) == 2

        The arguments are those of ``assert_sent``.

        Raises:
            ScriptError: A condition is invalid or on a misspelt field, there is no such endpoint or
                operation, or the journal has dropped its oldest requests.
        """
        return sent_bodies(self._exchanges(), expected_request(request, where, fields))

    def assert_connections(self, count: int) -> None:
        """Check how many connections carried all requests.

        Raises:
            ScriptViolation: The number differs; the message lists each connection and its requests. Also
                raised if requests came in process, where there are no connections.
            ScriptError: The journal has dropped its oldest requests.
        """
        __tracebackhide__ = True
        if (
            difference := connection_difference(self._exchanges(), count, self.how_to_use_a_socket)
        ) is not None:
            raise ScriptViolation(difference)

    # -- calls of the engine, which notifies this listener ----------------------------------------

    def submission_arrived(self, submission: Submission) -> None:
        """Do nothing: the journal records submissions."""

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        """Do nothing: the journal records submissions and their replies."""

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        """Do nothing: the journal records these requests."""

    def request_arrived(self, poll: Poll) -> None:
        """Record a poll."""
        record = PollRecord(poll.future.name, poll.place, self._clock())
        with self._log_lock:
            if len(self._polls) >= MAX_POLLS:
                self._overflowed = True
                return
            self._places[record.future, record.index] = len(self._polls)
            self._polls.append(record)

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        """Move the clock as the script says."""
        if self._move_clock is None:
            raise ScriptError(
                f"future {poll.future.name!r} moves the clocks, but no clock is frozen any more"
            )
        self._move_clock(advance)

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Record the answer to a poll."""
        now = self._clock()
        with self._log_lock:
            place = self._places.get((poll.future.name, poll.place))
            if place is None:
                return
            before = self._polls[place]
            match reply:
                case Reply(status=status):
                    self._polls[place] = replace(before, answered=now, status=status)
                case TransportFault(reply=changed, name=name):
                    code = None if changed is None else changed.status
                    self._polls[place] = replace(before, answered=now, status=code, fault=name)
            if not poll.held and poll.index == len(poll.future.script.turns) - 1:
                self._drained.append(poll.future.name)

    def _exchanges(self) -> list[Exchange]:
        if self.journal.dropped:
            raise ScriptError(
                f"the journal has dropped its oldest {counted(self.journal.dropped, 'request')}; "
                "call reset() between the parts of a test"
            )
        return self.journal.exchanges()

    def _named(self, future: FutureLike) -> ScriptedFuture:
        by_name = {known.name: known for known in self.futures}
        name = future if isinstance(future, str) else future.name
        if name not in by_name:
            hint = suggestion(name, by_name, f"there are: {', '.join(by_name) or 'none'}")
            raise ScriptError(f"there is no future {name!r} here; {hint}")
        return by_name[name]


def _fail_unless_empty(lines: list[str], noun: str, where: str) -> None:
    __tracebackhide__ = True
    if lines:
        raise ScriptViolation("\n".join([f"{counted(len(lines), noun)} {where}:", *lines]))
