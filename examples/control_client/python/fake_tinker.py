"""A client for the fake server, for test suites that run in another environment than the kit. Copy this file.

with FakeTinker() as server, server.test("pause") as test:
    test.add_scripts([{"steps": [{"timeout": {"queue_state": "paused_capacity"}}, {"complete": {}}]}])
    ...  # your SDK, at test.base_url
    test.verify()
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

START_SECONDS = 60.0
STOP_SECONDS = 10.0
REQUEST_SECONDS = 30.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before loopback


class FakeTinkerError(Exception):
    """The server did not start or stop, refused a request, or a test's scripts were not served as written."""


class FakeTinker:
    """The program `fake-tinker`, started; it ends with this process, even if that is killed."""

    def __init__(self, *options: str, command: Sequence[str] = ()) -> None:
        """Start the program.

        Args:
            options: More of its options, such as `--seed`, `7`.
            command: How to start it; by default the variable FAKE_TINKER, or `fake-tinker` on the PATH.
        """
        program = [*(command or shlex.split(os.environ.get("FAKE_TINKER", "fake-tinker")))]
        self._folder = tempfile.TemporaryDirectory(prefix="fake-tinker-")
        clock = str(Path(self._folder.name) / "clock")
        arguments = [*program, "--control", "--clock-file", clock, "--exit-with-stdin", *options]
        try:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        except OSError as error:
            self._folder.cleanup()
            raise _not_started(program, str(error)) from error
        assert self._process.stdout is not None
        limit = threading.Timer(START_SECONDS, self._process.kill)
        limit.start()
        line = self._process.stdout.readline()
        limit.cancel()
        if not line:
            self.stop()
            raise _not_started(program, "it printed no address")
        started = json.loads(line)
        self.url: str = started["url"]
        self._control: str = started["control"]
        self._headers = {"Authorization": f"Bearer {started['token']}"}

    def test(self, name: str | None = None) -> Test:
        """Begin a test, with scripts, journal and clock of its own."""
        made = json.loads(self.request("POST", "/tests", {} if name is None else {"name": name}))
        return Test(self, made["name"], made["base_url"], Path(made["clock"]))

    def request(self, method: str, path: str, body: object = None) -> bytes:
        """Send a request to the control plane; return the body of the reply."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self._control + path, data, self._headers, method=method)
        try:
            with _OPENER.open(asked, timeout=REQUEST_SECONDS) as reply:
                return bytes(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                raise FakeTinkerError(json.loads(error.read())["error"]) from None

    def stop(self) -> None:
        """Stop the program; twice does no harm."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Test:
    """A test of a suite; `base_url` is where its SDK is to send its requests."""

    def __init__(self, server: FakeTinker, name: str, base_url: str, clock_file: Path) -> None:
        self.base_url = base_url
        self.clock_file = clock_file
        self._server = server
        self._path = f"/tests/{name}"

    def add_scripts(self, scripts: Sequence[object]) -> list[str]:
        """Add scripts and rules, written as in a script file; return the names of the scripts' futures."""
        added: list[str] = json.loads(self._request("POST", "/scripts", scripts))["futures"]
        return added

    def journal(self) -> list[dict[str, Any]]:
        """Return every request so far, with its reply."""
        return [json.loads(line) for line in self._request("GET", "/journal").splitlines()]

    def verify(self) -> None:
        """Raise unless every script was served to its end, and no other request came."""
        verdict = json.loads(self._request("GET", "/verdict"))
        if not verdict["ok"]:
            raise FakeTinkerError(verdict["text"])

    def clock(self) -> dict[str, int]:
        """Return `seq`, `wall_ns` and `monotonic_ns`."""
        reading: dict[str, int] = json.loads(self._request("GET", "/clock"))
        return reading

    def advance(self, seconds: float) -> dict[str, int]:
        """Move both clocks of the test; return what they show then."""
        reading: dict[str, int] = json.loads(self._request("POST", "/clock", {"advance": seconds}))
        return reading

    def release(self) -> int:
        """Send every reply that a script holds; return how many there were."""
        return int(json.loads(self._request("POST", "/release"))["released"])

    def end(self) -> None:
        """Forget the test."""
        self._request("DELETE", "")

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        return self._server.request(method, self._path + path, body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _not_started(program: Sequence[str], why: str) -> FakeTinkerError:
    fix = "install tinker-conformance, or set FAKE_TINKER to the command that starts fake-tinker"
    return FakeTinkerError(f"{shlex.join(program)} did not start: {why}; {fix}")
