"""`import fake_server` may find a module of the project's own: whoever uses the kit then reads which one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance._fake_server import check_fake_server

EXPECTED = (
    "`import fake_server` finds {}, which does not belong to tinker-conformance. Expected the package in "
)
NOTHING = "def test_nothing(): import fake_server; assert fake_server.mine"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    tests = pytester.mkdir("tests")
    (tests / "fake_server.py").write_text("mine = True")
    (tests / "test_own.py").write_text(NOTHING)
    return pytester


def test_a_run_without_the_kit_does_not_notice(project: pytest.Pytester) -> None:
    project.runpytest_subprocess(*QUIET, "-W", "error", timeout=240).assert_outcomes(passed=1)


@pytest.mark.parametrize(("fixture", "kind"), [("fake_tinker", "module"), ("fake_tinker_clock", "package")])
def test_a_fixture_says_which_module_is_in_the_way(project: pytest.Pytester, fixture: str, kind: str) -> None:
    place = project.path / "tests" / "fake_server.py"
    if kind == "package":
        package = project.mkdir("tests/fake_server")
        place = place.rename(package / "__init__.py")
    (project.path / "tests" / "test_it.py").write_text(f"def test_it({fixture}): pass")
    result = project.runpytest_subprocess(*QUIET, timeout=240)
    result.assert_outcomes(passed=1, errors=1)
    assert EXPECTED.format(place) in result.stdout.str()
    assert "is not a package" not in result.stdout.str()


def test_the_suite_says_it_once(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    place = project.path / "tests" / "fake_server.py"
    monkeypatch.setenv("PYTHONPATH", str(place.parent))
    suite = ("--sdk", "reference", "--pyargs", "tinker_conformance.suite")
    result = project.runpytest_subprocess(*QUIET, *suite, timeout=240)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().count(EXPECTED.format(place)) == 1
    assert "ERROR" not in result.stdout.str()


@pytest.mark.parametrize(
    "statement",
    [
        "from tinker_conformance import QueueStateConformance",
        "import tinker_conformance.downstream.faking",
        "import tinker_conformance.sdk.spec",
    ],
)
def test_an_import_says_it(project: pytest.Pytester, statement: str) -> None:
    place = project.path / "tests" / "fake_server.py"
    done = subprocess.run(
        [sys.executable, "-c", statement],
        env={**os.environ, "PYTHONPATH": str(place.parent)},
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert EXPECTED.format(place) in done.stderr


def test_the_program_says_it_as_a_usage_error(project: pytest.Pytester) -> None:
    place = project.path / "tests" / "fake_server.py"
    done = subprocess.run(
        [sys.executable, "-m", "tinker_conformance", "--version"],
        env={**os.environ, "PYTHONPATH": str(place.parent)},
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: " + EXPECTED.format(place))
    assert "Traceback" not in done.stderr


def test_a_module_that_fails_to_be_imported_is_named_as_the_reason(tmp_path: Path) -> None:
    (tmp_path / "fake_server.py").write_text("import no_such_module_anywhere")
    done = subprocess.run(
        [sys.executable, "-c", "import tinker_conformance.sdk"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert "`import fake_server` failed (ModuleNotFoundError: No module named 'no_such" in done.stderr


def test_the_kits_own_package_is_accepted_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    check_fake_server()
    monkeypatch.setattr("tinker_conformance._fake_server._FOLDER", Path("/elsewhere/fake_server"))
    monkeypatch.delitem(sys.modules, "fake_server")
    check_fake_server()
