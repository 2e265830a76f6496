"""A made-up fork, the official wheel with its package renamed, needs an entry and no code."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.tinker_conformance.sdk.official.tiny_wheels import write_wheel
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.profile import profile_for
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.official.environments import lean_environment
from tinker_conformance.sdk.spec import open_sdk

VERSION = "0.38.0"
ENTRY = """
name = "made-up"
version = "7.0"
profile = "tinker==0.38.0"

[install]
wheel = "made_up-7.0-py3-none-any.whl"

[names]
root = "made_up._inner"
"""
ASKED = (
    *("trigger.http_408", "trigger.try_again", "callback.states", "callback.error_is_swallowed"),
    *("messages.training_text", "polling.failure", "telemetry.beside_the_line", "wiring.create_model"),
)
"""What would be lost without the fork's names: its observers, telemetry, errors, types and clients."""


def _renamed(text: str) -> str:
    text = text.replace('__title__ = "tinker"', '__title__ = "made-up"')
    text = re.sub(r"(?m)^(\s*)import tinker$", r"\1import made_up._inner as tinker", text)
    return re.sub(r"(?m)^(\s*(?:from|import) )tinker(?=[.\s])", r"\1made_up._inner", text)


def _write_fork(folder: Path) -> None:
    official = lean_environment(VERSION).folder / "packages" / "tinker"
    files = {"made_up/__init__.py": ""}
    for path in official.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".pyi", ".typed"}:
            name = path.relative_to(official).as_posix()
            files[f"made_up/_inner/{name}"] = _renamed(path.read_text(encoding="utf-8"))
    write_wheel(folder, "made-up", "7.0", files=files)
    (folder / "made-up.toml").write_text(ENTRY)


@pytest.mark.slow
def test_a_fork_is_judged_by_an_entry_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_fork(tmp_path)
    with_fork = tmp_path / "cache"
    with_fork.mkdir()
    # The dependencies, which are large, are those of the cache in use.
    used = lean_environment(VERSION).folder.parents[1]
    (with_fork / used.name).mkdir()
    (with_fork / used.name / "dependencies").symlink_to(used / "dependencies")
    monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", str(with_fork))
    sdk, reference = open_sdk(f"package:{tmp_path / 'made-up.toml'}"), open_sdk("reference")
    try:
        assert (sdk.info.name, sdk.info.version, sdk.info.profile) == ("made-up", "7.0", "tinker==0.38.0")
        judge = Judge(sdk, lambda: reference, profile_for(VERSION), shipped_scenarios())
        asked = [required for required in REQUIREMENTS if required.id in ASKED]
        verdicts = {required.id: judge.judge(required).verdict for required in asked}
    finally:
        sdk.close()
        reference.close()
    assert verdicts == dict.fromkeys((each.id for each in asked), Verdict.PASSED)
    assert len(asked) == len(ASKED)
    shutil.rmtree(with_fork)
