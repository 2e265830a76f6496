"""Each exit code, and which of two wins; the set of requirements held still."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec
import pytest

from tests.tinker_conformance.report.making import result, start
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.report.conclusion import QUIRKS, Conclusion, Standing, conclude, number_of
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.record_making import end_record
from tinker_conformance.report.records import Result, ScriptsRecord
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import REQUIREMENTS, requirement
from tinker_conformance.requirements import as_of as as_of_module
from tinker_conformance.requirements.as_of import asked_of

CONTRACT = requirement("debounce.boundary")
QUIRK = requirement("parsing.containers_end_the_poll")
PROFILE = load_profile("tinker-0.5.1")


def _judged(*verdicts: Verdict) -> list[Result]:
    return [result(CONTRACT, verdict) for verdict in verdicts]


def _concluded(results: Sequence[Result], *, strict: bool = False, stale: Sequence[str] = ()) -> Conclusion:
    asked = [requirement(identifier) for identifier in dict.fromkeys(each.id for each in results)]
    begun = msgspec.structs.replace(start(asked=asked), strict=strict)
    return conclude(Report(begun, tuple(results), end_record(begun, tuple(results), stale=stale)))


@pytest.mark.parametrize(
    ("verdicts", "code", "standing"),
    [
        ([Verdict.PASSED, Verdict.NOT_CLAIMED], Exit.HELD, Standing.CONFORMS),
        ([Verdict.PASSED, Verdict.KNOWN_FAILURE], Exit.HELD, Standing.CONFORMS_AS_KNOWN),
        ([Verdict.PASSED, Verdict.FAILED], Exit.SDK_FAILED, Standing.DOES_NOT_CONFORM),
        ([Verdict.PASSED, Verdict.NOT_TESTABLE], Exit.NOTHING_TESTED, Standing.NOT_JUDGED),
        ([Verdict.FAILED, Verdict.NOT_TESTABLE], Exit.SDK_FAILED, Standing.DOES_NOT_CONFORM),
        ([Verdict.PASSED, Verdict.STALE_KNOWN_FAILURE], Exit.STALE, Standing.STALE),
        ([Verdict.STALE_KNOWN_FAILURE, Verdict.FAILED], Exit.SDK_FAILED, Standing.DOES_NOT_CONFORM),
        ([Verdict.PASSED, Verdict.FAILED, Verdict.ADAPTER_ERROR], Exit.ADAPTER, Standing.DOES_NOT_CONFORM),
        ([Verdict.PASSED, Verdict.ADAPTER_ERROR], Exit.ADAPTER, Standing.NOT_JUDGED),
        ([Verdict.ADAPTER_ERROR, Verdict.KIT_ERROR], Exit.KIT, Standing.NOT_JUDGED),
        ([Verdict.NOT_CLAIMED], Exit.NOTHING_TESTED, Standing.NOT_JUDGED),
        ([], Exit.NOTHING_TESTED, Standing.NOT_JUDGED),
    ],
)
def test_the_exit_code_is_the_worst_of_what_was_found(
    verdicts: list[Verdict], code: Exit, standing: Standing
) -> None:
    found = _concluded(_judged(*verdicts))
    assert found.exit_code == code
    assert found.standing is standing


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.ADAPTER_ERROR, Exit.ADAPTER), (Verdict.KIT_ERROR, Exit.KIT)]
)
def test_an_error_in_the_scenario_of_a_quirk_counts_though_quirks_do_not(
    verdict: Verdict, code: Exit
) -> None:
    found = _concluded([*_judged(Verdict.PASSED), result(QUIRK, verdict)])
    assert found.exit_code == code
    assert found.sentence == "sdk 1.0 could not be judged against tinker-0.5.1"


def test_a_quirk_that_cannot_be_tested_counts_only_where_quirks_do() -> None:
    judged = [*_judged(Verdict.PASSED), result(QUIRK, Verdict.NOT_TESTABLE)]
    assert _concluded(judged).exit_code == Exit.HELD
    assert _concluded(judged, strict=True).exit_code == Exit.NOTHING_TESTED


def test_what_waits_for_another_requirement_is_a_failure_and_what_the_kit_lacks_is_not() -> None:
    lacking = result(CONTRACT, Verdict.NOT_TESTABLE)
    waiting = msgspec.structs.replace(lacking, fix_first=("clock.moves",))
    for results, code, sentence in (
        ([lacking], Exit.NOTHING_TESTED, "sdk 1.0 could not be judged against tinker-0.5.1"),
        ([waiting], Exit.SDK_FAILED, "sdk 1.0 does not conform to tinker-0.5.1"),
        ([lacking, waiting], Exit.SDK_FAILED, "sdk 1.0 does not conform to tinker-0.5.1"),
    ):
        found = _concluded([*_judged(Verdict.PASSED), *results])
        assert (found.exit_code, found.sentence) == (code, sentence)


def test_an_entry_that_is_stale_as_a_whole_is_exit_code_3() -> None:
    found = _concluded(_judged(Verdict.PASSED), stale=["remove it"])
    assert found.exit_code == Exit.STALE
    assert found.counted == "1 passed, 1 stale entry of known failures"


def test_a_chapter_that_cannot_be_unclaimed_is_exit_code_6_and_named() -> None:
    judged = [
        result(requirement("wiring.sample"), Verdict.PASSED),
        result(CONTRACT, Verdict.NOT_CLAIMED),
        result(requirement("debounce.active"), Verdict.NOT_CLAIMED),
    ]
    assert _concluded(judged).exit_code == Exit.NOTHING_TESTED
    assert "nothing was tested of the chapter debounce; claim the operations" in _concluded(judged).counted
    assert "`info.operations`" in _concluded(judged).counted
    judged[2] = msgspec.structs.replace(judged[2], verdict=Verdict.PASSED)
    assert _concluded(judged).exit_code == Exit.HELD


@pytest.mark.parametrize(
    ("count", "verdict", "words"),
    [
        (1, "known failure", "1 known failure"),
        (2, "known failure", "2 known failures"),
        (6, QUIRKS, "6 quirks not shared"),
        (2, "adapter error", "2 adapter errors"),
        (3, "passed", "3 passed"),
    ],
)
def test_a_count_agrees_with_its_noun(count: int, verdict: str, words: str) -> None:
    assert number_of(count, verdict) == words


def test_a_quirk_counts_only_where_it_is_asked_for() -> None:
    judged = [*_judged(Verdict.PASSED), result(QUIRK, Verdict.FAILED)]
    assert _concluded(judged).exit_code == Exit.HELD
    assert _concluded(judged, strict=True).exit_code == Exit.SDK_FAILED
    assert str(_concluded(judged)).endswith(": 1 passed, 1 quirk not shared")
    assert str(_concluded(judged, strict=True)).endswith(": 1 passed, 1 failed")


def test_what_cannot_be_tested_is_counted_apart_and_what_to_fix_first_is_named() -> None:
    stands = (("clock.moves",), ("wiring.sample", "wiring.forward"), ("clock.moves",))
    waiting = [
        msgspec.structs.replace(result(CONTRACT, Verdict.NOT_TESTABLE), fix_first=first) for first in stands
    ]
    judged = [*_judged(Verdict.FAILED), *waiting[:1]]
    assert _concluded(judged).counted == "1 failed, 1 not testable until clock.moves holds"
    expected = "3 not testable until clock.moves and wiring.sample and wiring.forward hold"
    assert _concluded([*judged, *waiting[1:]]).counted == f"1 failed, {expected}"


def test_a_stale_entry_counts_whatever_the_level() -> None:
    judged = [*_judged(Verdict.PASSED), result(QUIRK, Verdict.STALE_KNOWN_FAILURE)]
    assert _concluded(judged).exit_code == Exit.STALE


@pytest.mark.parametrize(
    ("scripts", "code"),
    [
        (ScriptsRecord(judged=3, failed=0), Exit.HELD),
        (ScriptsRecord(judged=3, failed=1), Exit.SDK_FAILED),
        (ScriptsRecord(judged=3, failed=1, adapter_errors=1), Exit.ADAPTER),
        (ScriptsRecord(judged=3, failed=0, adapter_errors=1, kit_errors=1), Exit.KIT),
        (ScriptsRecord(judged=0, failed=0), Exit.NOTHING_TESTED),
    ],
)
def test_scripts_count_as_requirements_do(scripts: ScriptsRecord, code: Exit) -> None:
    begun = start(asked=[])
    assert end_record(begun, (), scripts=scripts).exit_code == code


def test_the_set_is_held_still_at_a_version_of_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = dataclasses.replace(CONTRACT, id="debounce.newer", since="0.3.0")
    monkeypatch.setattr(as_of_module, "REQUIREMENTS", (*REQUIREMENTS, newer))
    monkeypatch.setattr(as_of_module, "__version__", "0.3.0")
    assert newer in asked_of(PROFILE, None)
    assert newer in asked_of(PROFILE, "0.3.0")
    assert [*asked_of(PROFILE, "0.2.9"), newer] == list(asked_of(PROFILE, None))


@pytest.mark.parametrize(
    ("version", "expected"), [("1000.0", "is newer than this kit"), ("lately", "is not a version")]
)
def test_a_set_cannot_be_held_at_every_version(version: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        asked_of(PROFILE, version)
