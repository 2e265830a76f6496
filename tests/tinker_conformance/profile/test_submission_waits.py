"""The waits of a request that is refused: quick and slow ones, and what ends them."""

from __future__ import annotations

import pytest

from tinker_conformance.profile.choices import SubmissionRetries
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.profile.submission_waits import RefusedReply, SubmissionWaits, Wait

NEWEST = load_profile("tinker-0.38").polling
OLD = load_profile("tinker-0.5.1").polling
NOW = 1_750_000_000.0
BUSY = RefusedReply(503)


def _waits(
    retries: SubmissionRetries = SubmissionRetries.QUICK_THEN_SLOW, *, is_sample: bool = False
) -> SubmissionWaits:
    return SubmissionWaits(NEWEST, retries, is_sample, lambda: True)


def _longest(waits: SubmissionWaits, refusals: list[RefusedReply]) -> list[float | None]:
    found = [waits.after(refusal, NOW) for refusal in refusals]
    return [None if wait is None else wait.most for wait in found]


def test_quick_retries_double_and_begin_again_after_a_slow_one() -> None:
    assert _longest(_waits(), [BUSY] * 13) == [0.5, 1, 2, 4, 8, 10, 10, 10, 10, 10, 1, 0.5, 1]
    assert _waits().after(BUSY, NOW) == Wait(0.375, 0.5)


def test_without_slow_retries_a_request_fails_after_the_quick_ones() -> None:
    assert _longest(_waits(SubmissionRetries.QUICK_ONLY), [BUSY] * 11)[-2:] == [10, None]


def test_slow_retries_end_after_five_minutes() -> None:
    waits = _waits(SubmissionRetries.SLOW_ONLY)
    assert waits.after(BUSY, NOW) == Wait(1, 1)
    assert waits.after(BUSY, NOW + 290) == Wait(2, 2)
    assert waits.after(BUSY, NOW + 299) == Wait(1, 1)
    assert waits.after(BUSY, NOW + 300) is None


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 410, 422])
def test_other_statuses_end_a_request(status: int) -> None:
    assert _waits().after(RefusedReply(status), NOW) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "60"}, 60.0),
        ({"retry-after": "61"}, 0.5),
        ({"retry-after": "0"}, 0.5),
        ({"retry-after": "-1"}, 0.5),
        ({"retry-after": "soon"}, 0.5),
        ({"retry-after-ms": "2500", "retry-after": "7"}, 2.5),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7.0),
        ({"retry-after": "Sun, 15 Jun 2025 15:06:49 GMT"}, 9.0),
        ({"retry-after": "Sun, 15 Jun 2025 15:06:31 GMT"}, 0.5),
    ],
)
def test_quick_retries_follow_retry_after(headers: dict[str, str], expected: float) -> None:
    wait = _waits().after(RefusedReply(503, headers=headers), NOW)
    assert wait is not None
    assert wait.most == expected


def test_x_should_retry_decides_about_quick_retries() -> None:
    assert _longest(_waits(), [RefusedReply(400, headers={"x-should-retry": "true"})]) == [0.5]
    assert _longest(_waits(), [RefusedReply(503, headers={"x-should-retry": "false"})]) == [1]


def test_a_429_lets_all_samples_wait_a_second_and_begins_again() -> None:
    waits = _waits(SubmissionRetries.SLOW_ONLY, is_sample=True)
    assert _longest(waits, [BUSY, BUSY, RefusedReply(429), BUSY]) == [1, 2, 1, 1]
    assert waits.after(RefusedReply(429), NOW) == Wait(1, 1, of_all_samples=True)


def test_a_402_pauses_while_it_may() -> None:
    assert _longest(_waits(), [RefusedReply(402)]) == [5]
    unpaid = SubmissionWaits(NEWEST, SubmissionRetries.QUICK_THEN_SLOW, False, lambda: False)
    assert unpaid.after(RefusedReply(402), NOW) is None
    old = SubmissionWaits(OLD, SubmissionRetries.QUICK_THEN_SLOW, False, lambda: True)
    assert old.after(RefusedReply(402), NOW) is None


def test_a_400_without_a_body_is_a_lost_reply_since_0_16_1() -> None:
    assert _longest(_waits(), [RefusedReply(400, is_empty=True)]) == [1]
    old = SubmissionWaits(OLD, SubmissionRetries.QUICK_THEN_SLOW, False, lambda: True)
    assert old.after(RefusedReply(400, is_empty=True), NOW) is None
