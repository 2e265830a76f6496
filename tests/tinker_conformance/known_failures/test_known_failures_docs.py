"""The examples of docs/how-to/known-failures.md are files of known failures, about what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinker_conformance.known_failures.entry import Subject
from tinker_conformance.known_failures.entry_reading import check_entries, load_known_failures
from tinker_conformance.requirements import REQUIREMENTS

PAGE = (Path(__file__).parents[3] / "docs/how-to/known-failures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["toml", "yaml"])
def test_the_examples_are_entries_about_what_is_asked(language: str, tmp_path: Path) -> None:
    (snippet,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / f"known.{language}"
    path.write_text(snippet, encoding="utf-8")
    names = {
        Subject.REQUIREMENT: [required.id for required in REQUIREMENTS],
        Subject.SCENARIO: [name for required in REQUIREMENTS for name in required.scenarios],
    }
    entries = load_known_failures(path)
    assert entries
    check_entries(entries, names, str(path))
