"""An adapter over standard input and output: a copy of it, with your SDK in place of `sdk`, is yours.

The protocol is described in docs/reference/adapter-protocol.md. What is to be replaced is marked YOUR SDK.
"""

from __future__ import annotations

import contextvars
import json
import sys
import threading
import time
from pathlib import Path

import sdk  # YOUR SDK

ABOUT = {  # YOUR SDK: who it is, what it claims
    "protocol": 1,
    "name": "adapter-template",
    "version": "0.1.0",
    "language": "python",
    "profile": "tinker-0.5.1",
    "capabilities": ["callbacks", "sampling", "training", "concurrency", "threads", "virtual_sleep"],
    "operations": ["sample", "forward_backward"],
    "clocks": ["file"],
}
NOBODY = {"client": None, "future": None}
current: contextvars.ContextVar[dict] = contextvars.ContextVar("current", default=NOBODY)
writing = threading.Lock()


def say(event: str, /, **fields: object) -> None:
    """Writes one line, and sees it off: before the SDK's next request."""
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

    def sleep(self, seconds: float) -> None:
        seq, _, now = self.read()
        until = now + round(seconds * 1e9)
        if current.get() is not NOBODY and until > now:
            say("waiting", id=self._run, **current.get(), until=until, seq=seq)
        while self.read()[2] < until:
            time.sleep(0.001)


class Scenario:
    """One scenario: clients are made, futures are run, and what can be seen is told."""

    def __init__(self, message: dict) -> None:
        self._message = message
        self._clock = FileClock(message["clock"]["path"], message["id"])
        self._clients: dict[str, object] = {}
        self._gates = {future["future"]: threading.Event() for future in message["futures"]}

    def go(self, future: int) -> None:
        self._gates[future].set()

    def run(self) -> None:
        message = self._message
        try:
            service = sdk.Service(message["base_url"], message["api_key"], self._clock, self._log)  # YOUR SDK
            for spec in message["clients"]:
                self._clients[spec["name"]] = self._client(service, spec)
        except Exception as error:
            say("failed", id=message["id"], error=f"{type(error).__name__}: {error}")
            return
        threads = [threading.Thread(target=self._future, args=(spec,)) for spec in message["futures"]]
        for thread in threads:
            thread.start()
            if not message["concurrent"]:
                thread.join()
        for thread in threads:
            thread.join()
        say("done", id=message["id"])

    def _client(self, service: object, spec: dict) -> object:
        """Makes a client, and sees the calls of its observer."""
        if spec["kind"] == "sampling":  # YOUR SDK
            client = sdk.create_sampling_client(service, spec["model_path"], spec["base_model"])
        else:
            client = sdk.create_training_client(service, spec["base_model"])
        notice = client.observer.on_queue_state_change

        def watched(state: str) -> None:
            self._tell("callback", state=state, reason=None)
            notice(state)

        client.observer.on_queue_state_change = watched
        return client

    def _future(self, spec: dict) -> None:
        """Runs a future to its end."""
        current.set({"client": spec["client"], "future": spec["future"]})
        if self._message["stepwise"]:
            self._gates[spec["future"]].wait()
        kind, text = "result", None
        try:
            getattr(self._clients[spec["client"]], spec["operation"])()  # YOUR SDK
        except Exception as error:
            known = {sdk.RequestFailedError: "failed", sdk.FutureExpiredError: "expired"}  # YOUR SDK
            kind, text = known.get(type(error), "error"), f"{type(error).__name__}: {error}"
        self._tell("outcome", kind=kind, error=text)

    def _log(self, level: str, text: str) -> None:
        self._tell("log", level=level, logger="sdk", message=text, time=self._clock.wall())

    def _tell(self, event: str, /, **fields: object) -> None:
        say(event, id=self._message["id"], **current.get(), seq=self._clock.read()[0], **fields)


def main() -> None:
    """Serves until standard input ends."""
    scenario = None
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "start":
            say("started", **ABOUT)
        elif message["type"] == "run":
            scenario = Scenario(message)
            threading.Thread(target=scenario.run, daemon=True).start()
        elif message["type"] == "go":
            scenario.go(message["future"])


if __name__ == "__main__":
    main()
