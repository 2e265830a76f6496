"""A line of an adapter that is no message of the protocol: what its error says."""

from __future__ import annotations

import json

import pytest

from tinker_conformance.sdk.session import FaultKind, ScenarioFaultError
from tinker_conformance.sdk.stdio.adapter_lines import read_line

STARTED = {
    "type": "started",
    "protocol": 1,
    "name": "mine",
    "version": "1",
    "language": "go",
    "capabilities": ["callbacks"],
    "operations": ["sample"],
    "clocks": ["file"],
}
OUTCOME = {"type": "outcome", "id": 1, "future": 1, "kind": "result"}
LOG = {"type": "log", "id": 1, "level": "info", "logger": "l", "message": "m"}


@pytest.mark.parametrize(
    ("message", "change", "near", "choices"),
    [
        (STARTED, {"capabilities": ["callback"]}, "'callbacks'", "sampling, "),
        (STARTED, {"operations": ["samples"]}, "'sample'", "compute_logprobs, "),
        (STARTED, {"clocks": ["files"]}, "'file'", "file, libfaketime, wall"),
        (OUTCOME, {"kind": "results"}, "'result'", "result, failed, expired, error, timeout"),
        (LOG, {"level": "warn"}, "'warning'", "debug, info, warning, error"),
        (LOG, {"type": "logs"}, "'log'", "callback, done, failed, log, outcome, started, telemetry, waiting"),
    ],
)
def test_a_value_that_is_no_choice_is_shown_with_the_nearest_and_with_all_of_them(
    message: dict[str, object], change: dict[str, object], near: str, choices: str
) -> None:
    with pytest.raises(ScenarioFaultError) as raised:
        read_line(json.dumps({**message, **change}).encode())
    assert f"did you mean {near}?; the choices are " in str(raised.value)
    assert choices in str(raised.value)


def test_another_mistake_lists_no_choices() -> None:
    with pytest.raises(ScenarioFaultError) as raised:
        read_line(json.dumps({**LOG, "message": 3}).encode())
    assert "choices" not in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":""started"}',
        b'{"type":3,}',
        b'{"type":"log","level":7,\xff}',
        b'{"type":3,"a":' + b"[" * 100_000,
    ],
    ids=["comma", "end", "utf-8", "deep"],
)
def test_a_line_that_stops_being_json_after_its_first_wrong_value_is_not_json(line: bytes) -> None:
    with pytest.raises(ScenarioFaultError) as raised:
        read_line(line)
    assert raised.value.kind is FaultKind.NOT_JSON
    assert "is not JSON in UTF-8" in str(raised.value)
