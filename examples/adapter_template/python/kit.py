"""The kit's protocol for an adapter in Python: JSON lines, the clock file, events. Copy it as it is.

Nothing here is about your SDK: that is adapter.py. docs/reference/adapter-protocol.md describes the protocol.
"""

from __future__ import annotations

import contextvars
import json
import platform
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

NOBODY: dict[str, Any] = {"client": None, "future": None}
current: contextvars.ContextVar[dict[str, Any]] = contextvars.ContextVar("current", default=NOBODY)
"""The future that the running thread works for: events belong to it."""
writing = threading.Lock()


def say(event: str, /, **fields: object) -> None:
    """Write one line and flush it, so that the kit reads it before the SDK's next request."""
    line = json.dumps({"type": event, **fields})
    with writing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class FileClock:
    """The clock that the kit moves: `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS` in a file."""

    def __init__(self, path: str, run: int) -> None:
        self._path = Path(path)
        self._run = run

    def read(self) -> tuple[int, int, int]:
        seq, wall, monotonic = self._path.read_text().split()
        return int(seq), int(wall), int(monotonic)

    def wall(self) -> float:
        return self.read()[1] / 1e9

    def monotonic(self) -> float:
        return self.read()[2] / 1e9

    def sleep(self, seconds: float) -> None:
        """Tell the kit until when, and return when it has moved the clock there."""
        seq, _, now = self.read()
        until = now + round(seconds * 1e9)
        if current.get() is not NOBODY and until > now:
            say("waiting", id=self._run, **current.get(), until=until, seq=seq)
        while self.read()[2] < until:
            time.sleep(0.001)


class Driver(Protocol):
    """Drives the SDK in one scenario: what an adapter's author writes."""

    def create_client(self, kind: str, base_model: str, model_path: str | None) -> Any: ...

    def run(self, client: Any, operation: str, timeout: float | None) -> None:
        """Submit an operation, and wait for its result, for `timeout` seconds at most."""

    def outcome_of(self, error: Exception) -> str:
        """Return `failed`, `expired`, `timeout` or `error`."""


class Scenario:
    """One scenario: makes the clients, runs the futures, and sends the events."""

    def __init__(self, message: dict[str, Any], make_driver: Callable[[Scenario], Driver]) -> None:
        self._message = message
        self._make_driver = make_driver
        self._clients: dict[str, Any] = {}
        self._gates = {future["future"]: threading.Event() for future in message["futures"]}
        self.base_url: str = message["base_url"]
        self.api_key: str = message["api_key"]
        self.read_timeout: float | None = message.get("read_timeout")
        self.clock = FileClock(message["clock"]["path"], message["id"])

    def log(self, level: str, text: str) -> None:
        """Send a line that the SDK logged."""
        self._report("log", level=level, logger="sdk", message=text, time=self.clock.wall())

    def callback(self, state: str, reason: str | None = None) -> None:
        """Send a call of the client's observer."""
        self._report("callback", state=state, reason=reason)

    def go(self, future: int) -> None:
        """Let a future of a stepwise scenario begin."""
        self._gates[future].set()

    def run(self) -> None:
        message = self._message
        try:
            driver = self._make_driver(self)
            for spec in message["clients"]:
                made = driver.create_client(spec["kind"], spec["base_model"], spec["model_path"])
                self._clients[spec["name"]] = made
        except Exception as error:
            say("failed", id=message["id"], error=f"{type(error).__name__}: {error}")
            return
        threads = [threading.Thread(target=self._future, args=(driver, spec)) for spec in message["futures"]]
        for thread in threads:
            thread.start()
            if not (message["concurrent"] or message.get("threads")):
                thread.join()
        for thread in threads:
            thread.join()
        say("done", id=message["id"])

    def _future(self, driver: Driver, spec: dict[str, Any]) -> None:
        current.set({"client": spec["client"], "future": spec["future"]})
        if self._message["stepwise"]:
            self._gates[spec["future"]].wait()
        kind, text = "result", None
        try:
            driver.run(self._clients[spec["client"]], spec["operation"], spec["timeout"])
        except Exception as error:
            kind, text = driver.outcome_of(error), f"{type(error).__name__}: {error}"
        self._report("outcome", kind=kind, error=text)

    def _report(self, event: str, /, **fields: object) -> None:
        say(event, id=self._message["id"], **current.get(), seq=self.clock.read()[0], **fields)


def serve(about: dict[str, Any], make_driver: Callable[[Scenario], Driver]) -> None:
    """Serve until standard input ends.

    Args:
        about: The fields of `started`.
        make_driver: Makes the driver of a scenario.
    """
    scenario = None
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "start":
            say("started", runtime=f"Python {platform.python_version()}", **about)
        elif message["type"] == "run":
            scenario = Scenario(message, make_driver)
            threading.Thread(target=scenario.run, daemon=True).start()
        elif message["type"] == "go" and scenario is not None:
            scenario.go(message["future"])
