"""A small SDK of the Tinker API, so that the adapter has something to drive: put yours in its place.

It behaves like `tinker` 0.5.1: samples and forward-backward passes, polled until they are done, and a
warning, at most once a minute, while the service is short of capacity. Its clock is injectable.
"""

from __future__ import annotations

import http.client
import itertools
import json
import math
import random
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any, Protocol

DEBOUNCE_SECONDS = 60.0
BACK_OFF_CAP_SECONDS = 30.0
RESUBMIT_CAP_SECONDS = 10.0
STATES = ("active", "paused_capacity", "paused_rate_limit")
REASONS = {
    "sampling": {"paused_rate_limit": "concurrent LoRA rate limit hit", "paused_capacity": "out of capacity"},
    "training": {
        "paused_rate_limit": "concurrent models rate limit hit",
        "paused_capacity": "out of capacity",
    },
}


class RequestFailedError(Exception):
    """The server reported that the request failed."""


class FutureExpiredError(Exception):
    """The server no longer has the future."""


class WaitTimeoutError(Exception):
    """The caller's time limit passed before the result came."""


class Clock(Protocol):
    """What the SDK reads the time from; every time is in seconds."""

    def wall(self) -> float: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class RealClock:
    """The clock of an SDK in use."""

    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class Deadline:
    """When a caller stops waiting for a result."""

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._at = math.inf if seconds is None else clock.monotonic() + seconds

    def check(self) -> None:
        """Raise a `WaitTimeoutError` if the time has come."""
        if self._clock.monotonic() >= self._at:
            raise WaitTimeoutError(f"no result within {self._seconds} s; wait longer")

    def sleep(self, seconds: float) -> None:
        """Sleep, but raise a `WaitTimeoutError` as soon as the time comes."""
        left = self._at - self._clock.monotonic()
        self._clock.sleep(min(seconds, left))
        if seconds >= left:
            raise WaitTimeoutError(f"no result within {self._seconds} s; wait longer")


