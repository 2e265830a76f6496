"""Whatever path the source of a release names is answered by the fake, and is on its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fake_server import FakeTinker, Request
from tinker_conformance.sdk.official.environments import lean_environment

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "simulated-service.md").read_text(encoding="utf-8")


def _paths(version: str) -> set[str]:
    folder = lean_environment(version).folder / "packages" / "tinker"
    found: set[str] = set()
    for module in folder.rglob("*.py"):
        if not module.stem.endswith("_test"):
            found |= set(re.findall(r'"/api/v1/([^"]+)"', module.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("version", ["0.1.3", "0.6.3", "0.38.0"])
def test_every_path_of_a_release_is_answered(version: str) -> None:
    paths = _paths(version)
    assert len(paths) > 15
    unanswered = []
    for path in sorted(paths):
        engine = FakeTinker(seed=0)
        concrete = re.sub(r"\{checkpoint_id\}", "weights/a", path)
        concrete = re.sub(r"\{[a-z_]+\}", "m", concrete)
        for method in ("GET", "POST", "PUT", "DELETE"):
            engine.handle(Request(method, f"/api/v1/{concrete}", body=b"" if method == "GET" else b"{}"))
        refused = [each for each in engine.problems if each.kind == "unexpected_request"]
        if len(refused) == 4:
            unanswered.append(path)
    assert unanswered == []


def test_every_path_of_the_newest_release_is_on_the_page() -> None:
    words = {path.split("{", maxsplit=1)[0].strip("/") for path in _paths("0.38.0")}
    words |= {path.rsplit("}", maxsplit=1)[-1] for path in _paths("0.38.0") if "{" in path} - {""}
    words = {word.replace("checkpoints/current", "").removesuffix("events").rstrip("/") for word in words}
    assert {word for word in words if word not in PAGE} == set()
