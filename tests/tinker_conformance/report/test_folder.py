"""The folder of a report: what lies there already is neither overwritten by way of a link nor mixed up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.tinker_conformance.report.making import result, start
from tinker_conformance.cli import main
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.record_making import MOST_CHARACTERS, bounded_timeline, end_record
from tinker_conformance.report.report_folder import ReportFolder
from tinker_conformance.report.report_reading import load_report
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.timeline import Request


def _close(folder: ReportFolder, early: str | None = None) -> None:
    folder.close(end_record(folder.report.start, folder.report.results, early=early))


def _link(path: Path) -> None:
    (path.parent / "precious").write_text("precious")
    path.symlink_to("precious")


def _device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (_link, "is a link"),
        (_device, "is a link"),
        (lambda path: path.symlink_to("nowhere"), "is a link"),
        (os.mkfifo, "is not a regular file"),
        (Path.mkdir, "is not a regular file"),
    ],
)
def test_what_is_no_file_is_not_written_over(
    make: Callable[[Path], object], expected: str, tmp_path: Path
) -> None:
    make(tmp_path / "report.jsonl")
    with pytest.raises(UserError, match=f"report.jsonl: {expected}.*; remove it or name another folder"):
        ReportFolder(tmp_path, start())
    if (tmp_path / "precious").exists():
        assert (tmp_path / "precious").read_text() == "precious"


def test_the_other_forms_replace_links_rather_than_to_follow_them(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    for name in ("summary.md", ".summary.md.half", "badge.json", ".index.html.half"):
        (tmp_path / name).symlink_to("precious")
    folder = ReportFolder(tmp_path, start())
    _close(folder)
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "summary.md").is_symlink()
    assert load_report(tmp_path).cut_off is None


def test_two_runs_do_not_write_one_report(tmp_path: Path) -> None:
    first = ReportFolder(tmp_path, start("first"))
    first.add(result(REQUIREMENTS[0]))
    with pytest.raises(UserError, match="another run is writing it; wait for that run, or name another"):
        ReportFolder(tmp_path, start("second"))
    first.add(result(REQUIREMENTS[1]))
    _close(first)
    whole = load_report(tmp_path)
    assert (whole.start.sdk.name, len(whole.results), whole.cut_off) == ("first", 2, None)
    second = ReportFolder(tmp_path, start("second"))
    _close(second)
    again = load_report(tmp_path)
    assert (again.start.sdk.name, len(again.results)) == ("second", 0)


def test_a_killed_run_holds_no_folder(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from making import start\n"
        "from tinker_conformance.report.report_folder import ReportFolder\n"
        "folder = ReportFolder(pathlib.Path(sys.argv[1]), start())\n"
        "print('in', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"in\n"
        with pytest.raises(UserError, match="another run"):
            ReportFolder(tmp_path, start())
        child.kill()
    _close(ReportFolder(tmp_path, start()))
    assert load_report(tmp_path).cut_off is None


@pytest.mark.parametrize("order", [("whole", "cut"), ("cut", "whole"), ("whole", "early")])
def test_a_report_that_is_not_whole_is_not_compared(order: tuple[str, str], tmp_path: Path) -> None:
    asked = REQUIREMENTS[:3]
    for name in ("whole", "cut", "early"):
        folder = ReportFolder(tmp_path / name, start(asked=asked))
        for required in asked if name == "whole" else asked[:1]:
            folder.add(result(required, Verdict.PASSED))
        _close(folder, early="interrupted by SIGTERM" if name == "early" else None)
    lines = (tmp_path / "cut" / "report.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut" / "report.jsonl").write_bytes(b"".join(lines[:-1]))
    done = CliRunner().invoke(main, ["report", "diff", *(str(tmp_path / name) for name in order)])
    assert done.exit_code == 2
    assert "worse:" not in done.output
    assert "(after 1 of 3 requirements)" in " ".join(done.output.split())
    assert "so compare reports of complete runs" in " ".join(done.output.split())


def test_a_body_that_is_cut_stays_what_the_schema_says() -> None:
    asked = Request(at=0.0, method="POST", path="/api/v1/asample", body={"prompt": "x" * MOST_CHARACTERS})
    (kept,) = bounded_timeline((asked,))
    assert isinstance(kept, Request)
    assert kept.body is not None
    assert "characters)" in str(kept.body["…"])
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Request) == kept
