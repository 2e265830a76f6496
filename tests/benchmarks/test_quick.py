"""The benchmarks run and say what they measured. How fast anything is, no test asserts."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.processes import served
from benchmarks.suite import Cost, sdk_to_measure, two_workers_target
from benchmarks.table import Section, Target, markdown, verdicts
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import encode_scenario
from tinker_conformance.scenario.library import shipped_scenarios

PARTS = {
    "loopback": (
        "| fake_server | 32 |",
        "part of the limit's speed",
        "Each of the 200 scripted futures takes",
    ),
    "flat": ("| 1,000 |", "the dearest poll beside the cheapest, at 1, 1,000"),
    "in_process": (
        "| fake_server on respx, 100 futures |",
        "fake_server as a transport beside MockTransport, async",
    ),
    "starting": ("| socket server |", "start and stop in process, beyond respx", "| plugin |"),
    "suite": ("| bare |", "the suite beside the bare polls, real time"),
}


# `test_what_another_command_wrote_stays` runs one of them. The suite takes as long as all the others.
@pytest.mark.parametrize(
    "part",
    [
        pytest.param(part, marks=pytest.mark.nightly if part == "suite" else pytest.mark.slow)
        for part in PARTS
    ],
)
def test_each_part_gives_its_table(part: str, tmp_path: Path) -> None:
    out = tmp_path / "RESULTS.md"
    result = CliRunner().invoke(main, ["--quick", "--only", part, "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    report = out.read_text(encoding="utf-8")
    assert report in result.stdout
    for text in (*PARTS[part], "its numbers mean nothing"):
        assert text in report


@pytest.mark.slow
def test_an_sdk_that_sleeps_in_a_thread_while_it_is_set_up_ends_without_the_kit_too() -> None:
    sdk = sdk_to_measure(official=True)
    profile, scenario = load_profile("tinker-0.38"), shipped_scenarios()["setup-refused"]
    lines = (msgspec.json.encode(profile), msgspec.json.encode(encode_scenario(scenario)))
    run = subprocess.run(
        [sdk.python, "-m", "benchmarks.bare_polls", sdk.adapter],
        env=sdk.environment,
        input=b"\n".join(lines),
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    assert msgspec.json.decode(run.stdout) == {"polls": 1}


def test_what_another_command_wrote_stays(tmp_path: Path) -> None:
    out = tmp_path / "RESULTS.md"
    out.write_text("old\n<!-- soak -->\nits own figures\n<!-- /soak -->\n", encoding="utf-8")
    CliRunner().invoke(main, ["--quick", "--only", "flat", "--out", str(out)], catch_exceptions=False)
    report = out.read_text(encoding="utf-8")
    assert report.endswith("<!-- soak -->\nits own figures\n<!-- /soak -->\n")
    assert "old" not in report


def test_a_target_is_met_at_its_bound_and_missed_beyond() -> None:
    targets = [
        Target("a", 2.0, 2.0, "ms"),
        Target("b", 2.1, 2.0, "ms", note="why b"),
        Target("c", 0.8, 0.8, "times", at_least=True, note="why c"),
        Target("d", 0.7, 0.8, "times", at_least=True),
        Target("e", None, 1.0, "ms", note="not here"),
    ]
    report = markdown([Section("All", "About.", targets=targets)], quick=False)
    rows = [line.split(" | ") for line in report.splitlines() if line.startswith("| ")][1:]
    assert [(row[0], row[-1]) for row in rows] == [
        ("| a", "met |"),
        ("| b", "missed: why b |"),
        ("| c", "met |"),
        ("| d", "missed |"),
        ("| e", "not measured: not here |"),
    ]
    assert verdicts(targets) == {"met": 2, "missed": 2, "not measured": 1}


@pytest.mark.parametrize(
    ("cores", "two", "row"),
    [
        (2, 1.0, "|  | ≥ 1.7 times | not measured: 2 cores, and two workers use 4 |"),
        (3, 9.9, "|  | ≥ 1.7 times | not measured: 3 cores, and two workers use 4 |"),
        (4, 1.0, "| 2.00 times | ≥ 1.7 times | met |"),
        (4, 1.6, "| 1.25 times | ≥ 1.7 times | missed: 4 cores |"),
        (8, None, "|  | ≥ 1.7 times | not measured: pytest-xdist is not installed |"),
    ],
)
def test_two_workers_are_measured_where_there_are_cores_for_them(
    cores: int, two: float | None, row: str
) -> None:
    target = two_workers_target(Cost(2.0, 2.0), None if two is None else Cost(two, 2.0), cores)
    report = markdown([Section("All", "About.", targets=[target])], quick=False)
    assert f"| two workers beside one, real time {row}" in report


def test_the_load_generator_ends_at_a_reply_that_the_script_does_not_have_next() -> None:
    with served("limit", 0) as server:
        server.load(1, 3)
        # This future was polled before, and the limit's scripts go on where they were.
        run = [sys.executable, "-m", "benchmarks.load", str(server.started["port"]), "1", "5", "0"]
        with pytest.raises(subprocess.CalledProcessError):
            subprocess.run(run, check=True, capture_output=True, timeout=60)


def test_no_process_outlives_a_measurement() -> None:
    with served("limit", 0) as server:
        server.load(1, 1)
        port = server.started["port"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
