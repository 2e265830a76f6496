"""Known failures that come with an SDK, in its entry of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinker_conformance.error_families import UserError
from tinker_conformance.known_failures.command_options import OwnKnownFailures, excuses
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.suite.conformance_run import RunRequest

ENTRY = """
name = "my-tinker"
version = "1.2"
profile = "tinker-0.38"

[[known_failures]]
requirement = "debounce.boundary"
class = "bug"
reason = "a second too long"

[[known_failures]]
scenario = "polling-402"
class = "bug"
reason = "not polled again"
"""
ABOUT_DEBOUNCE = [required for required in REQUIREMENTS if required.chapter == "debounce"]


def _own(folder: Path, text: str = ENTRY, **options: str) -> OwnKnownFailures:
    path = folder / "mine.toml"
    path.write_text(text)
    own = RunRequest(spec=f"package:{path}", **options).own_known_failures()
    assert own is not None
    return own


def test_they_excuse_failures_unless_the_user_names_or_writes_a_file(tmp_path: Path) -> None:
    own = _own(tmp_path)
    used = excuses(None, None, REQUIREMENTS, "1.2", own)
    assert [entry.pattern for entry in used.entries] == ["debounce.boundary", "polling-402"]
    assert used.source == str(tmp_path / "mine.toml")
    nothing = tmp_path / "nothing.toml"
    nothing.write_text("known_failures = []")
    assert excuses(nothing, None, REQUIREMENTS, "1.2", own).entries == ()
    assert excuses(None, tmp_path / "new.toml", REQUIREMENTS, "1.2", own).entries == ()


def test_one_that_matches_nothing_is_an_error_under_the_profile_of_the_entry(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mine\.toml: entry 2 \(scenario polling-402\) matches nothing"):
        excuses(None, None, ABOUT_DEBOUNCE, "1.2", _own(tmp_path))


@pytest.mark.parametrize("options", [{"profile": "tinker-0.1"}, {"as_of": "0.1.0"}])
def test_one_that_matches_nothing_is_left_out_when_the_user_asks_for_something_else(
    options: dict[str, str], tmp_path: Path
) -> None:
    used = excuses(None, None, ABOUT_DEBOUNCE, "1.2", _own(tmp_path, **options))
    assert [entry.pattern for entry in used.entries] == ["debounce.boundary"]


def test_an_invalid_one_is_found_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ENTRY.replace('"bug"', '"bugs"', 1))
    with pytest.raises(UserError, match=r"mine\.toml: entry 1: .*bugs.*class is one of bug"):
        RunRequest(spec=f"package:{path}").checked()


def test_other_sdks_have_none() -> None:
    assert RunRequest(spec="reference").own_known_failures() is None
    assert RunRequest(spec="package:mindlab-toolkit").own_known_failures() is None
