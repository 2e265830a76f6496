"""Servers whose futures end wrongly, or not at all."""

from __future__ import annotations

from fake_server import Reply, Request
from tinker_conformance.server.dialogue import PROTOBUF

from .declaration import (
    FAILED,
    WAITING,
    BrokenBench,
    Chapter,
    changed,
    decoded,
    is_failure,
    is_pending,
    is_to,
    polled,
    replied,
)

SERVERS = Chapter()
_PROTOBUF_HEADERS = ((b"content-type", PROTOBUF.encode()),)


class _Failures(BrokenBench):
    """Answers the poll of a future that failed in another way."""

    def after(self, request: Request, reply: Reply) -> Reply:
        return self.failure(request, reply) if polled(request) is not None and is_failure(reply) else reply

    def failure(self, request: Request, reply: Reply) -> Reply:
        return reply


@SERVERS.add(
    "keeps_an_unknown_loss_waiting",
    caught_by="ends.all_end",
    saying="wanted an end of the future within 300 s, got none",
)
class _NeverEnds(_Failures):
    def failure(self, request: Request, reply: Reply) -> Reply:
        return WAITING if b"no_such_loss" in reply.body else reply


@SERVERS.add(
    "fails_with_500",
    caught_by="ends.form",
    saying="wanted a result, a failure or a pending reply, got HTTP 500",
    also=[
        "ends.all_end",
        "ends.cancelled",
        "ends.category",
        "ends.goes_on",
        "ends.in_json",
        "ends.same_again",
        "ends.text",
        "state.other_base",
        "state.unknown_checkpoint",
        "submission.unknown_model",
        "submission.unknown_sampler",
    ],
)
class _FailsWith500(_Failures):
    def failure(self, request: Request, reply: Reply) -> Reply:
        return FAILED


@SERVERS.add(
    "is_pending_again_after_the_result",
    caught_by="ends.stays_ended",
    saying="wanted the result again, got HTTP 408",
)
class _PendingAgain(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._fetched: dict[str, int] = {}

    def before(self, request: Request) -> Request | Reply:
        request_id = polled(request) or ""
        if request_id in self._fetched:
            self._fetched[request_id] += 1
            if self._fetched[request_id] == 1:
                return WAITING
        return request

    def after(self, request: Request, reply: Reply) -> Reply:
        if (request_id := polled(request)) is not None and not is_pending(reply):
            self._fetched.setdefault(request_id, 0)
        return reply


@SERVERS.add(
    "fails_with_400",
    caught_by="ends.form",
    saying='wanted HTTP 200 with an error and a category, got HTTP 400 {"detail"',
)
class _FailsWith400(_Failures):
    def failure(self, request: Request, reply: Reply) -> Reply:
        return replied(400, {"detail": "the work failed"})


@SERVERS.add(
    "fails_with_an_object",
    caught_by="ends.text",
    saying="wanted an error that is text",
)
class _FailsWithAnObject(_Failures):
    def failure(self, request: Request, reply: Reply) -> Reply:
        return changed(reply, lambda body: {**body, "error": {"message": body["error"]}})


@SERVERS.add(
    "fails_in_capitals",
    caught_by="ends.category",
    saying="wanted a category among unknown, server, user",
)
class _FailsInCapitals(_Failures):
    def failure(self, request: Request, reply: Reply) -> Reply:
        return changed(reply, lambda body: {**body, "category": body["category"].capitalize()})


@SERVERS.add(
    "fails_differently_each_time",
    caught_by="ends.same_again",
    saying="wanted the same failure again",
    also=["ends.in_json"],
)
class _FailsDifferently(_Failures):
    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def failure(self, request: Request, reply: Reply) -> Reply:
        self._count += 1
        return changed(reply, lambda body: {**body, "error": f"failure {self._count}"})


@SERVERS.add(
    "sends_a_failure_as_protobuf",
    caught_by="ends.in_json",
    saying="wanted the same failure with Accept: application/x-protobuf",
)
class _FailsInProtobuf(_Failures):
    def failure(self, request: Request, reply: Reply) -> Reply:
        return Reply(200, _PROTOBUF_HEADERS, b"\x0a\x00") if request.header("accept") == PROTOBUF else reply


@SERVERS.add(
    "refuses_what_follows_a_failure",
    caught_by="ends.goes_on",
    saying="the sampler has failed",
)
class _RefusesAfterwards(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._failed = False

    def before(self, request: Request) -> Request | Reply:
        failed, self._failed = self._failed, False
        if failed and is_to(request, "asample"):
            return replied(409, {"detail": "the sampler has failed"})
        return request

    def after(self, request: Request, reply: Reply) -> Reply:
        self._failed = polled(request) is not None and is_failure(reply)
        return reply


@SERVERS.add(
    "keeps_a_cancelled_future_waiting",
    caught_by="ends.cancelled",
    saying="wanted an end of the future within 300 s, got none",
)
class _CancelsForEver(BrokenBench):
    def __init__(self) -> None:
        super().__init__()
        self._cancelled: set[object] = set()

    def before(self, request: Request) -> Request | Reply:
        if is_to(request, "cancel_future"):
            self._cancelled.add(decoded(request).get("request_id", "nobody"))
        return WAITING if polled(request) in self._cancelled else request


SERVERS.answers(
    "fails_at_cancelling_nobody",
    lambda request: (
        is_to(request, "cancel_future") and decoded(request).get("request_id") == "no-such-request"
    ),
    FAILED,
    caught_by="ends.cancelled_nobody",
    saying="wanted a status below 500, got HTTP 500",
)
