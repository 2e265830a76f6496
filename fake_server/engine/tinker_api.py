"""The engine ``FakeTinker``: the fake Tinker API without a transport.

A request goes in; a reply, or a transport fault for the transport to carry out, comes out. Every transport
(respx, httpx transport, loopback socket) calls ``FakeTinker.handle``, which never raises. A request that no
script expects gets HTTP 404 (422 if its body cannot be decoded), which no release of the official SDK
retries. The reply says which request came, what was scripted and the nearest name; the engine records the
same text as a ``Problem``.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import CLOCK_MONOTONIC, clock_gettime_ns
from typing import TYPE_CHECKING, ClassVar, Final

from fake_server.core.errors import (
    BodyError,
    FakeServerError,
    Problem,
    ProblemKind,
    ScriptError,
    ScriptViolation,
)
from fake_server.core.http_messages import JSON_HEADERS, Reply, Request, TransportFault
from fake_server.core.json_values import copied, encoded
from fake_server.core.number_words import counted
from fake_server.core.operations import (
    API_PREFIX,
    SUBMISSION_PATHS,
    Operation,
    candidates,
    named_operation,
    submission_number,
)
from fake_server.dialects.dialect import Dialect
from fake_server.dialects.dialect_files import dialect_named
from fake_server.dialects.translator import Translator
from fake_server.engine.explanations import (
    exhausted_script,
    unexpected_request,
    unfinished_script,
    unknown_future,
    unscripted_submission,
    unused_hold,
    unused_rule,
)
from fake_server.engine.fetched_results import FetchedResults
from fake_server.engine.futures import SUBMISSION_SECONDS, FutureBook, ScriptedFuture
from fake_server.engine.hold_book import HoldBook
from fake_server.engine.journal import DEFAULT_LIMIT, MAX_BYTES, Journal
from fake_server.engine.listener import Listener, Poll, Submission
from fake_server.engine.replies import completions_reply, refusing_reply, scripted_reply, submission_reply
from fake_server.engine.request_decoding import decode_plainly, decode_request
from fake_server.engine.setup_book import SetupBook, SetupRequests
from fake_server.engine.setup_endpoints import SETUP_PATHS, SetUp, client_of, telemetry_events
from fake_server.script.builder import Exhausted, Script, ScriptLike, Turn, as_script, with_submission
from fake_server.script.holds import AtMost, Hold, Outage, check_rule
from fake_server.script.request_match import RequestMatch, request_match
from fake_server.script.rules import Rule, RuleBook
from fake_server.script.setup_replies import SetupReplies
from fake_server.script.steps import MICROSECONDS, Advance, Complete, Fail, FailCategory, ReplyStep, Step

if TYPE_CHECKING:
    from fake_server.script.script_yaml import FileEntry
    from fake_server.service.refusals import ServiceRefusal
    from fake_server.service.simulated_service import SimulatedService

POLL_PATH: Final = f"{API_PREFIX}retrieve_future"
POLL_MANY_PATH: Final = f"{API_PREFIX}retrieve_futures"
CANCEL_PATH: Final = f"{API_PREFIX}cancel_future"
_OF_A_SESSION: Final = frozenset({POLL_MANY_PATH, CANCEL_PATH})
"""Paths whose every request the engine notifies its listener of."""
TELEMETRY_PATH: Final = f"{API_PREFIX}telemetry"
MAX_TELEMETRY: Final = 10_000
SERVICE_JOURNAL_BYTES: Final = 32 * 1024 * 1024
"""Limit of the journal of a simulated service, which may run for hours with large prompts and results."""
MAX_PROBLEMS: Final = 1_000
_LET_GO: Final = Reply(
    410,
    JSON_HEADERS,
    encoded({"detail": "the result was fetched some time ago and has been dropped; submit again"}),
)
_UNAUTHORIZED: Final = Reply(
    401, JSON_HEADERS, encoded({"detail": "the API key is missing or not known here; send another X-API-Key"})
)
_COMPLETED: Final = Script((Complete(),), Exhausted.REPEAT)
_PATHS: Final = (POLL_PATH, POLL_MANY_PATH, *SUBMISSION_PATHS, *SETUP_PATHS)


class Unscripted(StrEnum):
    """What a submission without a registered script gets. The creation of a model always completes."""

    ERROR = "error"
    """HTTP 404, and a problem that ``FakeTinker.verify`` reports."""
    COMPLETE = "complete"
    """A future that completes at once, or after the steps of a rule.

    See ``docs/reference/simulated-service.md``.
    """


class _Refusal(FakeServerError):  # noqa: N818 - not an error: it carries the error reply to `handle`
    def __init__(self, kind: ProblemKind, message: str, future: ScriptedFuture | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(kind, message)
        self.future = future


@dataclass(frozen=True, slots=True)
class _TurnedDown:
    """A submission to which a script replies, instead of the usual reply that accepts the submission.

    Attributes:
        submission: The submission; its request id is empty unless it was accepted.
        turn: The script's reply, with the clock steps before it.
    """

    submission: Submission
    turn: Turn


_Claim = tuple[int, int, tuple[Advance, ...], Turn | None, ReplyStep | None]
"""What one poll gets. In order: the 0-based number of the poll among those of its future; the 0-based number
of the script's reply, or of the next one if a hold (an outage or a limit) answers; the clock steps before the
reply; the script's reply, or None if a hold answers or no reply is left; the hold's reply, or None.

