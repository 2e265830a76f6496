"""Which SDKs are driven by two processes: those that the kit starts itself, and only where it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinker_conformance.suite.conformance_run import RunRequest, second_of


@pytest.mark.parametrize(
    ("spec", "two"),
    [
        ("official", True),
        ("official==0.38.0", True),
        ("package:mindlab-toolkit", True),
        ("reference", False),
        ("python:my.module:Adapter", False),
        ("exec:node adapter.mjs", False),
        ("recorded:file.jsonl", False),
    ],
)
def test_an_adapter_of_the_user_runs_once(spec: str, two: bool) -> None:
    assert (second_of(RunRequest(spec=spec, second_process=True), spec) is not None) is two


def test_a_recording_holds_one_process_and_nobody_gets_two_unasked() -> None:
    spec = "official==0.38.0"
    assert second_of(RunRequest(spec=spec), spec) is None
    assert second_of(RunRequest(spec=spec, second_process=True, record=Path("file.jsonl")), spec) is None