class Service:
    """The connection to the service."""

    def __init__(self, base_url: str, api_key: str, clock: Clock, log: Callable[[str, str], None]) -> None:
        where = urllib.parse.urlsplit(base_url)
        self._address = where.netloc
        self._path = where.path.rstrip("/")
        self._headers = {"X-API-Key": api_key, "Content-Type": "application/json"}
        self.clock = clock
        self.log = log
        self.read_timeout = 60.0
        # The service takes a number that it knows for a request that is sent again.
        self.numbers = itertools.count()
        self.session = self.post("create_session", {"tags": [], "sdk_version": "1"})[1]["session_id"]

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Send a request; return the status and the JSON body (None if it is not JSON) of the reply."""
        connection = http.client.HTTPConnection(self._address, timeout=self.read_timeout)
        try:
            connection.request(
                "POST",
                f"{self._path}/api/v1/{path}",
                json.dumps(body),
                {**self._headers, **(headers or {})},
            )
            answer = connection.getresponse()
            text = _decoded(answer.read(), answer.getheader("Content-Encoding"))
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, None


def _decoded(body: bytes, encoding: str | None) -> bytes:
    # 32 more than the window's bits: zlib tells gzip and deflate apart itself.
    return zlib.decompress(body, 47) if encoding in ("gzip", "deflate") else body


class Observer:
    """Logs the pauses of one client; thread-safe."""

    def __init__(self, service: Service, kind: str, name: str) -> None:
        self._service = service
        self._kind = kind
        self._name = name
        self._logged_at = 0.0
        self._deciding = threading.Lock()

    def on_queue_state_change(self, state: str) -> None:
        if state == "active" or not self._is_due():
            return
        reason = REASONS[self._kind].get(state, "unknown")
        subject = f"sampler {self._name}" if self._kind == "sampling" else self._name
        self._service.log("warning", f"{self._kind.capitalize()} is paused for {subject}. Reason: {reason}")

    def _is_due(self) -> bool:
        with self._deciding:
            now = self._service.clock.wall()
            if now - self._logged_at < DEBOUNCE_SECONDS:
                return False
            self._logged_at = now
            return True


class Client:
    """A sampling or a training client."""

    def __init__(self, service: Service, kind: str, name: str) -> None:
        self._service = service
        self._kind = kind
        self._name = name
        self._numbers = itertools.count()
        self.observer = Observer(service, kind, name)

    def sample(self, *, timeout: float | None = None) -> Any:
        """Sample, and wait for the result; a future that the server lost is submitted again."""
        prompt = {"chunks": [{"type": "encoded_text", "tokens": [1, 2, 3]}]}
        body = {"sampling_session_id": self._name, "num_samples": 1, "prompt": prompt}
        body["sampling_params"] = {"max_tokens": 1}
        deadline = Deadline(self._service.clock, timeout)
        pause = 0.5
        while True:
            try:
                numbered = {**body, "seq_id": next(self._numbers)}
                return self._result("asample", numbered, "Sample", deadline)
            except FutureExpiredError:
                deadline.sleep(pause * random.uniform(0.75, 1.0))
                pause = min(2.0 * pause, RESUBMIT_CAP_SECONDS)

    def forward_backward(self, *, timeout: float | None = None) -> Any:
        """Run one forward-backward pass, and wait for the result."""
        data = {"data": [], "loss_fn": "cross_entropy"}
        number = 1 + next(self._numbers)
        body = {"model_id": self._name, "seq_id": number, "forward_backward_input": data}
        deadline = Deadline(self._service.clock, timeout)
        return self._result("forward_backward", body, "ForwardBackward", deadline)

    def _result(self, path: str, body: dict[str, Any], request_type: str, deadline: Deadline) -> Any:
        status, future = self._service.post(path, body)
        if status != 200:
            raise RuntimeError(f"{path} was refused: HTTP {status} {future}")
        return poll(self._service, future["request_id"], request_type, self.observer, deadline)


def create_sampling_client(service: Service, model_path: str | None, base_model: str) -> Client:
    """A client that samples from saved weights, or from a base model."""
    source = {"base_model": base_model} if model_path is None else {"model_path": model_path}
    body = {"session_id": service.session, "sampling_session_seq_id": next(service.numbers), **source}
    return Client(
        service, "sampling", service.post("create_sampling_session", body)[1]["sampling_session_id"]
    )


def create_training_client(service: Service, base_model: str) -> Client:
    """A client of a model that is created first."""
    body = {
        "session_id": service.session,
        "model_seq_id": next(service.numbers),
        "base_model": base_model,
        "lora_config": {"rank": 8},
    }
    future = service.post("create_model", body)[1]
    model = poll(service, future["request_id"], "CreateModel", None, Deadline(service.clock, None))
    return Client(service, "training", model["model_id"])


def poll(
    service: Service, request_id: str, request_type: str, observer: Observer | None, deadline: Deadline
) -> Any:
    """Poll a future until it ends."""
    failures = 0
    iteration = -1
    while True:
        iteration += 1
        deadline.check()
        headers = {"X-Tinker-Request-Iteration": str(iteration), "X-Tinker-Request-Type": request_type}
        try:
            status, body = service.post("retrieve_future", {"request_id": request_id}, headers)
        except (OSError, http.client.HTTPException):
            deadline.sleep(min(2.0**failures, BACK_OFF_CAP_SECONDS))
            failures += 1
            continue
        if status != 200:
            failures = 0
        if status == 408 and observer is not None and isinstance(body, dict) and body.get("queue_state"):
            observer.on_queue_state_change(next((s for s in STATES if s == body["queue_state"]), "unknown"))
        if status == 410:
            raise FutureExpiredError(request_id)
        if status == 408 or status >= 500:
            continue
        if status != 200 or not isinstance(body, dict):
            raise RuntimeError(f"{request_id} ended in HTTP {status}: {body}")
        if body.get("type") == "try_again":
            service.log("warning", f"{request_id}: the server answered try_again, and is asked again")
            continue
        if "error" in body and "category" in body:
            raise RequestFailedError(body["error"])
        return body
