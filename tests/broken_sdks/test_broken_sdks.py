"""Each broken SDK fails exactly what it declares, for the reason that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from inspect import getattr_static
from pathlib import Path

import pytest

from tests.support.shared_runs import SharedRuns
from tinker_conformance.judging.causes import causes
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.profile.profile_files import known_profiles
from tinker_conformance.requirements import REQUIREMENTS, requirement

from .declaration import BrokenSdk
from .fields import WITHOUT_A_BROKEN_SDK, field_of, profile_fields
from .laboratory import Laboratory, asked_under, broken, unclear
from .named_causes import allowed
from .registry import BROKEN_SDKS
from .run_memory import RunMemory
from .table import document

PAGE = Path(__file__).parents[2] / "docs/reference/broken-sdks.md"


@pytest.fixture(scope="module")
def laboratory(shared_runs: SharedRuns) -> Iterator[Laboratory]:
    made = Laboratory(shared_runs)
    yield made
    made.close()


@pytest.mark.part_of_a_slow_test
@pytest.mark.parametrize("sdk", BROKEN_SDKS.values(), ids=BROKEN_SDKS)
def test_a_broken_sdk_breaks_what_it_declares_for_the_reason_that_it_declares(
    laboratory: Laboratory, sdk: BrokenSdk
) -> None:
    declared = [required for required in asked_under(sdk.under) if required.id in sdk.breaks]
    _check(sdk, laboratory.judge(sdk, declared))


@pytest.mark.slow
@pytest.mark.parametrize("sdk", BROKEN_SDKS.values(), ids=BROKEN_SDKS)
def test_a_broken_sdk_breaks_nothing_else(laboratory: Laboratory, sdk: BrokenSdk) -> None:
    _check(sdk, laboratory.judge_by_needed_runs(sdk, asked_under(sdk.under)))


def _remembers(sdk: BrokenSdk) -> bool:
    parts = (getattr_static(sdk.make, name, None) for name in ("poll", "observer"))
    return any(isinstance(kept, RunMemory) for part in parts if part for kept in vars(part).values())


@pytest.mark.parametrize(
    "sdk", [pytest.param(sdk, id=name) for name, sdk in BROKEN_SDKS.items() if _remembers(sdk)]
)
def test_an_sdk_that_remembers_a_session_remembers_nothing_of_the_run_before(
    laboratory: Laboratory, sdk: BrokenSdk
) -> None:
    asked = [requirement(sdk.caught_by)]
    first, second = (laboratory.judge(sdk, asked)[sdk.caught_by] for _ in range(2))
    assert second.mismatches == first.mismatches


def _check(sdk: BrokenSdk, judgements: Mapping[str, Judgement]) -> None:
    found = broken(judgements) - sdk.sometimes
    assert found == sdk.breaks, f"{sdk.name} needs\n{_also(found - {sdk.caught_by})}"
    caught = judgements[sdk.caught_by]
    mismatches = [str(mismatch) for mismatch in caught.mismatches]
    (cause,) = causes([caught])
    assert allowed(caught.mismatches[0], cause.what), (cause.what, mismatches[0])
    assert any(sdk.saying in line for line in mismatches), mismatches
    for name, note in unclear(judgements).items():
        # What cannot be told apart names the fault that stands in the way.
        assert judgements[name].verdict is Verdict.NOT_TESTABLE, (name, note)
        assert judgements[name].fix_first, (name, note)
        assert sdk.breaks.issuperset(judgements[name].fix_first), (name, note)
        assert all(first in note for first in judgements[name].fix_first), (name, note)


def _also(ids: Iterable[str]) -> str:
    """Return the lines of a declaration, to be copied."""
    return "\n".join(["    also=(", *(f'        "{identifier}",' for identifier in sorted(ids)), "    ),"])


def test_every_requirement_has_an_sdk_that_it_is_there_to_catch() -> None:
    caught = {sdk.caught_by for sdk in BROKEN_SDKS.values()}
    assert [required.id for required in REQUIREMENTS if required.id not in caught] == []


def test_what_a_broken_sdk_declares_is_asked_under_its_profile() -> None:
    for sdk in BROKEN_SDKS.values():
        assert sdk.breaks <= {required.id for required in asked_under(sdk.under)}, sdk.name
        assert sdk.caught_by not in sdk.also, sdk.name
        assert sdk.saying, sdk.name


def test_every_named_profile_has_its_broken_sdks() -> None:
    assert {sdk.under for sdk in BROKEN_SDKS.values()} >= set(known_profiles())


def test_every_field_of_a_profile_has_a_broken_sdk_or_a_reason_for_none() -> None:
    changed = {field_of(change) for sdk in BROKEN_SDKS.values() for change in sdk.changes}
    assert changed <= profile_fields()
    assert profile_fields() - changed == set(WITHOUT_A_BROKEN_SDK)


def test_the_page_is_fresh() -> None:
    """To update it: python -m tests.broken_sdks.table > docs/reference/broken-sdks.md."""
    assert PAGE.read_text(encoding="utf-8") == document()
