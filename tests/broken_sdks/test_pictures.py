"""The picture of a failure marks what the requirement compares, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest

from tests.support.shared_runs import SharedRuns
from tinker_conformance.judging.compared_lanes import compared_lanes
from tinker_conformance.judging.judge import Judgement
from tinker_conformance.judging.picture import Look, lane_of
from tinker_conformance.report.evidence import Group
from tinker_conformance.report.record_making import result_record
from tinker_conformance.requirements import requirement

from .declaration import BrokenSdk
from .laboratory import Laboratory
from .registry import BROKEN_SDKS


def _chapter(sdk: BrokenSdk) -> str:
    return sdk.caught_by.partition(".")[0]


OF_A_CHAPTER = 2
SAMPLE = [
    sdk
    for _, sdks in groupby(sorted(BROKEN_SDKS.values(), key=_chapter), key=_chapter)
    for sdk in list(sdks)[:OF_A_CHAPTER]
]


@pytest.fixture(scope="module")
def laboratory(shared_runs: SharedRuns) -> Iterator[Laboratory]:
    made = Laboratory(shared_runs)
    yield made
    made.close()


def _named_lanes(judgement: Judgement) -> set[str]:
    """The lanes of the events that the mismatches name, as a picture calls them."""
    named: set[str] = set()
    for mismatch in judgement.mismatches:
        case = judgement.cases.get(mismatch.scenario)
        if case is None:
            continue
        if mismatch.event is not None and (lane := lane_of(case.observed[mismatch.event])):
            named.add(f"{lane}, actual")
        if mismatch.missing is not None and (lane := lane_of(case.expected[mismatch.missing])):
            named.add(f"{lane}, expected")
    return named


@pytest.mark.parametrize("sdk", SAMPLE, ids=lambda sdk: sdk.name)
def test_a_picture_marks_what_its_requirement_compares_alone(laboratory: Laboratory, sdk: BrokenSdk) -> None:
    judgement = laboratory.judge(sdk, [requirement(sdk.caught_by)])[sdk.caught_by]
    figures = Group(("an SDK",), result_record(judgement, ""), quirk=False, real_time=False).figures
    marked = {
        lane.name
        for figure in figures
        for lane in figure.picture.lanes
        if any(mark.look is not Look.FINE for mark in lane.marks)
    }
    assert marked <= {
        f"{lane}, {side}" for lane in compared_lanes(sdk.caught_by) for side in ("expected", "actual")
    }
    assert marked == _named_lanes(judgement)
