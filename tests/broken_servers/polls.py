"""Servers that answer polls wrongly, or lose results."""

from __future__ import annotations

import threading

from fake_server import Reply, Request
from fake_server.service.optimizer import AdamParams
from tinker_conformance.server.exchanges import NoAnswerError

from .declaration import (
    EMPTY_408,
    FAILED,
    GONE,
    WAITING,
    BrokenBench,
    Chapter,
    Json,
    changed,
    decoded,
    is_pending,
    is_to,
    json_of,
    polled,
    replied,
    service_of,
    without,
)
from .laboratory import KEY

SERVERS = Chapter()


@SERVERS.add(
    "answers_after_60_seconds",
    caught_by="polling.in_time",
    saying="wanted a reply within 45 s, got no reply: nothing came for 45 s",
)
class _LongPolls(BrokenBench):
    """A step whose predecessor has not come is polled for 60 s."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived: dict[object, set[object]] = {}
        self._waits_for: dict[str, tuple[object, int]] = {}

    def after(self, request: Request, reply: Reply) -> Reply:
        body = decoded(request)
        model, number = body.get("model_id"), body.get("seq_id")
        if "request_id" in decoded_reply(reply) and isinstance(number, int):
            self._arrived.setdefault(model, set()).add(number)
            if is_to(request, "optim_step"):
                self._waits_for[str(decoded_reply(reply)["request_id"])] = (model, number - 1)
        return reply

    def respond(self, request: Request, seconds: float) -> Reply:
        model, number = self._waits_for.get(polled(request) or "", (None, 0))
        if model is not None and number not in self._arrived[model] and number > 0 and seconds < 60:
            self.clock.sleep(seconds)
            raise NoAnswerError(f"nothing came for {seconds:g} s")
        return super().respond(request, seconds)


def decoded_reply(reply: Reply) -> Json:
    found: list[Json] = []
    changed(reply, lambda body: found.append(body) or body)  # type: ignore[func-returns-value]
    return found[0] if found else {}


@SERVERS.add(
    "gives_a_result_to_one_of_two_polls",
    caught_by="polling.two_at_once",
    saying="no such future",
)
class _OneOfTwo(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._polled_aside: set[str] = set()
        self._lock = threading.Lock()

    def before(self, request: Request) -> Request | Reply:
        request_id = polled(request)
        if request_id is None or threading.current_thread() is threading.main_thread():
            return request
        with self._lock:
            if request_id in self._polled_aside:
                return GONE
            self._polled_aside.add(request_id)
        return request


class _Forgets(BrokenBench):
    """Remembers when the result of each future was first fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: dict[str, float] = {}
        self._one_at_a_time = threading.Lock()

    def respond(self, request: Request, seconds: float) -> Reply:
        with self._one_at_a_time:
            return super().respond(request, seconds)

    def after(self, request: Request, reply: Reply) -> Reply:
        request_id = polled(request)
        if request_id is not None and not is_pending(reply):
            self.fetched.setdefault(request_id, self.clock.now())
        return reply


@SERVERS.add(
    "forgets_a_result_once_it_was_fetched",
    caught_by="polling.again",
    saying="wanted the same result again, got HTTP 404",
    also=[
        "order.repeated_sample",
        "polling.after_hanging_up",
        "polling.after_the_longest_back_off",
        "polling.two_at_once",
        "pauses.resumes",
    ],
)
class _ForgetsAtOnce(_Forgets):
    """As SkyRL #2162 has it, for samples."""

    def __init__(self) -> None:
        super().__init__()
        self._samples: set[object] = set()

    def before(self, request: Request) -> Request | Reply:
        request_id = polled(request)
        return GONE if request_id in self.fetched and request_id in self._samples else request

    def after(self, request: Request, reply: Reply) -> Reply:
        if is_to(request, "asample"):
            self._samples.add(decoded_reply(reply).get("request_id"))
        return super().after(request, reply)


@SERVERS.add(
    "forgets_results_after_20_seconds",
    caught_by="polling.after_the_longest_back_off",
    saying="wanted the same result again, got HTTP 404",
)
class _ForgetsSoon(_Forgets):
    def before(self, request: Request) -> Request | Reply:
        at = self.fetched.get(polled(request) or "")
        return GONE if at is not None and self.clock.now() - at > 20 else request


