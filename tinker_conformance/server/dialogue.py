"""What a probe uses to talk to a server: send requests, poll futures, and note what differs from the rule.

`Line` is shared by all probes of a run. Each probe has a `Dialogue`, which records the requests and replies
as a timeline and each difference as a `Mismatch`.
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, NoReturn

from fake_server.core.wanted_got import wanted_got
from fake_server.protobuf import decode_forward_output, decode_sample_response
from tinker_conformance.checks.case import Mismatch
from tinker_conformance.error_families import ConformanceError, ServerUnderTestError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.server.exchanges import (
    NOT_JSON,
    READ_SECONDS,
    Answer,
    Clock,
    NoAnswerError,
    Question,
    Sender,
)
from tinker_conformance.server.target import RequestBudget, ServerUnderTest
from tinker_conformance.timeline import Event, Request, Response, Timeline

API: Final = "/api/v1/"
POLL: Final = "retrieve_future"
JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
EITHER: Final = f"{PROTOBUF}, {JSON}"
"""An `Accept` header for polls that takes protobuf and JSON. Releases up to 0.24.1 send JSON or both, later
ones protobuf.
"""
FUTURE_SECONDS: Final = 300.0
"""How long a future may take, in seconds; creating a model may load its weights first."""
_LONGEST_SLEEP: Final = 1.0
_MOST_UNANSWERED: Final = 5
_NOT_THERE: Final = (404, 405, 501)
_LATER: Final = (402, 408, 425, 429)
"""HTTP statuses with which a server asks its client to try again later."""

Json = Mapping[str, object]
Decode = Callable[[bytes], Json]


class ProbeEnded(ConformanceError):  # noqa: N818 - the end of a probe is no error
    """Raised to end a probe early, with the reason.

    Attributes:
        verdict: Why. `FAILED`: the server differs from the rule, and the mismatch is noted. `NOT_OFFERED`:
            the server does not have what the probe is about. `NOT_TESTABLE`: something fails that another
            probe judges.
        fix_first: The id of that other probe; None for the other verdicts.
    """

    def __init__(
        self, note: str = "", verdict: Verdict = Verdict.FAILED, *, fix_first: str | None = None
    ) -> None:
        super().__init__(note)
        self.verdict = verdict
        self.fix_first = fix_first


def not_offered(how: str) -> ProbeEnded:
    """Return the exception that ends a probe because the server does not have what the probe is about.

    Args:
        how: How the probe found that out, for the report.
    """
    return ProbeEnded(how, Verdict.NOT_OFFERED)


class Line:
    """The connection to the server under test and the limits of the run, shared by all probes.

    Attributes:
        target: The server.
        sender: Sends the requests.
        clock: Tells the time and waits for probes; a test may replace it.
        budget: How many requests may still be sent.
        seconds: How long the run may take, in seconds.
        pending: Every reply to a poll so far that said that the future is not ready.
        sessions: The ids of all sessions that were opened.
    """

    def __init__(
        self,
        target: ServerUnderTest,
        sender: Sender,
        clock: Clock,
        budget: RequestBudget,
        seconds: float = math.inf,
    ) -> None:
        """Prepare the connection without sending anything; the time of the run starts now."""
        self.target = target
        self.sender = sender
        self.clock = clock
        self.budget = budget
        self.seconds = seconds
        self._began = clock.now()
        self.pending: list[Answer] = []
        self.sessions: list[str] = []
        self._polled: dict[object, list[int]] = {}
        self._lock = threading.Lock()

    def asked(self, question: Question, seconds: float) -> Answer:
        """Send a question and return the reply.

        Raises:
            NoAnswerError: No reply came.
            ServerUnderTestError: The run has taken longer than its limit.
        """
        if (late := self.clock.now() - self._began) > self.seconds:
            raise ServerUnderTestError(
                f"the probes did not finish within {late / 60:.1f} min, the limit of --max-minutes; find "
                "out why the server is so slow, or raise that limit"
            )
        answer = self.sender.send(question, seconds)
        return replace(answer, shown=self.target.without_key)

    def number_of(self, request_id: object) -> tuple[int, int]:
        """Return a number for the future that is polled, from 1, and how often it was polled before."""
        with self._lock:
            seen = self._polled.setdefault(str(request_id), [len(self._polled) + 1, -1])
            seen[1] += 1
            return seen[0], seen[1]


class Dialogue:
    """The requests and replies of one probe, or of another purpose such as the survey at the start.

    Attributes:
        line: The connection to the server.
        mismatches: The differences from the rule that were noted.
    """

    def __init__(self, line: Line, purpose: str = "") -> None:
        """Start the timeline at 0 s.

        Args:
            line: The connection to the server.
            purpose: The id of the probe, which the mismatches name.
        """
        self.line = line
        self.mismatches: list[Mismatch] = []
        self._probe_id = purpose
        self._events: list[Event] = []
        self._began = line.clock.now()
        self._lock = threading.Lock()

    @property
    def timeline(self) -> Timeline:
        """The requests and replies so far, in order."""
        return tuple(self._events)

    # -- asking ----------------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = JSON,
        with_key: bool = True,
        seconds: float = READ_SECONDS,
    ) -> Answer:
        """Send a request and return the reply.

        Args:
            method: The HTTP method.
            path: The path below `/api/v1/`.
            body: The JSON value to send; None for no body.
            raw: The bytes to send in place of `body`.
            headers: Further headers, which replace those of the kit.
            accept: The `Accept` header.
            with_key: Whether to send the API key.
            seconds: How long to wait for the complete reply.

        Raises:
            NoAnswerError: No reply came.
            UserError: The run may send no more requests.
        """
        question = self._question(method, path, body, raw, headers, accept, with_key=with_key)
        number = self._sent(question, body)
        try:
            answer = self.line.asked(question, seconds)
        except NoAnswerError as error:
            self._note(Response(at=self._at(), future=number, status=None, fault=str(error)))
            raise
        self._answered(question, answer, number)
        return answer

    def post(self, path: str, body: object = None, **more: object) -> Answer:
        """Send a POST; the arguments are those of `ask`."""
        return self.ask("POST", path, body, **more)  # type: ignore[arg-type] # passed through

    def get(self, path: str, **more: object) -> Answer:
        """Send a GET; the arguments are those of `ask`."""
        return self.ask("GET", path, **more)  # type: ignore[arg-type] # passed through

    def hang_up(self, path: str, body: object, *, accept: str = JSON) -> None:
        """Send a POST and close the connection without reading the reply."""
        question = self._question("POST", path, body, None, None, accept, with_key=True)
        number = self._sent(question, body)
        self.line.sender.abandon(question)
        self._note(Response(at=self._at(), future=number, status=None, fault="the client hung up"))

    def at_once(self, *asking: Callable[[], Answer]) -> list[Answer]:
        """Send several requests at the same time, and return the replies in the order of the arguments."""
        with ThreadPoolExecutor(len(asking)) as threads:
            return [future.result() for future in [threads.submit(each) for each in asking]]

    def poll(self, request_id: str, *, accept: str = EITHER, **more: object) -> Answer:
        """Poll a future once."""
        return self.post(POLL, {"request_id": request_id}, accept=accept, **more)

    # -- futures ---------------------------------------------------------------------------------

    def submit(self, path: str, body: object = None, **more: object) -> str:
        """Send a submission and return its request id; end the probe if the server does not accept it."""
        return self.request_id(self.post(path, body, **more))

    def request_id(self, answer: Answer) -> str:
        """Return the request id in the reply to a submission; end the probe if the reply has none."""
        self.promised(answer)
        found = answer.mapping().get("request_id")
        with self.prerequisite("submission.request_id"):
            self.require(isinstance(found, str) and found != "", "a request_id that is text", str(answer))
        return str(found)

    def promised(self, answer: Answer) -> None:
        """End the probe unless the reply to a submission says that the server accepted it."""
        self.offered(answer)
        self.require(answer.ok, "a promise (HTTP 200 with a request_id)", str(answer))

    def offered(self, answer: Answer) -> Answer:
        """Return a reply, unless its status says that the server does not have the endpoint.

        Raises:
            ProbeEnded: The server does not have the endpoint.
        """
        if answer.status in {405, 501}:
            raise not_offered(f"{self._last_request()} answers HTTP {answer.status}")
        return answer

    def end(self, request_id: str, *, accept: str = EITHER, seconds: float = FUTURE_SECONDS) -> Answer:
        """Poll a future until it is no longer pending, as the official SDK does, and return the last reply.

        A poll without a reply is sent again, up to `_MOST_UNANSWERED` times in a row; so is one answered with
        HTTP 402, 425 or 429: other probes judge those. An HTTP status of 500 or more ends the probe, because
        a client would poll for ever.
        """
        clock = self.line.clock
        until = clock.now() + seconds
        pause = 0.02
        unanswered = 0
        while True:
            try:
                answer = self.poll(request_id, accept=accept)
            except NoAnswerError as error:
                unanswered += 1
                if not error.connected or unanswered >= _MOST_UNANSWERED:
                    raise
                answer = None
            if answer is not None:
                unanswered = 0
                if answer.status >= 500:
                    self.fail("a result, a failure or a pending reply", str(answer))
                if not is_pending(answer) and answer.status not in _LATER:
                    return answer
                if is_pending(answer):
                    self.line.pending.append(answer)
            if clock.now() >= until:
                self.fail(f"an end of the future within {seconds:g} s", "none")
            clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_SLEEP)

    def result(self, request_id: str, *, accept: str = JSON, decode: Decode | None = None) -> Json:
        """Return the result of a future as a JSON object; end the probe if the future has no result.

        Args:
            request_id: The future.
            accept: The `Accept` header of the polls.
            decode: Decodes the result if it comes in protobuf; None if it must come in JSON.
        """
        return self.decoded(self.end(request_id, accept=accept), decode)

    def sampled(self, request_id: str, *, accept: str = EITHER) -> Json:
        """Return the result of a sample as a JSON object; end the probe if the future has no result."""
        return self.result(request_id, accept=accept, decode=decode_sample_response)

    def passed(self, request_id: str, *, accept: str = EITHER) -> Json:
        """Return the result of a forward or forward-backward pass as a JSON object.

        A future without a result ends the probe.
        """
        return self.result(request_id, accept=accept, decode=decode_forward_output)

    def decoded(self, answer: Answer, decode: Decode | None = None) -> Json:
        """Return the result in a reply as a JSON object, whether the reply is JSON or protobuf."""
        self.require(answer.ok, "a result (HTTP 200)", str(answer))
        if answer.media_type == PROTOBUF and decode is not None:
            try:
                return decode(answer.body)
            except ValueError as error:
                self.fail("a protobuf message", f"{answer}: {error}")
        value = answer.json()
        self.require(isinstance(value, dict), "a result that is a JSON object", str(answer))
        assert isinstance(value, dict)  # noqa: S101 - narrows: `require` has ended the probe otherwise
        self.require("error" not in value, "a result", f"a failure: {answer}")
        return value

    # -- judging ---------------------------------------------------------------------------------

    def expect(self, holds: object, wanted: str, got: object) -> None:
        """Note a mismatch if `holds` is false, and go on with the probe."""
        if not holds:
            self._differs(wanted, got)

    def require(self, holds: object, wanted: str, got: object) -> None:
        """Note a mismatch and end the probe if `holds` is false.

        Raises:
            ProbeEnded: `holds` is false.
        """
        if not holds:
            self.fail(wanted, got)

    def fail(self, wanted: str, got: object) -> NoReturn:
        """Note a mismatch and end the probe.

        Raises:
            ProbeEnded: Always.
        """
        self._differs(wanted, got)
        raise ProbeEnded

    @contextlib.contextmanager
    def prerequisite(self, judged_by: str) -> Iterator[None]:
        """Surround steps that another probe judges.

        If the steps fail, this probe is "not testable" rather than failed.

        Args:
            judged_by: The id of the probe that judges these steps. In that probe itself, a failure stays a
                failure.

        Raises:
            ProbeEnded: One of the steps failed.
        """
        before = len(self.mismatches)
        try:
            yield
        except ProbeEnded as ended:
            if ended.verdict is not Verdict.FAILED or self._probe_id == judged_by:
                raise
            found = self.mismatches[-1]
            del self.mismatches[before:]
            note = f"{wanted_got(found.wanted, found.got)}; fix {judged_by} first"
            raise ProbeEnded(note, Verdict.NOT_TESTABLE, fix_first=judged_by) from None

    def unanswered(self, error: NoAnswerError) -> None:
        """Note a mismatch: no reply came to the last request."""
        self._differs(f"a reply to {self._last_request()}", f"no reply: {error}")

    def refused(self, answer: Answer) -> None:
        """Note a mismatch unless a reply is a refusal: a 4xx that no client repeats, with a JSON body."""
        refused = 400 <= answer.status < 500 and answer.status not in _LATER
        self.expect(refused and answer.json() is not NOT_JSON, "a 4xx with a JSON body", str(answer))

    def refused_or_failed(self, answer: Answer) -> None:
        """Note a mismatch unless a submission is refused, or its future fails."""
        if not answer.ok:
            self.refused(answer)
            return
        ended = self.end(self.request_id(answer))
        failed = 400 <= ended.status < 500 or is_failure(ended)
        self.expect(failed, "a 4xx, or a future that fails", str(ended))

    # --------------------------------------------------------------------------------------------

    def _differs(self, wanted: str, got: object) -> None:
        place = next(
            (n for n, event in reversed(list(enumerate(self._events))) if isinstance(event, Response)), None
        )
        wanted, text = map(self.line.target.without_key, (wanted, str(got)))
        self.mismatches.append(Mismatch(self._probe_id, self._at(), wanted, text, place))

    def _question(  # noqa: PLR0917 - the parts of a request
        self,
        method: str,
        path: str,
        body: object,
        raw: bytes | None,
        headers: Mapping[str, str] | None,
        accept: str,
        *,
        with_key: bool,
    ) -> Question:
        given = {"accept": accept}
        if raw is None and body is not None:
            raw = json.dumps(body, separators=(",", ":")).encode()
        if raw is not None:
            given["content-type"] = JSON
        given |= headers or {}
        return Question(method, API + path, tuple(given.items()), raw or b"", with_key)

    def _sent(self, question: Question, body: object) -> int | None:
        self.line.budget.spend()
        path = question.path
        number, iteration = None, None
        if path == API + POLL and isinstance(body, dict):
            number, iteration = self.line.number_of(body.get("request_id"))
        event = Request(
            at=self._at(),
            future=number,
            method=question.method,
            path=path,
            iteration=None if iteration is None else str(iteration),
            request_type=None if number is None else f"future {number}",
        )
        self._note(event)
        return number

    def _answered(self, question: Question, answer: Answer, number: int | None) -> None:
        value = answer.json()
        if question.path == f"{API}create_session" and answer.ok:
            session = answer.mapping().get("session_id")
            self.line.sessions += [session] if isinstance(session, str) and session else []
        text: object = value
        if value is NOT_JSON:
            kind = self.line.target.without_key(answer.media_type) or "no media type"
            text = f"{len(answer.body)} bytes of {kind}"
        elif self.line.target.without_key(quoted := json.dumps(value)) != quoted:
            text = self.line.target.without_key(quoted)
        self._note(Response(at=self._at(), future=number, status=answer.status, body=text))

    def _note(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)

    def _at(self) -> float:
        return round(self.line.clock.now() - self._began, 6)

    def _last_request(self) -> str:
        asked = [event for event in self._events if isinstance(event, Request)]
        return f"{asked[-1].method} {asked[-1].path}" if asked else "a request"


def is_pending(answer: Answer) -> bool:
    """Return whether a reply to a poll tells the client to poll again."""
    return answer.status == 408 or (answer.ok and answer.mapping().get("type") == "try_again")


def is_failure(answer: Answer) -> bool:
    """Return whether a reply to a poll is a failure that every release reads: HTTP 200 with `error`."""
    return answer.ok and "error" in answer.mapping()


def is_missing(answer: Answer) -> bool:
    """Return whether the status of a reply says that the server does not have the path."""
    return answer.status in _NOT_THERE


def numbers(value: object) -> Sequence[float] | None:
    """Return `value` if it is a list of JSON numbers, or else None."""
    if isinstance(value, list) and all(type(each) in {int, float} for each in value):
        return value
    return None
