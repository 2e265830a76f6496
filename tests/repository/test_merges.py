"""No merge was committed with its conflicts."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "fake_server",
    "tinker_conformance",
    "tests",
    "docs",
    "examples",
    "benchmarks",
    ".github",
    ".ci",
    "locks",
)
MARKS = tuple(mark * 7 + " " for mark in "<>")


@pytest.mark.parametrize("folder", [".", *FOLDERS])
def test_no_line_marks_a_conflict(folder: str) -> None:
    paths = (ROOT / folder).iterdir() if folder == "." else (ROOT / folder).rglob("*")
    texts = (
        path for path in paths if path.suffix in {".md", ".py", ".toml", ".txt", ".yaml", ".yml", ".json", ""}
    )
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in texts
        if path.is_file() and "node_modules" not in path.parts
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.startswith(MARKS)
    ]
    assert found == []
