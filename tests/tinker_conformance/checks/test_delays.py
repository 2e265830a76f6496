"""The check of random delays: within bounds, with a random part, as many as wanted."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.delays import after_410
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import Request, Response, Timeline

SCENARIO = shipped_scenarios()["polling-410-again-and-again"]
PROFILE = load_profile("tinker-0.5.1")
WITHIN = (0.4, 1.2, 1.6, 3.1, 9.9, 10.0, 7.6)
ANSWERED_AFTER = 0.25


def _timeline(delays: tuple[float, ...]) -> Timeline:
    events: list[Request | Response] = [Response(at=0.0, client="c", future=1, status=408)]
    moments = [0.0]
    for delay in delays:
        moments.append(moments[-1] + delay)
    for gone, _ in pairwise(moments):
        events.append(Request(at=gone, client="c", future=1, method="POST", path="/api/v1/asample"))
        events.append(
            Request(
                at=gone, client="c", future=1, method="POST", path="/api/v1/retrieve_future", iteration="0"
            )
        )
        events.append(Response(at=gone, client="c", future=1, status=410))
    events.append(Request(at=moments[-1], client="c", future=1, method="POST", path="/api/v1/asample"))
    events.append(Response(at=moments[-1] + ANSWERED_AFTER, client="c", future=1, status=503))
    return tuple(events)


def _mismatches(
    delays: tuple[float, ...], *, expected: tuple[float, ...] = WITHIN, jitter: float = 0.25
) -> list[str]:
    expired = msgspec.structs.replace(PROFILE.polling.expired, jitter=jitter)
    profile = msgspec.structs.replace(
        PROFILE, polling=msgspec.structs.replace(PROFILE.polling, expired=expired)
    )
    case = Case(SCENARIO, profile, _timeline(expected), _timeline(delays), ReferenceAdapter.info)
    return [str(mismatch) for mismatch in after_410(case)]


def test_delays_within_the_bounds_hold() -> None:
    assert _mismatches(WITHIN) == []


@pytest.mark.parametrize(
    ("delays", "expected_text"),
    [
        ((0.374, *WITHIN[1:]), "submission 1 after a 410 within 0.375 to 0.625 s, got 0.374 s"),
        ((0.626, *WITHIN[1:]), "submission 1 after a 410 within 0.375 to 0.625 s, got 0.626 s"),
        ((*WITHIN[:2], 2.6, *WITHIN[3:]), "submission 3 after a 410 within 1.500 to 2.500 s, got 2.600 s"),
        ((*WITHIN[:6], 10.1), "submission 7 after a 410 within 7.500 to 10.000 s, got 10.100 s"),
        ((*WITHIN[:4], 5.9, *WITHIN[5:]), "submission 5 after a 410 within 6.000 to 10.000 s, got 5.900 s"),
    ],
)
def test_a_delay_out_of_bounds_is_reported_alone(delays: tuple[float, ...], expected_text: str) -> None:
    assert len(found := _mismatches(delays)) == 1
    assert expected_text in found[0]


def test_the_very_bounds_are_within() -> None:
    assert _mismatches((0.375, 1.25, 1.5, 5.0, 6.0, 10.0, 7.5)) == []


def test_delays_that_are_never_random_are_reported_at_the_first() -> None:
    assert _mismatches((0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0)) == [
        "at 0.500 s: wanted delays with jitter, got delays without jitter"
    ]
    assert _mismatches((0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0), jitter=0.0) == []


def test_one_delay_may_be_in_the_middle_by_chance() -> None:
    assert _mismatches((0.5, *WITHIN[1:])) == []


def test_too_few_submissions_are_reported() -> None:
    end = sum(WITHIN[:5]) + ANSWERED_AFTER
    assert _mismatches(WITHIN[:5]) == [f"at {end:.3f} s: wanted 7 submissions after a 410, got 5"]


def test_too_many_submissions_are_reported() -> None:
    assert _mismatches(WITHIN, expected=WITHIN[:5]) == [
        f"at {sum(WITHIN) + ANSWERED_AFTER:.3f} s: wanted 5 submissions after a 410, got 7"
    ]


def test_two_delays_in_the_middle_are_no_chance() -> None:
    assert _mismatches((0.5, 1.0, *WITHIN[2:])) == [
        "at 0.500 s: wanted delays with jitter, got delays without jitter"
    ]


def test_an_sdk_that_did_nothing_lacks_them_from_the_beginning() -> None:
    case = Case(SCENARIO, PROFILE, _timeline(WITHIN), (), ReferenceAdapter.info)
    assert [str(mismatch) for mismatch in after_410(case)] == [
        "at 0.000 s: wanted 7 submissions after a 410, got 0"
    ]