This is a plain tuple because every poll makes one: making a dataclass takes as long as the rest of the claim.
"""

Answer = tuple[Reply | TransportFault, ScriptedFuture | None]


class FakeTinker:
    """A fake Tinker service whose replies tests script; thread-safe.

    Attributes:
        journal: Every request with its answer.
        problems: Requests that no script expects, in order of arrival; at most ``MAX_PROBLEMS``.
        listener: The object that is notified of submissions and polls; None for none. May be replaced between
            requests.
        how_to_complete: The fix that the engine suggests when a submission has no script: how the user of
            this class lets such submissions complete. A subclass replaces it if its users do that in another
            way.
    """

    how_to_complete: ClassVar[str] = (
        "let submissions without a script complete: create the engine with a seed or with "
        "unscripted=Unscripted.COMPLETE"
    )

    def __init__(
        self,
        *,
        listener: Listener | None = None,
        unscripted: Unscripted | None = None,
        seed: int | None = None,
        journal_limit: int = DEFAULT_LIMIT,
        client_config: Mapping[str, object] | None = None,
        strict: bool = False,
        api_keys: Collection[str] = (),
        dialect: Dialect | str | None = None,
        long_polls: bool = False,
    ) -> None:
        """Create an engine without scripts.

        Args:
            listener: The object that is notified of submissions and polls; None for none.
            unscripted: What a submission without a registered script gets; None for ``complete`` if there is
                a seed, else ``error``.
            seed: Makes the engine a simulated service (``docs/reference/simulated-service.md``): results come
                from models that learn, and every number and id is derived from the seed. None for constant
                results. If ``unscripted`` is ``complete``, None means 0.
            journal_limit: How many exchanges the journal keeps; the oldest are dropped. 0 keeps none.
            client_config: Fields of the replies to ``client/config`` and ``client/dynamic_config`` that
                replace the defaults.
            strict: Whether the simulated service refuses base models that its capabilities do not list, and
                also samples and training passes that name no model.
            api_keys: The accepted API keys; a request with another key, or with none, gets HTTP 401. If
                empty, every request is accepted.
            dialect: The name of a known server whose deviations from the official service the engine imitates
                (``docs/reference/dialects.md``); None for the official service.
            long_polls: Whether the engine also imitates how long that server waits before it answers a poll
                of a future that is not done.

        Raises:
            ScriptError: ``client_config`` is not a JSON object, there is no such dialect, or ``long_polls``
                is on without a dialect.
        """
        config = copied(client_config or {})
        if not isinstance(config, dict):
            raise ScriptError(
                f"client_config must be a mapping of flags, not {client_config!r}; give a mapping"
            )
        if isinstance(dialect, str):
            dialect = dialect_named(dialect)
        if long_polls and dialect is None:
            raise ScriptError("long_polls needs a dialect, whose polls it slows down; give one with dialect=")
        self._translator = None if dialect is None else Translator(dialect, long_polls=long_polls)
        if seed is None and unscripted is Unscripted.COMPLETE:
            seed = 0
        self.listener = listener
        self.journal = Journal(journal_limit, MAX_BYTES if seed is None else SERVICE_JOURNAL_BYTES)
        self.problems: list[Problem] = []
        self.seed = seed
        self._unscripted = unscripted or (Unscripted.ERROR if seed is None else Unscripted.COMPLETE)
        self.clock_moves = 0
        self._client_config = config
        self._strict = strict
        self._api_keys = frozenset(api_keys)
        self._lock = threading.Lock()
        self._submission_came = threading.Condition(self._lock)
        self._moved_us = 0
        self._promised_us = 0
        self._synced_us = 0
        self._telemetry: deque[dict[str, object]] = deque(maxlen=MAX_TELEMETRY)
        self._begin()

    def _begin(self) -> None:
        self._book = FutureBook()
        self._rules = RuleBook(self.seed or 0)
        self._holds = HoldBook(self._promised_clock_us)
        self._setup_book = SetupBook()
        self._fetched = FetchedResults()
        self._service = None if self.seed is None else _service(self.seed, strict=self._strict)
        self._set_up = SetUp(self._client_config, self._service)

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
        """Register a script for the first submission that matches it; earlier scripts take precedence.

        Args:
            script: The replies to the polls of the future.
            operation: Matches only this operation; None matches any but ``create_model``.
            client: Matches only this model id, sampling session id, or (``tinker`` 0.1.x, and
                ``create_model``) model path or base model; None matches any.
            name: The future's name in errors, and its request id; unique. None for ``future-1``,
                ``future-2``, ….
            submission: Replies that refuse or lose the submission, before one attempt is accepted. They
                follow those that ``script`` already has. ``drop(after="accepted")`` accepts the submission
                and loses only the reply; the replies after it answer the client's further attempts.
            where: Matches only requests with these fields (``fake_server.script.request_match``); None
                matches any.

        Returns:
            The future, for the assertions and methods that take one.

        Raises:
            ScriptError: The name is taken, ``name`` or ``client`` is no text, there is no such operation, a
                reply cannot answer a submission, or ``where`` has an invalid condition.
        """
        for key, given in (("client", client), ("name", name)):
            if given is not None and not isinstance(given, str):
                raise ScriptError(f"{key} is {given!r}; give it as a text, such as {key}='sampler-1'")
        made, wanted = with_submission(as_script(script), submission), named_operation(operation)
        conditions = request_match(where)
        with self._lock:
            return self._book.add(made, wanted, client, name, conditions)

    def add_rule(self, rule: Rule | Hold, *, optional: bool = False) -> None:
        """Add a rule for submissions that have no script of their own; earlier rules take precedence.

        Args:
            rule: A rule, an outage or a limit.
            optional: Whether the rule need not apply; otherwise ``verify`` reports a rule that never applied.

        Raises:
            ScriptError: The value is not a rule, or is only the beginning of one, such as ``every(3)``; or
                this engine treats submissions without a script as errors.
        """
        check_rule(rule)
        if self._unscripted is Unscripted.ERROR:
            raise ScriptError(
                "a rule applies to submissions without a script, but here they are errors; "
                f"{self.how_to_complete}"
            )
        with self._lock:
            match rule:
                case Rule():
                    self._rules.add(rule, optional=optional)
                case Outage() | AtMost():
                    self._holds.add(rule, optional=optional)

    def remove_rule(self, rule: Rule | Hold) -> None:
        """Remove a rule. An outage ends for all futures that it pauses.

        Raises:
            ScriptError: The rule was not added to this engine, or was removed before.
        """
        with self._lock:
            there = self._rules.remove(rule) if isinstance(rule, Rule) else self._holds.remove(rule)
        if not there:
            raise ScriptError(
                f"{rule!r} was not added to this engine, or is removed already; remove each rule once"
            )

    def on(self, path: str) -> SetupRequests:
        """Select the requests of one endpoint or operation, to script replies to the first of them.

            engine.on("create_session").replies(status(503), drop())
            engine.on("optim_step").replies(status(400, {"detail": "the learning rate is too high"}))

        A submission that gets such a reply is refused or lost: it uses up no script, and creates no future.
        With ``drop(after="accepted")`` the submission is accepted, and only the reply is lost.

        Args:
            path: The path below ``/api/v1/``, such as ``create_session``, or an operation such as ``sample``.
                Any complete path that begins with a slash is accepted.

        Raises:
            ScriptError: There is no such endpoint or operation; the message suggests the nearest one.
        """
        return SetupRequests(path, self.add_setup)

    def add_setup(self, replies: SetupReplies) -> None:
        """Add replies to the first requests of an endpoint or operation, after those added before."""
        with self._lock:
            self._setup_book.add(replies)

    def add_entry(self, entry: FileEntry) -> ScriptedFuture | None:
        """Add one entry of a script file: a script, a rule, a hold, or replies to an endpoint.

        Returns:
            The future, if the entry is a script; else None.

        Raises:
            ScriptError: As ``add_script`` and ``add_rule``.
        """
        if isinstance(entry, Rule | Outage | AtMost):
            self.add_rule(entry)
            return None
        if isinstance(entry, SetupReplies):
            self.add_setup(entry)
            return None
        return self.add_script(
            entry.script,
            operation=entry.operation,
            client=entry.client,
            name=entry.name,
            where=entry.where,
        )

    @property
    def telemetry(self) -> tuple[dict[str, object], ...]:
        """The telemetry events that clients sent, in order; at most the newest ``MAX_TELEMETRY``."""
        with self._lock:
            return tuple(self._telemetry)

    def expect_model(self, model_id: str) -> None:
        """Give the next created model this id. By default models get ``model-1``, ``model-2``, ….

        After several calls, the models get the ids in the order of the calls.
        """
        with self._lock:
            self._set_up.models.expect(model_id)

    def expect_sampler(self, sampler_id: str) -> None:
        """Give the next sampling session this id. By default sessions get ``sampler-1``, ``sampler-2``, …."""
        with self._lock:
            self._set_up.samplers.expect(sampler_id)

    def add_standing_rule(self, rule: Rule) -> None:
        """Add an optional rule that applies even where submissions without a script are errors."""
        with self._lock:
            self._rules.add(rule, optional=True)

    def replace_script(self, future: ScriptedFuture, script: Script) -> None:
        """Replace the script of a future, from its first reply, and answer the polls that are held now."""
        with self._lock:
            future.script, future.polls = script, 0
        self.release(future.name)

    def wait_submitted(self, future: ScriptedFuture, *, seconds: float = SUBMISSION_SECONDS) -> None:
        """Wait until a client has submitted a future.

        Args:
            future: The future that ``add_script`` returned.
            seconds: How long to wait, in seconds of the clock that the process sees.

        Raises:
            ScriptViolation: No client has submitted the future in that time.
        """
        with self._submission_came:
            came = self._submission_came.wait_for(lambda: future.submitted, seconds)
        if not came:
            raise ScriptViolation(f"after {seconds:g} s: {unfinished_script(future)}")

    def end(self, future: ScriptedFuture) -> None:
        """End a future for which no client waits any more: no later submission continues its script."""
        with self._lock:
            self._book.end(future)
            self._holds.ended(future)

    def forget(self, future: ScriptedFuture) -> None:
        """Remove a finished future, so that the memory of a long-running server does not grow.

        A later poll of the future counts as a poll of an unknown future.

        Raises:
            ScriptError: The future's script has replies left, or the future is forgotten already.
        """
        with self._lock:
            self._book.forget(future)
            self._holds.ended(future)
            if self._service is not None:
                self._service.forget(future.name)

    @property
    def futures(self) -> tuple[ScriptedFuture, ...]:
        """Return all futures that are not forgotten, with and without scripts, in order of creation."""
        with self._lock:
            return tuple(self._book.by_name.values())

    def verify(self) -> None:
        """Check that every script was served to its end, every rule applied, and nothing else came.

        Raises:
            ScriptViolation: Lists each problem, unfinished script and unused rule, with its fix.
        """
        with self._lock:
            lines = [f"{problem.kind}: {problem.message}" for problem in self.problems]
            clients = self._book.clients
            lines += [unfinished_script(future, clients) for future in self._book.unfinished()]
            clients |= self._rules.clients
            lines += [unused_rule(rule, count, clients) for rule, count in self._rules.unused()]
            lines += [unused_hold(hold) for hold in self._holds.unused()]
            lines += self._setup_book.unused()
        if lines:
            differences = counted(len(lines), "difference")
            raise ScriptViolation("\n".join([f"{differences} from the script:", *lines]))

    def advance(self, seconds: float) -> None:
        """Let time pass for the simulated service, so that checkpoints expire.

        The clocks of clients do not move.

        Time also passes for the service when a script has an ``advance`` step, and during the pauses of
        rules.

        Args:
            seconds: How much time passes, in seconds.

        Raises:
            ScriptError: The engine has no seed, so that nothing can expire, or ``seconds`` is not a length of
                time.
        """
        if self._service is None:
            raise ScriptError("time passes only for a simulated service; create the engine with a seed")
        if not 0 <= seconds < math.inf:
            raise ScriptError(f"{seconds!r} is not a length of time; give a number of seconds from 0")
        self._service.advance(seconds)

    @property
    def held(self) -> tuple[str, ...]:
        """The names of the futures whose replies are held now, in order of arrival."""
        return self._book.gate.held

    def release(self, name: str | None = None) -> int:
        """Release the replies that are held now, and return how many there were.

        Args:
            name: The name of the future whose replies to release; None for those of all futures.
        """
        return self._book.gate.release(name)

    def reset(self) -> None:
        """Forget scripts, rules, ids, problems, the journal and the service's state. Release held replies.

        The settings of the engine, such as the seed, and the listener stay.
        """
        self.release()
        with self._lock:
            self._begin()
            self._telemetry.clear()
            self.problems = []
        self.journal.clear()

    def add_problem(self, problem: Problem) -> None:
        """Record a problem with a request that a transport could not pass to ``handle``."""
        with self._lock:
            if len(self.problems) < MAX_PROBLEMS:
                self.problems.append(problem)

    def handle(self, request: Request) -> Reply | TransportFault:
        """Return the answer to one request; can be called from any thread, and never raises."""
        arrived = clock_gettime_ns(CLOCK_MONOTONIC)
        answer: Reply | TransportFault
        service = self._service
        if service is not None:
            self._let_time_pass(service)
        try:
            if self._api_keys and request.header("x-api-key") not in self._api_keys:
                answer, future = _UNAUTHORIZED, None
            elif self._translator is not None:
                answer, future = self._translated(request, self._translator)
            elif request.path == POLL_PATH and request.method == "POST":
                answer, future = self._poll(request)
            else:
                answer, future = self._answer(request)
        except _Refusal as refusal:
            answer, future = self._spoken(request, self._refused(refusal.problem)), refusal.future
        except BaseException as error:  # a fault of a listener or an override; answer it
            where = f"{request.method} {request.path}"
            text = (
                f"{where}: {error}"
                if isinstance(error, ScriptError)
                else f"{where}: the fake server failed with {error!r}; fix the listener or the script's "
                "overrides"
            )
            problem = Problem(ProblemKind.INTERNAL, text)
            answer, future = self._refused(problem), None
            if not isinstance(error, Exception):
                # As `pytest.fail` raises it: it ends the request, and is found at the end of the test even if
                # nobody saw how the request ended.
                raise
        if service is not None:
            self._let_time_pass(service)
        self.journal.record(request, answer, arrived_ns=arrived, future=future.name if future else None)
        return answer

    def concerns_earlier_client(self, request: Request) -> bool:
        """Return whether a request comes from a client of an earlier engine; this class never knows."""
        del request
        return False

    def _translated(self, request: Request, translator: Translator) -> Answer:
        if (refusal := translator.refusal(request)) is not None:
            return refusal, None
        translated = translator.translated_request(request)
        if request.path == POLL_PATH and request.method == "POST":
            return self._poll(translated)
        answer, future = self._answer(translated)
        return translator.translated_reply(translated, answer), future

    def _refused(self, problem: Problem) -> Reply:
        self.add_problem(problem)
        status = 422 if problem.kind is ProblemKind.UNREADABLE_BODY else 404
        body = encoded({"error": problem.message, "problem": problem.kind.value})
        return Reply(status, JSON_HEADERS, body)

    def _answer(self, request: Request) -> Answer:
        if request.method == "POST" and (operation := SUBMISSION_PATHS.get(request.path)) is not None:
            return self._submit(request, operation)
        body = self._decoded(request)
        with self._lock:
            turn = self._setup_book.take(request.path)
            does = turn is None or turn.accepts
            answer: Reply | TransportFault | None = self._usual_answer(request, body) if does else None
            notifies = request.path in _OF_A_SESSION or self._setup_book.concerns(request.path)
            if turn is not None and (answer is not None or not does):
                answer = refusing_reply(turn.reply, self._book.gate, request.path)
        if answer is None:
            raise _Refusal(
                ProblemKind.UNEXPECTED_REQUEST, unexpected_request(request.method, request.path, _PATHS)
            )
        if notifies and self.listener is not None:
            self.listener.setup_answered(request, answer)
        return answer, None

    def _usual_answer(self, request: Request, body: Mapping[str, object]) -> Reply | None:
        if request.method == "POST" and request.path == POLL_MANY_PATH:
            return self._completions(body)
        if request.path == TELEMETRY_PATH:
            self._telemetry.extend(telemetry_events(body))
        elif request.path == CANCEL_PATH and self._service is not None:
            self._cancel(body.get("request_id"))
        return self._set_up.answer(request, body)

    def _cancel(self, request_id: object) -> None:
        cancelled = self._book.cancel(request_id)
        if cancelled is not None:
            self._holds.ended(cancelled)

    def _submit(self, request: Request, path_operation: Operation) -> Answer:
        try:
            answer = self._accept(request, path_operation)
        except _Refusal as refusal:
            reply = self._refused(refusal.problem)
            if self.listener is not None and refusal.problem.kind is ProblemKind.UNSCRIPTED_SUBMISSION:
                nobody = self._book.unknown()
                self.listener.submission_refused(
                    Submission(
                        nobody,
                        path_operation,
                        None,
                        "",
                        request.method,
                        request.path,
                        resubmitted=False,
                        request=request,
                    ),
                    reply,
                )
            return reply, None
        return self._turn_down(answer) if isinstance(answer, _TurnedDown) else answer

    def _turn_down(self, refused: _TurnedDown) -> Answer:
        """Answer a submission with the script's reply, and notify the listener."""
        submission, turn = refused.submission, refused.turn
        future = submission.future
        if self.listener is not None:
            self.listener.submission_arrived(submission)
            for advance in turn.advances:
                self.listener.clock_advanced(submission, advance)
                self.clock_moves += 1
        reply = refusing_reply(turn.reply, future.gate, future.name)
        if self.listener is not None:
            self.listener.submission_refused(submission, reply)
        return reply, future

    def _accept(self, request: Request, path_operation: Operation) -> Answer | _TurnedDown:
        body = self._decoded(request)
        client, operations = client_of(request.path, body), candidates(path_operation, body)
        number = submission_number(body)
        with self._lock:
            turn = self._setup_book.take(request.path, operations)
            if turn is not None and not turn.accepts:
                return self._refused_submission(self._book.unknown(), operations[0], client, request, turn)
            future = self._book.repeated(number)
            repeated, resubmitted = future is not None, False
            taken = None if future is None else (future, future.operation or operations[0])
            if taken is None:
                taken = self._book.take(operations, client, body)
            if taken is not None:
                turn = turn or self._book.submission_turn(taken[0], repeated=repeated)
                if turn is not None and not turn.accepts:
                    self._promise(turn.advances)
                    return self._refused_submission(*taken, client, request, turn)
            else:
                if (refusal := self._refusal(operations[0], body)) is not None:
                    return refusing_reply(turn.reply, self._book.gate, "") if turn else refusal.reply, None
                taken = self._unscripted_future(request, path_operation, operations, client, body)
            future, operation = taken
            if not repeated:
                resubmitted = future.submitted
                self._book.submit(future, operation, client, number)
                future.request = request
                if not resubmitted:
                    future.assigned = self._set_up.assign(request.path, body, future)
                future.replied_us = self._promised_clock_us()
                if not future.scripted:
                    self._holds.arrived(future, operations, client)
                self._submission_came.notify_all()
            request_id = future.request_ids[-1]
            if turn is not None:
                future.replied_us = self._promise(turn.advances)
        submission = Submission(
            future,
            operation,
            client,
            request_id,
            request.method,
            request.path,
            resubmitted,
            repeated,
            request,
        )
        if turn is not None:
            return _TurnedDown(submission, turn)
        if self.listener is not None:
            self.listener.submission_arrived(submission)
        return submission_reply(future, request_id, body), future

    def _refused_submission(
        self, future: ScriptedFuture, operation: Operation, client: str | None, request: Request, turn: Turn
    ) -> _TurnedDown:
        submission = Submission(
            future,
            operation,
            client,
            "",
            request.method,
            request.path,
            resubmitted=False,
            request=request,
        )
        return _TurnedDown(submission, turn)

    def _refusal(self, operation: Operation, body: Mapping[str, object]) -> ServiceRefusal | None:
        """Return the simulated service's refusal of a submission without a script, or None."""
        return None if self._service is None else self._service.refusal(operation, body)

    def _unscripted_future(
        self,
        request: Request,
        path_operation: Operation,
        operations: Sequence[Operation],
        client: str | None,
        body: Mapping[str, object],
    ) -> tuple[ScriptedFuture, Operation]:
        script = self._rules.script_for(operations, client, body)
        refused = self._unscripted is Unscripted.ERROR and path_operation is not Operation.CREATE_MODEL
        if script is None and refused:
            text = unscripted_submission(
                self._book, request.path, operations, client, body, self._rules, self.how_to_complete
            )
            raise _Refusal(ProblemKind.UNSCRIPTED_SUBMISSION, text)
        return self._book.add_unscripted(script or _COMPLETED, operations[0], client), operations[0]

    def _poll(self, request: Request) -> Answer:
        body = decode_plainly(request)
        request_id = (self._decoded(request) if body is None else body).get("request_id")
        if not isinstance(request_id, str):
            text = f"a poll's request_id must be a string, not {request_id!r}; send the submission's id"
            raise _Refusal(ProblemKind.UNREADABLE_BODY, text)
        with self._lock:
            if self._service is not None:
                self._let_go_of_results(self._service)
            future = self._book.by_request_id.get(request_id)
            if future is None or future.let_go:
                return self._spoken(request, self._let_go_reply(future, request_id)), future
            claim = self._claim(future)
        listener = self.listener
        poll = None if listener is None else self._announced(listener, future, claim, request_id, request)
        turn = claim[3]
        same = None if turn is None else turn.same
        reply = self._reply(future, claim, request_id, request) if same is None else same
        # Most engines have neither: a load test pays for every call of a method here.
        if self._service is not None:
            self._note_fetched(future, claim, reply)
        if self._translator is not None:
            reply = self._spoken(request, reply)
        if listener is not None and poll is not None:
            listener.reply_chosen(poll, reply)
        return reply, future

    def _let_go_reply(self, future: ScriptedFuture | None, request_id: str) -> Reply:
        if future is None and not self._book.was_let_go(request_id):
            raise _Refusal(ProblemKind.UNKNOWN_FUTURE, unknown_future(self._book, request_id))
        return _LET_GO

    def _announced(
        self, listener: Listener, future: ScriptedFuture, claim: _Claim, request_id: str, request: Request
    ) -> Poll:
        """Notify the listener of a poll, and of the clock steps before its reply."""
        place, index, advances, _, held = claim
        poll = Poll(
            future,
            request_id,
            index,
            request.header("x-tinker-request-iteration"),
            request.header("x-tinker-request-type"),
            request.method,
            request.path,
            place,
            held is not None,
            request,
        )
        listener.request_arrived(poll)
        for advance in advances:
            listener.clock_advanced(poll, advance)
            self.clock_moves += 1
        return poll

    def _spoken(self, request: Request, answer: Reply | TransportFault) -> Reply | TransportFault:
        """Return the answer to a poll as the imitated server (the engine's dialect) gives it."""
        return answer if self._translator is None else self._translator.translated_reply(request, answer)

    def _note_fetched(self, future: ScriptedFuture, claim: _Claim, reply: Reply | TransportFault) -> None:
        """If a reply is the result of a future without a script, record that a client has fetched it."""
        _, index, _, _, held = claim
        if not future.scripted and held is None and index + 1 == len(future.script.turns):
            with self._lock:
                self._fetched.add(future, len(reply.body) if isinstance(reply, Reply) else 0)

    def _let_go_of_results(self, service: SimulatedService) -> None:
        """Drop the results that clients fetched some time ago (``fake_server.engine.fetched_results``)."""
        for future in self._fetched.let_go():
            future.let_go = True
            future.request = None
            future.assigned = {}
            service.forget(future.name)
        for future in self._fetched.forget():
            self._book.let_go(future)

    def _claim(self, future: ScriptedFuture) -> _Claim:
        """Return what one poll gets, from a hold (an outage or a limit) if one applies, else the script."""
        place = future.seen
        future.seen = place + 1
        pause = None if future.scripted else self._holds.pause(future)
        moved: tuple[Advance, ...] = () if pause is None or pause.advance is None else (pause.advance,)
        if pause is not None and pause.reply is not None:
            index, advances, turn, held = future.polls, moved, None, pause.reply
        else:
            index, advances, turn = self._book.claim(future)
            held = None
            if advances and future.script.side_by_side:
                advances = self._left_of(advances, future)
            if moved:
                advances = (*moved, *advances)
            if not future.scripted and index + 1 >= len(future.script.turns):
                self._holds.ended(future)
        if advances or future.script.side_by_side:
            future.replied_us = self._promise(advances)
        return place, index, advances, turn, held

    def _left_of(self, advances: tuple[Advance, ...], future: ScriptedFuture) -> tuple[Advance, ...]:
        """Return the part of a future's clock steps that the polls of other futures have not made yet."""
        due = future.replied_us + sum(step.monotonic_us for step in advances)
        left = due - self._promised_clock_us()
        return (Advance(left, left),) if left > 0 else ()

    def _promise(self, advances: tuple[Advance, ...]) -> int:
        """Note the clock steps of a reply, and return the time of the scripts' clock after them."""
        self._promised_us = self._promised_clock_us() + sum(step.monotonic_us for step in advances)
        self._moved_us += sum(step.wall_us for step in advances)
        return self._promised_us

    def _promised_clock_us(self) -> int:
        """Return the time of the scripts' clock after all replies that are being sent have moved it."""
        return max(self.script_clock_us(), self._promised_us)

    def _let_time_pass(self, service: SimulatedService) -> None:
        """Move the simulated service's clock as far as the scripts' clock has moved since the last call."""
        with self._lock:
            now = self.script_clock_us()
            moved, self._synced_us = now - self._synced_us, now
            if moved > 0:
                service.advance(moved / MICROSECONDS)

    def moves_clock(self) -> bool:
        """Return whether scripts move a clock that clients in this process see."""
        return False

    def script_clock_us(self) -> int:
        """Return the time of the clock that scripts and pauses move, in microseconds."""
        return self._moved_us

    def _reply(
        self, future: ScriptedFuture, claim: _Claim, request_id: str, request: Request
    ) -> Reply | TransportFault:
        _, index, _, turn, held = claim
        step = held if turn is None else turn.reply
        if step is not None:
            return scripted_reply(step, future, request_id, request, self._service)
        text = exhausted_script(future, index)
        if future.script.exhausted is Exhausted.FAIL:
            return Fail(FailCategory.USER, text).reply
        return self._refused(Problem(ProblemKind.SCRIPT_EXHAUSTED, text))

    def _completions(self, body: Mapping[str, object]) -> Reply:
        target, cursor = body.get("target"), body.get("prev_cursor", 0)
        about = target if isinstance(target, dict) else {}
        session, clone = about.get("sampling_session_id"), about.get("cloned_sampler_id")
        return completions_reply(self._book, session, clone, cursor if isinstance(cursor, int) else 0)

    def _decoded(self, request: Request) -> Mapping[str, object]:
        try:
            return decode_request(request)
        except BodyError as error:
            text = f"{request.method} {request.path} came with a body that cannot be decoded: {error}"
            raise _Refusal(ProblemKind.UNREADABLE_BODY, text) from error


def _service(seed: int, *, strict: bool) -> SimulatedService:
    from fake_server.service.simulated_service import SimulatedService  # noqa: PLC0415 - not needed for scripts alone

    return SimulatedService(seed, strict=strict)