@SERVERS.add(
    "loses_a_result_when_the_client_hangs_up",
    caught_by="polling.after_hanging_up",
    saying="wanted a result (HTTP 200), got HTTP 404",
)
class _LosesResults(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._lost: set[str] = set()

    def hung_up(self, request: Request) -> None:
        self._lost.add(polled(request) or "")

    def before(self, request: Request) -> Request | Reply:
        return GONE if polled(request) in self._lost else request


@SERVERS.add(
    "ends_the_first_of_two_samples_first",
    caught_by="polling.other_order",
    saying="wanted an end of the future within 300 s, got none",
)
class _InOrder(_Forgets):
    def __init__(self) -> None:
        super().__init__()
        self._pair: tuple[object, ...] = ()
        self._at = -1.0

    def after(self, request: Request, reply: Reply) -> Reply:
        if is_to(request, "asample") and reply.status == 200:
            together = self._pair if self._at == self.clock.now() else ()
            self._pair = (*together, decoded_reply(reply).get("request_id"))
            self._at = self.clock.now()
        return super().after(request, reply)

    def before(self, request: Request) -> Request | Reply:
        match self._pair:
            case first, second if polled(request) == second and first not in self.fetched:
                return WAITING
            case _:
                return request


SERVERS.answers(
    "waits_for_an_id_that_nobody_promised",
    lambda request: polled(request) == "no-such-request",
    WAITING,
    caught_by="polling.unknown_id",
    saying="wanted HTTP 404 or 410, got HTTP 408",
)
SERVERS.answers(
    "refuses_an_unknown_id_with_a_page",
    lambda request: polled(request) == "no-such-request",
    Reply(404, ((b"content-type", b"text/html"),), b"<h1>Not Found</h1>"),
    caught_by="polling.unknown_id_json",
    saying="wanted a JSON body, got HTTP 404 <h1>Not Found</h1>",
)
SERVERS.answers(
    "fails_at_a_foreign_poll",
    lambda request: polled(request) is not None and request.header("x-api-key") != KEY,
    FAILED,
    caught_by="polling.foreign_id",
    saying="wanted HTTP 401, 403, 404 or 410, got HTTP 500",
)
SERVERS.answers(
    "fails_at_a_poll_without_an_id",
    lambda request: is_to(request, "retrieve_future") and decoded(request) == {},
    FAILED,
    caught_by="polling.without_an_id",
    saying="wanted a 4xx with a JSON body, got HTTP 500",
)


@SERVERS.add(
    "makes_a_step_at_each_poll",
    caught_by="polling.no_effect",
    saying="as before the polls",
    also=["order.repeated_step"],
)
class _StepsAtPolls(_Forgets):
    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[str, Json] = {}

    def after(self, request: Request, reply: Reply) -> Reply:
        if is_to(request, "optim_step") and "request_id" in decoded_reply(reply):
            self._steps[str(decoded_reply(reply)["request_id"])] = json_of(request) or {}
        return super().after(request, reply)

    def before(self, request: Request) -> Request | Reply:
        request_id = polled(request) or ""
        if request_id in self.fetched and (step := self._steps.get(request_id)) is not None:
            run = service_of(self).runs[step["model_id"]]
            run.trained = run.trained.stepped({}, AdamParams.of(step))
        return request


class _Pending(BrokenBench):
    def after(self, request: Request, reply: Reply) -> Reply:
        return self.pending(reply) if polled(request) is not None and is_pending(reply) else reply

    def pending(self, reply: Reply) -> Reply:
        return reply


@SERVERS.add(
    "answers_a_pending_poll_with_an_empty_408",
    caught_by="polling.pending_json",
    saying="wanted a pending reply that is a JSON object, got HTTP 408",
)
class _Empty(_Pending):
    def pending(self, reply: Reply) -> Reply:
        return EMPTY_408 if b'"active"' in reply.body else reply


@SERVERS.add(
    "forgets_the_id_in_try_again",
    caught_by="polling.pending_id",
    saying="wanted a request_id that is text",
)
class _NoId(_Pending):
    def pending(self, reply: Reply) -> Reply:
        return changed(reply, without("request_id"))


@SERVERS.add(
    "has_a_queue_state_of_its_own",
    caught_by="polling.pending_state",
    saying='got HTTP 408 {"queue_state": "queued"}',
)
class _OwnWord(_Pending):
    def pending(self, reply: Reply) -> Reply:
        return replied(408, {"queue_state": "queued"}) if b'"active"' in reply.body else reply


@SERVERS.add(
    "gives_reasons_as_a_list",
    caught_by="polling.pending_reason",
    saying="wanted a queue_state_reason that is text",
)
class _Reasons(_Pending):
    def pending(self, reply: Reply) -> Reply:
        return (
            changed(reply, lambda body: {**body, "queue_state_reason": ["busy"]})
            if reply.status == 200
            else reply
        )
