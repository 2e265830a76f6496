"""A file of known failures is read strictly."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from packaging.version import Version

from tinker_conformance.error_families import UserError
from tinker_conformance.known_failures.entry import EntryClass, KnownFailure, Subject
from tinker_conformance.known_failures.entry_reading import check_entries, load_known_failures

GOOD = KnownFailure(
    Subject.REQUIREMENT, "debounce.*", EntryClass.BUG, "a minute of 59 s", "https://x.test/1", None, 1
)
NAMES = {
    Subject.REQUIREMENT: ["debounce.boundary", "debounce.active", "parsing.numbers"],
    Subject.SCENARIO: ["debounce-boundary"],
}


def _written(folder: Path, text: str, name: str = "known.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _toml(*lines: str) -> str:
    return "[[known_failures]]\n" + "\n".join(lines) + "\n"


def _entries(folder: Path, *lines: str) -> tuple[KnownFailure, ...]:
    return load_known_failures(_written(folder, _toml(*lines)))


def test_toml_and_yaml_say_the_same(tmp_path: Path) -> None:
    toml = _toml(
        'requirement = "debounce.*"',
        'class = "bug"',
        'reason = "a minute of 59 s"',
        'issue = "https://x.test/1"',
    )
    yaml = (
        "known_failures:\n- {requirement: 'debounce.*', class: bug, reason: a minute of 59 s, "
        "issue: 'https://x.test/1'}\n"
    )
    assert load_known_failures(_written(tmp_path, toml)) == (GOOD,)
    assert load_known_failures(_written(tmp_path, yaml, "known.yaml")) == (GOOD,)


@pytest.mark.parametrize(
    ("expires", "read"),
    [
        ("2027-01-31", datetime.date(2027, 1, 31)),
        ('"2027-01-31"', datetime.date(2027, 1, 31)),
        ('"1.2.0"', Version("1.2.0")),
    ],
)
def test_an_expiry_is_a_date_or_a_version(expires: str, read: object, tmp_path: Path) -> None:
    (entry,) = _entries(tmp_path, 'scenario = "a"', 'class = "flaky"', 'reason = "r"', f"expires = {expires}")
    assert entry.expires == read


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (['class = "bug"', 'reason = "r"'], "needs either a requirement or a scenario"),
        (['requirement = "a"', 'scenario = "a"', 'class = "bug"', 'reason = "r"'], "give one of them"),
        (['requirement = "a"', 'class = "bug"'], "missing required field `reason`"),
        (['requirement = "a"', 'class = "bug"', 'reason = " "'], "the reason is empty"),
        (['requirement = "a"', 'class = "wontfix"', 'reason = "r"'], "one of bug, unsupported, flaky"),
        (['requirement = "a"', 'class = "bug"', 'reason = "r"', "since = 1"], "unknown field `since`"),
        (['requirement = "a"', 'class = "flaky"', 'reason = "r"'], "a flaky entry must expire"),
        (
            ['requirement = "a"', 'class = "bug"', 'reason = "r"', 'expires = "soon"'],
            "neither a date nor a version",
        ),
        (
            ['requirement = "a"', 'class = "bug"', 'reason = "r"', "expires = 1.2"],
            "neither a date nor a version",
        ),
    ],
)
def test_a_bad_entry_is_named_with_its_fix(lines: list[str], expected: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=expected) as caught:
        _entries(tmp_path, *lines)
    assert f"{tmp_path / 'known.toml'}: entry 1: " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("known.json", "{}", "use .toml, .yaml or .yml"),
        ("known.toml", "known_failures = [", "is not valid TOML"),
        ("known.toml", "failures = []", "write a list 'known_failures'"),
        ("known.yaml", "known_failures: [", "line 2, column 1"),
        ("known.yaml", "- a", "write a list 'known_failures'"),
    ],
)
def test_a_file_that_is_none_is_named_with_its_fix(
    name: str, text: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=expected):
        load_known_failures(_written(tmp_path, text, name))


def test_a_missing_file_and_an_endless_one_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_known_failures(tmp_path / "none.toml")
    with pytest.raises(UserError, match="is larger than"):
        load_known_failures(_written(tmp_path, "# " + "x" * 1_000_000))


def test_two_entries_of_one_pattern_are_an_error(tmp_path: Path) -> None:
    one = _toml('requirement = "debounce.*"', 'class = "bug"', 'reason = "r"')
    with pytest.raises(UserError, match="entry 1 .* and entry 2 .* have the same pattern"):
        load_known_failures(_written(tmp_path, one + one))


def _entry(
    pattern: str, entry_class: EntryClass = EntryClass.BUG, subject: Subject = Subject.REQUIREMENT
) -> KnownFailure:
    return KnownFailure(subject, pattern, entry_class, "r", None, None, 1)


@pytest.mark.parametrize(
    ("entry", "suggested"),
    [
        (_entry("debounce.bundary"), "did you mean 'debounce.boundary'"),
        (_entry("debounce-boundry", subject=Subject.SCENARIO), "did you mean 'debounce-boundary'"),
        (_entry("zzz"), "`tinker-conformance docs requirements` lists the ids"),
    ],
)
def test_an_entry_that_matches_nothing_suggests_the_nearest_id(entry: KnownFailure, suggested: str) -> None:
    with pytest.raises(UserError, match=suggested):
        check_entries([entry], NAMES, "known.toml")


def test_every_entry_that_matches_nothing_is_reported() -> None:
    with pytest.raises(UserError) as caught:
        check_entries([_entry("aaa"), _entry("zzz")], NAMES, "known.toml")
    assert "aaa" in str(caught.value)
    assert "zzz" in str(caught.value)


def test_entries_that_contradict_each_other_are_rejected() -> None:
    entries = [_entry("debounce.*"), _entry("debounce.boundary", EntryClass.UNSUPPORTED)]
    with pytest.raises(UserError, match="contradict each other about debounce.boundary"):
        check_entries(entries, NAMES, "known.toml")


def test_entries_may_overlap_where_they_say_the_same() -> None:
    check_entries([_entry("debounce.*"), _entry("debounce.b*")], NAMES, "known.toml")
