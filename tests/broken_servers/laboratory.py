"""A server in this process, on a clock of its own: no sockets, no httpx, no waiting."""

from __future__ import annotations

import threading

from fake_server import FakeTinker, Reply, Request, at_most, every
from fake_server.script import timeout, try_again
from tinker_conformance.server.exchanges import Answer, NoAnswerError, Question
from tinker_conformance.server.server_request import Pausing, ServerRequest
from tinker_conformance.server.server_run import ServerRun, open_server_run

SEED = 7
KEY = "tml-test"
AT_ONCE = 6
BASE_MODEL = "Qwen/Qwen3-8B"


def fake_server() -> FakeTinker:
    """The fake as the first server under test: it knows its keys and models, asks for zstd, and pauses."""
    engine = FakeTinker(seed=SEED, strict=True, api_keys=[KEY], client_config={"proto_compress_fwdbwd": True})
    engine.add_rule(at_most(AT_ONCE, "paused_rate_limit", reason="too many at once"))
    # Not samples, whose pauses are counted.
    engine.add_rule(every(1, operation="forward_backward").plays(timeout(queue_state="active")))
    again = try_again(queue_state="paused_capacity", queue_state_reason="busy")
    engine.add_rule(every(1, operation="optim_step").plays(again))
    return engine


class InstantClock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


class Bench:
    """Carries questions to an engine."""

    def __init__(self, engine: FakeTinker | None = None) -> None:
        self.engine = engine or fake_server()
        self.clock = InstantClock()

    def request(self, question: Question) -> Request:
        path, _, query = question.path.partition("?")
        given = dict(question.headers) | ({"x-api-key": KEY} if question.with_key else {})
        headers = tuple((name.encode(), value.encode()) for name, value in given.items())
        return Request(question.method, path, query, headers, question.body)

    def send(self, question: Question, seconds: float) -> Answer:
        reply = self.respond(self.request(question), seconds)
        return Answer(
            reply.status,
            {name.decode().lower(): value.decode("latin-1") for name, value in reply.headers},
            reply.body,
        )

    def abandon(self, question: Question) -> None:
        self.hung_up(self.request(question))

    def hung_up(self, request: Request) -> None:
        self.respond(request, 0.0)

    def respond(self, request: Request, seconds: float) -> Reply:
        reply = self.engine.handle(request)
        if not isinstance(reply, Reply):
            raise NoAnswerError(str(reply))
        return reply

    def close(self) -> None: ...


def opened(bench: Bench, **options: object) -> ServerRun:
    given = {
        "url": "http://127.0.0.1:8000",
        "api_key": KEY,
        "base_model": BASE_MODEL,
        "pausing": Pausing(samples=AT_ONCE),
        "max_minutes": 1_000,
        **options,
    }
    return open_server_run(ServerRequest(**given), sender=bench, clock=bench.clock)  # type: ignore[arg-type]
