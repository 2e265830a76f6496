"""Each exit code, and which of two wins; the set of requirements held still."""

from __future__ import annotations

import dataclasses

import pytest

from tinker_conformance.commands.outcome import exit_code, summary
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.requirements import REQUIREMENTS, requirement
from tinker_conformance.requirements import as_of as as_of_module
from tinker_conformance.requirements.as_of import AsOfError, asked_of

CONTRACT = requirement("debounce.boundary")
QUIRK = requirement("parsing.containers_end_the_poll")
PROFILE = load_profile("tinker-0.5.1")


def _judged(*verdicts: Verdict) -> list[Judgement]:
    return [Judgement(CONTRACT, verdict) for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.PASSED, Verdict.NOT_CLAIMED], Exit.HELD),
        ([Verdict.PASSED, Verdict.KNOWN_FAILURE], Exit.HELD),
        ([Verdict.PASSED, Verdict.FAILED], Exit.SDK_FAILED),
        ([Verdict.PASSED, Verdict.NOT_TESTABLE], Exit.SDK_FAILED),
        ([Verdict.PASSED, Verdict.STALE_KNOWN_FAILURE], Exit.STALE),
        ([Verdict.STALE_KNOWN_FAILURE, Verdict.FAILED], Exit.SDK_FAILED),
        ([Verdict.PASSED, Verdict.FAILED, Verdict.ADAPTER_ERROR], Exit.ADAPTER),
        ([Verdict.ADAPTER_ERROR, Verdict.KIT_ERROR], Exit.KIT),
        ([Verdict.NOT_CLAIMED], Exit.NOTHING_TESTED),
        ([], Exit.NOTHING_TESTED),
    ],
)
def test_the_exit_code_is_the_worst_of_what_was_found(verdicts: list[Verdict], code: Exit) -> None:
    assert exit_code(_judged(*verdicts), strict=False) is code


def test_an_entry_that_is_stale_as_a_whole_is_exit_code_3() -> None:
    assert exit_code(_judged(Verdict.PASSED), strict=False, stale=True) is Exit.STALE


def test_a_chapter_that_cannot_be_unclaimed_is_exit_code_6_and_named() -> None:
    judged = [
        Judgement(requirement("wiring.sample"), Verdict.PASSED),
        Judgement(CONTRACT, Verdict.NOT_CLAIMED),
        Judgement(requirement("debounce.active"), Verdict.NOT_CLAIMED),
    ]
    assert exit_code(judged, strict=False) is Exit.NOTHING_TESTED
    assert "never tested: debounce" in summary(judged, Exit.NOTHING_TESTED, "sdk 1", "p", strict=False)
    judged[2] = dataclasses.replace(judged[2], verdict=Verdict.PASSED)
    assert exit_code(judged, strict=False) is Exit.HELD


def test_a_quirk_counts_only_where_it_is_asked_for() -> None:
    judged = [*_judged(Verdict.PASSED), Judgement(QUIRK, Verdict.FAILED)]
    assert exit_code(judged, strict=False) is Exit.HELD
    assert exit_code(judged, strict=True) is Exit.SDK_FAILED
    assert summary(judged, Exit.HELD, "sdk 1", "p", strict=False).endswith("1 passed, 1 quirk not shared")
    assert summary(judged, Exit.SDK_FAILED, "sdk 1", "p", strict=True).endswith("1 passed, 1 failed")


def test_what_cannot_be_tested_is_counted_apart_and_what_to_mend_first_is_named() -> None:
    stands = (("clock.moves",), ("wiring.sample", "wiring.forward"), ("clock.moves",))
    judged = [
        *_judged(Verdict.FAILED),
        *(Judgement(CONTRACT, Verdict.NOT_TESTABLE, mend_first=first) for first in stands[:1]),
    ]
    last = summary(judged, Exit.SDK_FAILED, "sdk 1", "p", strict=False)
    assert last.endswith("1 failed, 1 not testable until clock.moves holds")
    judged += [Judgement(CONTRACT, Verdict.NOT_TESTABLE, mend_first=first) for first in stands[1:]]
    last = summary(judged, Exit.SDK_FAILED, "sdk 1", "p", strict=False)
    said = "3 not testable until clock.moves and wiring.sample and wiring.forward hold"
    assert last.endswith(f"1 failed, {said}")


def test_a_stale_entry_counts_whatever_the_level() -> None:
    judged = [*_judged(Verdict.PASSED), Judgement(QUIRK, Verdict.STALE_KNOWN_FAILURE)]
    assert exit_code(judged, strict=False) is Exit.STALE


def test_the_set_is_held_still_at_a_version_of_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = dataclasses.replace(CONTRACT, id="debounce.newer", since="0.3.0")
    monkeypatch.setattr(as_of_module, "REQUIREMENTS", (*REQUIREMENTS, newer))
    monkeypatch.setattr(as_of_module, "__version__", "0.3.0")
    assert newer in asked_of(PROFILE, None)
    assert newer in asked_of(PROFILE, "0.3.0")
    assert [*asked_of(PROFILE, "0.2.9"), newer] == list(asked_of(PROFILE, None))


@pytest.mark.parametrize(("version", "said"), [("1000.0", "this kit is"), ("lately", "is no version")])
def test_a_set_cannot_be_held_at_every_version(version: str, said: str) -> None:
    with pytest.raises(AsOfError, match=said):
        asked_of(PROFILE, version)
