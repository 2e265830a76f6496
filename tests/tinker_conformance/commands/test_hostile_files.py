"""Every command that takes a file, and files that were made to hurt: one error, exit code 2, and soon."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import pytest
from click.testing import CliRunner

import tinker_conformance as tinker_conformance_package
from fake_server.__main__ import main as fake_server
from tinker_conformance.cli import main as tinker_conformance
from tinker_conformance.error_families import UserError
from tinker_conformance.parity.golden import decoded
from tinker_conformance.scenario import ScenarioError, parse_scenarios

_SECONDS: Final = 20
SCENARIO: Final = Path(tinker_conformance_package.__file__).parent / "scenario" / "debounce.yaml"
RUN: Final = ("run", "--sdk", "reference", "--profile")
COMMANDS: Final[dict[str, Callable[[Path], Sequence[str]]]] = {
    "trace": lambda file: ("trace", str(file), "--profile", "tinker-0.38"),
    "replay": lambda file: (*RUN, "tinker-0.38", "--replay", str(file)),
    "known failures": lambda file: (*RUN, "tinker-0.38", "--known-failures", str(file)),
    "profile": lambda file: (*RUN, str(file)),
    "trace's profile": lambda file: ("trace", str(SCENARIO), "--profile", str(file)),
    "page": lambda file: ("report", "html", str(file), "--out", str(file.with_suffix(".html"))),
    "combine": lambda file: ("report", "combine", str(file)),
    "diff": lambda file: ("report", "diff", str(file), str(file)),
}
YAML: Final = ("trace", "replay", "known failures")
TOML: Final = ("known failures", "profile", "trace's profile")
LINES: Final = ("page", "combine", "diff")


@contextlib.contextmanager
def _soon() -> Iterator[None]:
    """Fails a test that does not end, rather than to wait for it."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not at an end after {_SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _refused(command: str, file: Path) -> str:
    with _soon():
        done = CliRunner().invoke(tinker_conformance, COMMANDS[command](file))
    assert done.exit_code == 2, done.output
    error = done.output.strip().splitlines()[-1]
    assert error.startswith("Error: "), done.output
    assert file.name in error
    return error


LAUGHS: Final = "".join(
    (
        "    a0: &a0 {p: x, q: x}\n",
        *(f"    a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}\n" for n in range(1, 40)),
    )
)
HOSTILE_YAML: Final = {
    "laughs where a mapping is expected": f"- id: x\n  client: sampling\n  futures:\n{LAUGHS}",
    "laughs where a list is expected": f"- id: x\n  client: sampling\n  clients:\n{LAUGHS}",
    "levels": "- " * 10_000,
    "a long number": "- " + "9" * 5_000,
    "no number": "- .nan",
}
HOSTILE_TOML: Final = {
    "levels": "known_failures = " + "[" * 3_000 + "]" * 3_000,
    "a long number": "name = " + "9" * 5_000,
    "infinite": 'name = "p"\nextends = "tinker-0.38"\n[observer]\ninterval_seconds = inf\n',
}
HOSTILE_LINES: Final = {
    "levels": '{"record": "start", "kit": ' + "[" * 100_000,
    "a long number": '{"record": "start", "kit": ' + "9" * 5_000 + "}",
    "nothing": "",
}


@pytest.mark.parametrize("command", YAML)
@pytest.mark.parametrize("content", HOSTILE_YAML)
def test_yaml(command: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(HOSTILE_YAML[content])
    _refused(command, file)


@pytest.mark.parametrize("command", TOML)
@pytest.mark.parametrize("content", HOSTILE_TOML)
def test_toml(command: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(HOSTILE_TOML[content])
    _refused(command, file)


@pytest.mark.parametrize("command", LINES)
@pytest.mark.parametrize("content", HOSTILE_LINES)
def test_reports(command: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text(HOSTILE_LINES[content])
    _refused(command, file)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_fifo_is_no_file(command: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    os.mkfifo(file)
    assert "is a FIFO, not a regular file" in _refused(command, file)


@pytest.mark.parametrize("content", HOSTILE_YAML)
def test_the_program_fake_server(content: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(HOSTILE_YAML[content])
    with _soon():
        done = CliRunner().invoke(fake_server, ["--script", str(file)])
    assert done.exit_code == 2
    assert done.output.startswith(f"Error: {file}")


@pytest.mark.parametrize("content", ["[" * 100_000, '{"format": ' + "9" * 5_000 + "}", ""])
def test_golden_timelines(content: str, tmp_path: Path) -> None:
    file = tmp_path / "golden.json"
    file.write_text(content)
    with _soon(), pytest.raises(UserError, match="record it again"):
        decoded(file)


MANY: Final = {
    "clients": "- id: x\n  clients: {"
    + ", ".join(f"c{n}: {{kind: sampling}}" for n in range(1_001))
    + "}\n  futures: []",
    "futures": "- {id: x, client: sampling, futures: [" + "[], " * 10_001 + "]}",
    "steps": "- {id: x, client: sampling, futures: [" + "[{complete: {}, times: 1000000}], " * 100 + "]}",
    "steps in all": "".join(
        f"- {{id: x{n}, client: sampling, futures: [[{{complete: {{}}, times: 1000000}}]]}}\n"
        for n in range(100)
    ),
    "arguments": "- {id: x, calls: [{function: should_log, arguments: [" + "1, " * 101 + "]}]}",
}


@pytest.mark.parametrize("what", MANY)
def test_a_scenario_has_a_largest_size(what: str) -> None:
    with _soon(), pytest.raises(ScenarioError, match="at most|more than 1000000 steps in all"):
        parse_scenarios(MANY[what], source="x")


def test_thousands_of_known_failures_are_read(tmp_path: Path) -> None:
    file = tmp_path / "known.toml"
    entry = '[[known_failures]]\nrequirement = "r{}*"\nclass = "bug"\nreason = "r"\n'
    file.write_text("".join(entry.format(n) for n in range(12_000)))
    with _soon():
        done = CliRunner().invoke(tinker_conformance, COMMANDS["known failures"](file))
    assert done.exit_code == 3
