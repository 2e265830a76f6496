"""A terminal, a disk or a folder that takes no more: one line on standard error, and never exit code 1."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_runs import Judged, arguments, judging

from tinker_conformance.checks.case import Mismatch
from tinker_conformance.cli import main
from tinker_conformance.generated.judged_scripts import ScriptFailure, ScriptJudgement
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.report_reading import load_report
from tinker_conformance.scenario import Scenario, decode_scenario

HERE = Path(__file__).parent
FULL = Path("/dev/full")
SECONDS = 120
CONFORMS = {"debounce.boundary": Verdict.PASSED}
FAILS = {"debounce.boundary": Verdict.FAILED, "parsing.known_states": Verdict.PASSED}
CODES = pytest.mark.parametrize(("verdicts", "code"), [(CONFORMS, 0), (FAILS, 1)], ids=["conforms", "fails"])
BADGES = {0: ("brightgreen", "1 of 1 hold"), 1: ("red", "1 of 2 hold")}


@dataclass(frozen=True)
class Done:
    code: int
    output: bytes
    errors: str


def _program(
    verdicts: dict[str, Verdict],
    *options: str,
    stdout: int | None = None,
    encoding: str = "utf-8",
    **environment: str,
) -> Done:
    """Runs the program in a process of its own, with real streams."""
    environment |= {**os.environ, "FAKE_VERDICTS": json.dumps(verdicts), "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, str(HERE / "fake_runs.py"), *arguments(*options)],
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        env=environment,
        timeout=SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout or b"", done.stderr.decode(encoding))


def _assert_whole(folder: Path, code: int) -> None:
    report = load_report(folder)
    assert report.cut_off is None
    assert report.end is not None
    assert report.end.exit_code == code
    badge = json.loads((folder / "badge.json").read_text(encoding="utf-8"))
    assert (badge["color"], badge["message"]) == BADGES[code]
    assert {each.name for each in folder.iterdir()} == {
        *("report.jsonl", "index.html", "summary.md", "junit.xml", "badge.json")
    }


@CODES
@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_goes_away_changes_neither_report_nor_exit_code(
    verdicts: dict[str, Verdict], code: int, lines: int, tmp_path: Path
) -> None:
    """As in `run --report D | head -1`."""
    reader, writer = os.pipe()
    if lines == 0:
        os.close(reader)
    environment = {**os.environ, "FAKE_VERDICTS": json.dumps(verdicts)}
    command = [sys.executable, str(HERE / "fake_runs.py"), *arguments("--report", str(tmp_path / "D"))]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, env=environment) as process:
        os.close(writer)
        if lines:
            with os.fdopen(reader, "rb") as first:
                assert first.readline().startswith(b"sdk ")
        _, errors = process.communicate(timeout=SECONDS)
    assert errors == b""
    assert process.returncode == code
    _assert_whole(tmp_path / "D", code)


@CODES
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_a_sign_changes_neither_report_nor_exit_code(
    verdicts: dict[str, Verdict], code: int, encoding: str, tmp_path: Path
) -> None:
    done = _program(verdicts, "-v", "--report", str(tmp_path), encoding=encoding)
    assert done.code == code
    assert done.errors == ""
    text = done.output.decode(encoding)
    assert r"sdk + \x1b[31m\u4e2d 1" in text
    assert ("note:     said of it x" in text) == (code == 1)
    _assert_whole(tmp_path, code)


@CODES
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here: Linux has it")
def test_a_full_device_is_exit_code_2_and_the_report_is_whole(
    verdicts: dict[str, Verdict], code: int, tmp_path: Path
) -> None:
    with FULL.open("wb") as full:
        done = _program(verdicts, "--report", str(tmp_path), stdout=full.fileno())
    assert done.code == 2
    assert done.errors.splitlines() == [
        "Error: standard output could not be written (No space left on device); send it somewhere else"
    ]
    _assert_whole(tmp_path, code)


@CODES
def test_a_disk_that_is_full_is_exit_code_2_and_the_terminal_shows_what_was_found(
    verdicts: dict[str, Verdict], code: int, tmp_path: Path
) -> None:
    """Once the run has begun, no file may be as large as the page is."""
    done = _program(verdicts, "--report", str(tmp_path / "report"), FAKE_FILE_LIMIT="4096")
    assert done.code == 2
    expected = (
        "conforms to tinker-0.5.1: 1 passed" if code == 0 else "does not conform to tinker-0.5.1: 1 passed"
    )
    assert expected in done.output.decode()
    (error,) = done.errors.splitlines()
    assert error.startswith(f"Error: {tmp_path / 'report'}: ")
    assert "File too large" in error


def _run(judged: Judged, *options: str) -> Result:
    with judging(judged):
        return CliRunner().invoke(main, arguments(*options))


def _errors(done: Result) -> list[str]:
    return [line for line in done.output.splitlines() if line.startswith("Error: ")]


@CODES
def test_a_report_folder_that_is_removed_meanwhile_is_exit_code_2(
    verdicts: dict[str, Verdict], code: int, tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    done = _run(Judged(verdicts, meanwhile=lambda: shutil.rmtree(folder, True)), "--report", str(folder))
    assert done.exit_code == 2
    (error,) = _errors(done)
    assert str(folder) in error
    assert "run it again" in error
    expected = (
        "conforms to tinker-0.5.1: 1 passed" if code == 0 else "does not conform to tinker-0.5.1: 1 passed"
    )
    assert expected in done.output


@CODES
def test_known_failures_that_cannot_be_recorded_any_more_are_exit_code_2(
    verdicts: dict[str, Verdict], code: int, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with judging(Judged(verdicts, meanwhile=lambda: shutil.rmtree(folder, True))):
        done = CliRunner().invoke(main, arguments("--record-known-failures", str(folder / "known.toml")))
    assert done.exit_code == 2
    (error,) = _errors(done)
    assert str(folder / "known.toml") in error
    assert "known failures; edit the reasons" not in done.output


def _scripts() -> ScriptJudgement:
    scenario: Scenario = decode_scenario(
        {"id": "one", "client": "sampling", "futures": [[{"complete": {}}]]}, "one"
    )
    mismatch = Mismatch("one", 0.0, "this", "that")
    failure = ScriptFailure(scenario, "one", ("debounce.boundary",), (mismatch,))
    return ScriptJudgement(judged=1, left_out=0, failed=1, failures=(failure,))


def test_failing_scripts_that_cannot_be_written_are_shown_all_the_same(tmp_path: Path) -> None:
    """As in a folder that is only to be read."""
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "failed.yaml"
    done = _run(Judged(CONFORMS, scripts=_scripts()), "--failures", str(path), "--generated", "1")
    assert done.exit_code == 2
    (error,) = _errors(done)
    assert error.startswith(f"Error: {path}: Not a directory")
    assert "one fails; minimized script:" in done.output
    assert "the minimized scripts are in" not in done.output
    done = _run(Judged(CONFORMS, scripts=_scripts()), "--failures", str(tmp_path / "failed.yaml"))
    assert done.exit_code == 1
    assert f"the minimized scripts are in {tmp_path / 'failed.yaml'}" in done.output.replace("\n", "")


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--sdk", "reference", "--profile", "tinker-0.5.1", "--report", "{}"],
        ["record-goldens", "--out", "{}"],
        ["report", "combine", "{report}", "--out", "{}/m.html"],
        ["report", "html", "{report}", "--out", "{}/m.html"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_place_that_cannot_be_written_is_a_usage_error(command: list[str], tmp_path: Path) -> None:
    assert _run(Judged(CONFORMS), "--report", str(tmp_path / "report")).exit_code == 0
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "below"
    whole = [part.replace("{}", str(place)).replace("{report}", str(tmp_path / "report")) for part in command]
    with judging(Judged(CONFORMS)):
        done = CliRunner().invoke(main, whole)
    assert done.exit_code == 2, done.output
    (error,) = _errors(done)
    assert str(place) in error


@pytest.mark.parametrize(
    "command", [["run", "--sdk", "official==0.6.3"], ["parity", "--versions", "0.6.3", "--generated", "0"]]
)
def test_no_home_folder_is_a_usage_error_that_names_the_variable(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_number: int) -> pwd.struct_passwd:
        raise KeyError("uid not found")

    for name in ("HOME", "XDG_CACHE_HOME", "TINKER_CONFORMANCE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2, done.output
    assert done.output.splitlines() == [
        "Error: there is no home folder to keep environments in; name a folder in TINKER_CONFORMANCE_CACHE"
    ]


ENCODED = """
from unittest import mock
from tinker_conformance.__main__ import main
from tinker_conformance.commands import identify
from tinker_conformance.judging.identification import Nearness
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.sdk.adapter import AdapterInfo

