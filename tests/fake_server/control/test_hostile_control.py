"""Whatever is sent to the control plane is answered: with 4xx and one sentence, never with 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from fake_server.control.clock_file import SteppedClock
from fake_server.control.control_plane import ControlledServer
from fake_server.core.http_messages import Reply, Request
from fake_server.engine.tinker_api import FakeTinker

ENDPOINTS: Final = {
    "tests": "/_control/tests",
    "scripts": "/_control/tests/t/scripts",
    "release": "/_control/tests/t/release",
    "clock": "/_control/clock",
    "clock of a test": "/_control/tests/t/clock",
}
BODIES: Final = {
    "half an object": b'{"name": ',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "a huge integer": b'{"name": ' + b"9" * 5_000 + b"}",
    "a huge fraction": b'{"advance": 0.' + b"9" * 5_000 + b"}",
    "an infinite number": b'{"advance": 1e999}',
    "NaN": b'{"advance": NaN}',
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a lone surrogate": b'{"name": "\\ud800", "advance": "\\ud800", "future": "\\ud800"}',
    "terminal escapes": b'{"name": "\\u001b[2J", "advance": "\\u001b[2J", "steps": "\\u001b[2J"}',
    "a string": b'"x"',
    "true": b"true",
    "many values": b"[" + b"0," * 1_000_001 + b"0]",
    "two values": b"{} {}",
}
PATHS: Final = ("/_control", "/_control/tests", "/_control/tests/t/x", "/_control/%00", "/_control/reset")
METHODS: Final = ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlledServer]:
    made = ControlledServer(FakeTinker(), FakeTinker, SteppedClock(tmp_path / "clock"))
    assert _answer(made, "POST", "/_control/tests", b'{"name": "t"}').status == 201
    yield made
    made.close()


def _answer(plane: ControlledServer, method: str, path: str, body: bytes = b"") -> Reply:
    headers = ((b"host", b"127.0.0.1:1"), (b"authorization", f"Bearer {plane.token}".encode()))
    reply = plane.handle(Request(method, path, "", headers, body))
    assert isinstance(reply, Reply)
    return reply


def test_there_are_at_least_seventy() -> None:
    assert len(ENDPOINTS) * len(BODIES) >= 70


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_body_that_cannot_be_used_is_a_400_in_one_sentence(
    endpoint: str, body: str, plane: ControlledServer
) -> None:
    reply = _answer(plane, "POST", ENDPOINTS[endpoint], BODIES[body])
    assert 400 <= reply.status < 500, reply.body
    error = json.loads(reply.body)["error"]
    assert 0 < len(error) < 2_000
    assert "Traceback" not in error
    # It goes on as if nothing had been sent.
    assert _answer(plane, "GET", "/_control/tests/t/verdict").status == 200


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_endpoint_is_a_404(method: str, path: str, plane: ControlledServer) -> None:
    reply = _answer(plane, method, path)
    assert reply.status == 404
    assert "is not an endpoint of the control plane" in json.loads(reply.body)["error"]
