"""The downstream example passes with the official SDK; `make downstream` does the same from a built wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import textwrap
import tomllib
from pathlib import Path

import pytest

from tinker_conformance.sdk.official.environments import lean_environment

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "downstream"

OLDER = """
import tinker
from fake_server.script import complete, script, timeout

def test_an_older_sdk(fake_tinker_server, fake_tinker_warnings):
    future = fake_tinker_server.add_script(script(timeout(queue_state="paused_capacity")).then(complete()))
    client = tinker.ServiceClient().create_sampling_client(base_model="Qwen/Qwen3-8B")
    prompt = tinker.types.ModelInput.from_ints([1, 2, 3])
    parameters = tinker.types.SamplingParams(max_tokens=4)
    assert client.sample(prompt, 1, parameters).result().sequences[0].tokens
    fake_tinker_server.assert_polls(future, 2)
    fake_tinker_warnings.assert_logged(1, kind="sampling", state="paused_capacity")
"""


def _run(project: Path, release: str, *options: str) -> str:
    lean = lean_environment(release)
    packages = os.pathsep.join([str(project / "src"), str(ROOT), sysconfig.get_path("purelib")])
    result = subprocess.run(  # noqa: PLW1510 - the assertion below shows more
        [str(lean.python), "-m", "pytest", "-p", "no:cacheprovider", "-ra", *options],
        cwd=project,
        env={**lean.environment(), "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECT, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__", ".*"))


@pytest.mark.nightly  # `make downstream` runs them, from the wheel, in every run of CI
def test_its_tests_pass_with_the_release_that_it_pins(project: Path) -> None:
    assert '"tinker==0.38.0"' in (project / "pyproject.toml").read_text(encoding="utf-8")
    output = _run(project, "0.38.0", "-v", "-k", "not conformance or parsing")
    for module in (project / "tests").glob("test_*.py"):
        assert re.search(rf"{module.name}::.* PASSED", output), module.name


@pytest.mark.slow
def test_the_readme_s_line_is_what_the_project_has_and_its_five_line_test_passes(project: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    (test,) = re.findall(r"```python\n([^`]*my_project.*?)```", readme, re.DOTALL)
    test = textwrap.dedent(test)  # the page shows it in an item of a list
    assert len([line for line in test.splitlines() if line]) == 5
    (shown,) = tomllib.loads(section)["project"]["optional-dependencies"]["test"]
    own = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    kit = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert shown in own["project"]["optional-dependencies"]["test"]
    assert shown == kit["project"]["name"]
    (project / "tests" / "test_readme.py").write_text(test.replace("my_project", "downstream.sampler"))
    assert "1 passed" in _run(project, "0.38.0", "tests/test_readme.py")


@pytest.mark.slow
def test_the_fixtures_serve_an_older_release_too(tmp_path: Path) -> None:
    (tmp_path / "test_older.py").write_text(OLDER)
    assert "1 passed" in _run(tmp_path, "0.6.3", "-p", "no:asyncio", "-p", "no:randomly")