near = Nearness(load_profile("tinker-0.5.1"), 1, ("a.✓",), (), ("s-✗",), ())
sdk = mock.Mock(info=AdapterInfo(name="中 ✓", version="…"))
with (
    mock.patch.object(identify, "opened", return_value=sdk),
    mock.patch.object(identify, "nearness", return_value=[near]),
    mock.patch.object(identify, "candidates", return_value=(near.profile,)),
):
    main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("command", ["identify", "combine"])
def test_the_other_commands_write_to_such_terminals_too(command: str, encoding: str, tmp_path: Path) -> None:
    if command == "combine":
        assert _run(Judged(FAILS), "--report", str(tmp_path)).exit_code == 1
        program = ["-m", "tinker_conformance", "report", "combine", "--all", str(tmp_path), str(tmp_path)]
    else:
        program = ["-c", ENCODED, "identify", "-v", "--sdk", "official==0.6.3"]
    done = subprocess.run(
        [sys.executable, *program],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0
    # Off a terminal, `identify` says on standard error that it takes long, and nothing else is there.
    notice = "compares with 1 profile; this can take some minutes\n" if command == "identify" else ""
    assert done.stderr.decode() == notice
    text = done.stdout.decode(encoding)
    assert ("+ passed, x failed" if command == "combine" else r"\u4e2d +") in text
