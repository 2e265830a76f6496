"""The example SDK in Python: it conforms to its profile over a socket, and its page runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_server import FakeTinker
from fake_server.engine.tinker_api import Unscripted
from fake_server.http.http_server import FakeTinkerServer
from fake_server.operations import Operation
from fake_server.script import complete, script, timeout
from tinker_conformance.cli import main
from tinker_conformance.sdk.adapter import Transport

FOLDER = Path(__file__).parents[2] / "examples" / "python"
SPEC = "python:tinker_requests.conformance:Adapter"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)


@pytest.mark.slow
def test_it_conforms_to_its_profile() -> None:
    result = CliRunner().invoke(main, ["run", "--sdk", SPEC], env={"PYTHONPATH": str(FOLDER)})
    assert result.exit_code == 0, result.output
    assert "conforms to tinker-0.10" in result.output
    unclaimed = set(re.findall(r"^(\S+) +\w+ +not claimed", result.output, re.MULTILINE))
    functions = {"reason_for_state", "should_log", "log_state_change"}
    accidents = {"payment_line", "failure_time", "status_line", "budget_line"}
    on_the_wire = {"refused_connection", "slow_reply", "late_reply", "read_timeout"}
    retries = {
        "sent_again",
        "payment_pauses",
        "delays",
        "too_many_requests",
        "after_ten_retries",
        "after_five_minutes",
        "retry_after",
        "should_retry",
        "empty_bad_request",
        "same_number",
        "session",
        "delays_of_a_session",
        "delays_of_the_config",
    }
    assert unclaimed == {
        *(f"submissions.{name}" for name in retries),
        *(f"polling.{name}" for name in on_the_wire),
        # It creates no training clients from saved states.
        *(f"checkpoints.{name}" for name in ("path", "optimizer", "into_a_new_model", "pause", "failure")),
        "telemetry.beside_the_line",
        *(f"functions.{name}" for name in functions),
        *(f"polling.{name}" for name in accidents),
        # It does not show what the server says of a session.
        "submissions.session_lines",
    }


def test_it_is_not_reached_by_httpx() -> None:
    from tinker_requests.conformance import Adapter

    assert Adapter.info.transport is Transport.SOCKET
    sources = " ".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("tinker_requests/*.py"))
    assert "httpx" not in sources


def test_its_page_runs(caplog: pytest.LogCaptureFixture) -> None:
    [snippet] = re.findall(r"```python\n(.*?)```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL)
    engine = FakeTinker(unscripted=Unscripted.COMPLETE)
    engine.expect_sampler("sampler-1")
    engine.add_script(
        script().then(timeout(queue_state="paused_capacity")).then(complete()), operation=Operation.SAMPLE
    )
    names: dict[str, object] = {}
    with FakeTinkerServer(engine) as server:
        exec(compile(snippet.replace("http://127.0.0.1:8000", server.url), "README.md", "exec"), names)
    reply = names["reply"]
    assert isinstance(reply, dict)
    assert len(reply["sequences"][0]["tokens"]) == 8
    [line] = [record for record in caplog.records if record.name == "tinker_requests"]
    assert line.levelname == "WARNING"
    assert line.getMessage().startswith("Sampling is paused for sampler sampler-1. Reason: Tinker backend")
