"""Known failures excuse what they name, nothing else, and not for ever."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest
from packaging.version import Version

from tinker_conformance.checks.case import Mismatch
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.known_failures.entry import EntryClass, Expiry, KnownFailure, Subject
from tinker_conformance.known_failures.entry_reading import load_known_failures
from tinker_conformance.known_failures.excuses import KnownFailures, judged, known_failures_for
from tinker_conformance.known_failures.first_file import check_place, record
from tinker_conformance.report.record_making import result_record
from tinker_conformance.report.records import Result
from tinker_conformance.requirements import requirement

TODAY = datetime.date(2026, 6, 1)
REQUIRED = requirement("debounce.boundary")
(SCENARIO, *_) = REQUIRED.scenarios
MISMATCH = Mismatch(SCENARIO, 60.0, "a line\x1b[0m", "nothing")
FAILED = Judgement(REQUIRED, Verdict.FAILED, (MISMATCH,))
PASSED = Judgement(REQUIRED, Verdict.PASSED)


def _entry(
    pattern: str = "debounce.boundary",
    subject: Subject = Subject.REQUIREMENT,
    entry_class: EntryClass = EntryClass.BUG,
    expires: Expiry | None = None,
) -> KnownFailure:
    return KnownFailure(subject, pattern, entry_class, "known well", "https://x.test/7", expires, 1)


def _known(*entries: KnownFailure) -> KnownFailures:
    return known_failures_for(entries, [REQUIRED], sdk_version="1.2.0", today=TODAY, source="known.toml")


@pytest.mark.parametrize("pattern", ["debounce.boundary", "debounce.*", "*"])
def test_a_failure_that_is_named_is_excused_with_its_reason(pattern: str) -> None:
    judgement = _known(_entry(pattern)).applied(FAILED)
    assert judgement.verdict is Verdict.KNOWN_FAILURE
    assert judgement.note == "known, bug: known well (https://x.test/7)"
    assert judgement.mismatches == (MISMATCH,)


def test_a_scenario_excuses_its_own_mismatches_only() -> None:
    known = _known(_entry(SCENARIO, Subject.SCENARIO))
    assert known.applied(FAILED).verdict is Verdict.KNOWN_FAILURE
    elsewhere = dataclasses.replace(FAILED, mismatches=(MISMATCH, Mismatch("other", 0.0, "a", "b")))
    assert known.applied(elsewhere) == elsewhere


def test_what_no_entry_names_is_left_alone() -> None:
    other = Judgement(requirement("debounce.active"), Verdict.FAILED, (MISMATCH,))
    assert _known(_entry()).applied(other) is other


@pytest.mark.parametrize(
    "verdict", [Verdict.ADAPTER_ERROR, Verdict.KIT_ERROR, Verdict.NOT_TESTABLE, Verdict.NOT_CLAIMED]
)
def test_crashes_hangs_and_missing_preconditions_are_never_excused(verdict: Verdict) -> None:
    judgement = Judgement(REQUIRED, verdict, note="the adapter's process ended")
    assert _known(_entry("*")).applied(judgement) is judgement


def test_a_pass_is_stale_unless_it_is_flaky() -> None:
    stale = _known(_entry()).applied(PASSED)
    assert stale.verdict is Verdict.STALE_KNOWN_FAILURE
    assert "remove or narrow the entry" in stale.note
    flaky = _entry(entry_class=EntryClass.FLAKY, expires=datetime.date(2027, 1, 1))
    assert _known(flaky).applied(PASSED) is PASSED
    assert _known(flaky).applied(FAILED).verdict is Verdict.KNOWN_FAILURE


@pytest.mark.parametrize(
    ("expires", "excused"),
    [
        (datetime.date(2026, 6, 1), True),
        (datetime.date(2026, 5, 31), False),
        (Version("1.2.1"), True),
        (Version("1.2.0"), False),
        (Version("1.2.0rc1"), False),
    ],
)
def test_an_expired_entry_excuses_no_longer(expires: Expiry, *, excused: bool) -> None:
    judgement = _known(_entry(expires=expires)).applied(FAILED)
    assert judgement.verdict is (Verdict.KNOWN_FAILURE if excused else Verdict.FAILED)
    assert ("expired on" in judgement.note) is not excused


def test_an_sdk_version_that_cannot_be_compared_is_reported() -> None:
    with pytest.raises(UserError, match="use a date in `expires`"):
        known_failures_for(
            (_entry(expires=Version("1")),), [REQUIRED], sdk_version="main", today=TODAY, source="known.toml"
        )


def test_an_entry_for_what_is_not_claimed_is_stale() -> None:
    unclaimed = judged(Judgement(REQUIRED, Verdict.NOT_CLAIMED))
    assert list(_known(_entry()).stale([unclaimed])) == [
        (
            "known.toml: entry 1 (requirement debounce.boundary): the SDK does not claim it, "
            "so it cannot fail; remove the entry"
        )
    ]
    assert not list(_known(_entry()).stale([judged(FAILED)]))


def test_a_scenario_without_a_mismatch_is_stale() -> None:
    known = _known(_entry(SCENARIO, Subject.SCENARIO))
    assert "has no mismatch" in next(known.stale([judged(PASSED)]))
    assert not list(known.stale([judged(FAILED)]))
    assert not list(known.stale([judged(Judgement(REQUIRED, Verdict.ADAPTER_ERROR))]))


def _results(*judgements: Judgement) -> list[Result]:
    return [result_record(judgement, "") for judgement in judgements]


@pytest.mark.parametrize("name", ["known.toml", "known.yaml"])
def test_what_is_recorded_excuses_exactly_what_failed(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    crashed = Judgement(requirement("debounce.active"), Verdict.ADAPTER_ERROR, note="crash")
    record(_results(FAILED, crashed), path, sdk="a 1", profile="p", strict=False)
    (entry,) = load_known_failures(path)
    assert entry.pattern == "debounce.boundary"
    assert entry.reason == f"{SCENARIO}, at 60.000 s: wanted a line\\x1b[0m, got nothing"
    assert "\x1b" not in path.read_text(encoding="utf-8")
    assert _known(entry).applied(FAILED).verdict is Verdict.KNOWN_FAILURE


def test_quirks_are_recorded_where_they_count(tmp_path: Path) -> None:
    quirk = Judgement(requirement("parsing.containers_end_the_poll"), Verdict.FAILED, (MISMATCH,))
    for name, strict in (("a.toml", False), ("b.toml", True)):
        record(_results(quirk), tmp_path / name, sdk="a 1", profile="p", strict=strict)
    assert load_known_failures(tmp_path / "a.toml") == ()
    assert [entry.pattern for entry in load_known_failures(tmp_path / "b.toml")] == [quirk.requirement.id]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("known.txt", "names no known format"),
        ("there.toml", "write a list .known_failures."),
        ("no/such.toml", "does not exist"),
    ],
)
def test_a_place_that_cannot_be_written_is_reported_before_the_run(
    name: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "there.toml").touch()
    with pytest.raises(UserError, match=expected):
        check_place(tmp_path / name)
