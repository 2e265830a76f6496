"""What the README shows runs."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from fake_server import FakeTinker, FakeTinkerTransport
from fake_server.script.script_yaml import load_entries
from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.cli import main
from tinker_conformance.sdk.spec import check_spec

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _snippets(language: str) -> list[str]:
    blocks = re.findall(rf"^( *)```{language}\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(body) for _, body in blocks]


def test_the_python_snippets_run() -> None:
    # The other snippet is a test of a project that does not exist; the tutorial's tests run instead.
    snippets = [snippet for snippet in _snippets("python") if "my_project" not in snippet]
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), {})


def test_the_script_files_are_what_the_command_below_them_reads(tmp_path: Path) -> None:
    (snippet,) = _snippets("yaml")
    file = tmp_path / "script.yaml"
    file.write_text(snippet)
    (entry,) = load_entries(file)
    engine = FakeTinker()
    engine.add_entry(entry)
    with httpx.Client(transport=FakeTinkerTransport(engine), base_url="http://tinker.test") as client:
        future = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        statuses = [client.post("/api/v1/retrieve_future", json=future).status_code for _ in range(3)]
    assert statuses == [408, 200, 200]
    engine.verify()


def test_the_failure_is_what_the_terminal_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Path(shutil.copytree(ROOT / "examples/adapter_template/python", tmp_path / "broken"))
    sdk = (broken / "sdk.py").read_text(encoding="utf-8")
    right, wrong = "self._logged_at < DEBOUNCE_SECONDS", "self._logged_at <= DEBOUNCE_SECONDS"
    assert sdk.count(right) == 1
    (broken / "sdk.py").write_text(sdk.replace(right, wrong), encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "100")
    result = CliRunner().invoke(main, ["run", "--sdk", f"exec:{sys.executable} {broken / 'adapter.py'}"])
    assert result.exit_code == 1
    (shown,) = (text for text in _snippets("text") if "debounce.boundary" in text)
    assert shown.strip() in result.stdout


def test_the_make_targets_and_options_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make (\w+)", " ".join(_snippets("console"))):
        assert f"\n{target}:" in makefile
    for spec in re.findall(r"^\| `([^`]+)` \| ", README, re.MULTILINE):
        check_spec(spec)


def test_the_run_command_judges_the_reference(pytester: pytest.Pytester) -> None:
    result = CliRunner().invoke(main, ["run", "--sdk", "reference", "--profile", "tinker-0.5.1"])
    assert result.exit_code == 0
    assert "conforms to tinker-0.5.1" in result.stdout
    suite = [*QUIET, "--pyargs", "tinker_conformance.suite.test_parsing"]
    outcome = run_pytest(pytester, *suite, "--sdk", "reference", "--profile", "tinker-0.5.1")
    outcome.assert_outcomes(passed=6)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--sdk", "nonsense"], "write one of reference, official"),
        (["run", "--sdk", "reference", "--profile", "tinker-9"], "tinker-"),
        (["trace", "missing.yaml", "--profile", "tinker-0.5.1"], "cannot be read"),
    ],
)
def test_bad_usage_is_exit_code_2_and_names_the_fix(arguments: list[str], expected: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert expected in " ".join(result.output.replace("│", " ").split())


def test_an_adapter_that_does_not_load_is_exit_code_4() -> None:
    result = CliRunner().invoke(main, ["run", "--sdk", "python:no_such_module:Adapter"])
    assert result.exit_code == 4
    assert "cannot import no_such_module" in result.output


def test_pytest_help_and_unrelated_suites_do_not_need_an_sdk(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_something(): pass")
    run_pytest(pytester, *QUIET).assert_outcomes(passed=1)
    assert "--sdk" in run_pytest(pytester, *QUIET, "--help").stdout.str()
    asked = run_pytest(pytester, *QUIET, "--pyargs", "tinker_conformance.suite")
    assert "needs an SDK" in asked.stdout.str() + asked.stderr.str()
