"""`--record-known-failures` brings an existing file up to date, and keeps what was edited."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.tinker_conformance.report.making import result
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures import load_known_failures
from tinker_conformance.known_failures.first_file import Recorded, check_place, record
from tinker_conformance.report.records import Result
from tinker_conformance.requirements import requirement

FILE = """# My own words.

[[known_failures]]
requirement = "debounce.boundary"
class = "unsupported"
reason = "edited by hand"
issue = "https://example.com/7"
expires = "2.0"
"""


def _results(**verdicts: Verdict) -> list[Result]:
    found = []
    for name, verdict in verdicts.items():
        required = requirement(name.replace("__", "."))
        failed = result(required, Verdict.FAILED)
        found.append(
            failed
            if verdict is Verdict.FAILED
            else msgspec.structs.replace(result(required), verdict=verdict)
        )
    return found


def _updated(path: Path, text: str, **verdicts: Verdict) -> Recorded:
    path.write_text(text)
    return record(_results(**verdicts), path, sdk="a 1", profile="p", strict=False)


def _patterns(path: Path) -> list[tuple[str, str]]:
    return [(entry.pattern, entry.reason) for entry in load_known_failures(path)]


@pytest.mark.parametrize("name", ["known.toml", "known.yaml"])
def test_an_edited_entry_stays_as_it_is_and_new_failures_are_added(name: str, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(FILE)
    if name.endswith(".yaml"):
        path = tmp_path / name
        path.write_text(
            "# My own words.\nknown_failures:\n- requirement: debounce.boundary\n  class: unsupported\n"
            "  reason: edited by hand\n  issue: https://example.com/7\n  expires: '2.0'\n"
        )
    (before,) = load_known_failures(path)
    done = _updated(
        path, path.read_text(), debounce__boundary=Verdict.FAILED, debounce__active=Verdict.FAILED
    )
    assert (done.kept, done.added, done.removed) == (1, 1, 0)
    kept, added = load_known_failures(path)
    assert kept == before
    assert (added.pattern, added.entry_class.value) == ("debounce.active", "bug")
    assert path.read_text().startswith("# My own words.\n")
    assert str(done) == "2 known failures (1 kept, 1 new, 0 removed); edit the reasons of the new ones"


def test_an_entry_for_what_passes_or_is_not_claimed_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    for verdict in (Verdict.PASSED, Verdict.NOT_CLAIMED):
        done = _updated(path, FILE, debounce__boundary=verdict)
        assert (done.kept, done.added, done.removed) == (0, 0, 1)
        assert _patterns(path) == []


@pytest.mark.parametrize("verdict", [Verdict.ADAPTER_ERROR, Verdict.NOT_TESTABLE])
def test_an_entry_about_what_could_not_be_judged_is_kept(verdict: Verdict, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    _updated(path, FILE, debounce__boundary=verdict)
    assert _patterns(path) == [("debounce.boundary", "edited by hand")]


def test_an_entry_about_what_was_not_run_and_a_flaky_one_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    flaky = FILE.replace("boundary", "active").replace("unsupported", "flaky").partition("\n\n")[2]
    _updated(path, f"{FILE}\n{flaky}", debounce__active=Verdict.PASSED)
    assert [name for name, _ in _patterns(path)] == ["debounce.boundary", "debounce.active"]


def test_a_pattern_of_which_a_part_fails_becomes_entries_for_that_part(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    pattern = FILE.replace("debounce.boundary", "debounce.*")
    both = {"debounce__boundary": Verdict.FAILED, "debounce__active": Verdict.FAILED}
    assert _updated(path, pattern, **both).removed == 0
    assert _patterns(path) == [("debounce.*", "edited by hand")]
    done = _updated(path, pattern, **both, debounce__fraction=Verdict.PASSED)
    assert (done.kept, done.added) == (2, 0)
    assert _patterns(path) == [
        ("debounce.boundary", "edited by hand"),
        ("debounce.active", "edited by hand"),
    ]


def test_an_entry_for_a_scenario_excuses_its_requirements_as_long_as_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    name = requirement("debounce.boundary").scenarios[0]
    scenario = FILE.replace('requirement = "debounce.boundary"', f'scenario = "{name}"')
    assert _updated(path, scenario, debounce__boundary=Verdict.FAILED).added == 0
    assert _patterns(path) == [(name, "edited by hand")]
    assert _updated(path, scenario, debounce__boundary=Verdict.PASSED).removed == 1


def test_a_file_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = 'x'\n")
    with pytest.raises(UserError, match="write a list 'known_failures'"):
        check_place(path)
    with pytest.raises(UserError, match="write a list 'known_failures'"):
        record([], path, sdk="a 1", profile="p", strict=False)
    assert path.read_text() == "[project]\nname = 'x'\n"
