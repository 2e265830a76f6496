"""Each rule is broken for one kind of client alone, and fails in scenarios of that kind alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.shared_runs import SharedRuns
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.scenario.library import shipped_scenarios

from .alone_cells import ALONE, WITHOUT, AloneSdk
from .alone_operations import OPERATION_ALONE, OPERATIONS_WITHOUT, OperationAloneSdk
from .laboratory import Laboratory


@pytest.fixture(scope="module")
def laboratory(shared_runs: SharedRuns) -> Iterator[Laboratory]:
    made = Laboratory(shared_runs)
    yield made
    made.close()


@pytest.mark.parametrize("alone", ALONE, ids=lambda alone: f"{alone.required.id}-{alone.kind}")
def test_a_rule_that_is_broken_for_one_kind_of_client_fails_with_that_kind_alone(
    laboratory: Laboratory, alone: AloneSdk
) -> None:
    judgement = laboratory.judge(alone.sdk, [alone.required])[alone.required.id]
    assert judgement.verdict is Verdict.FAILED, judgement.note
    failed = {mismatch.scenario for mismatch in judgement.mismatches}
    assert {kind for name in failed for kind in shipped_scenarios()[name].kinds} == {alone.kind}
    client = alone.kind.value.replace("_", " ")
    text = explain(judgement, "rerun it")
    assert [line.strip() for line in text.splitlines() if line.startswith("  scenario ")] == [
        f"scenario {name} ({client})" for name in judgement.cases if name in failed
    ]


def test_no_cell_is_without_an_sdk_that_breaks_it() -> None:
    assert WITHOUT == ()


@pytest.mark.parametrize("alone", OPERATION_ALONE, ids=lambda alone: f"{alone.required.id}-{alone.operation}")
def test_a_rule_that_is_broken_for_one_operation_fails_with_that_operation_alone(
    laboratory: Laboratory, alone: OperationAloneSdk
) -> None:
    judgement = laboratory.judge(alone.sdk, [alone.required])[alone.required.id]
    assert judgement.verdict is Verdict.FAILED, judgement.note
    failed = {mismatch.scenario for mismatch in judgement.mismatches}
    assert all(alone.operation in shipped_scenarios()[name].operations for name in failed)


def test_no_cell_of_an_operation_is_without_an_sdk_that_breaks_it() -> None:
    assert OPERATIONS_WITHOUT == ()
