"""Check random delays, which must lie within the profile's bounds and need not equal the reference's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fake_server.core.number_words import counted
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.profile.profile import Expired
from tinker_conformance.timeline import Request, Response

_EXACT_SECONDS: Final = 0.000_01
"""A delay this near to the middle of its bounds counts as not random; 1 in 100,000 random delays is."""


def after_410(case: Case) -> Iterator[Mismatch]:
    """Yield a mismatch for each resubmission after an HTTP 410 that comes outside the profile's bounds.

    Source: the retry handler of ``tinker`` 0.1.0 to 0.38.0.
    """
    rules = case.profile.polling.expired
    expired_at: float | None = None
    count = 0
    exact: list[tuple[float, int]] = []
    for place, event in enumerate(case.observed):
        match event:
            case Response(status=410, at=at):
                expired_at = at
            case Request(at=at) if expired_at is not None and not event.is_poll:
                waited, expired_at = at - expired_at, None
                least, middle, most = _bounds(rules, count)
                count += 1
                if not least - _EXACT_SECONDS <= waited <= most + _EXACT_SECONDS:
                    wanted = f"submission {count} after a 410 within {least:.3f} to {most:.3f} s"
                    yield Mismatch(case.scenario.id, at, wanted, f"{waited:.3f} s", place)
                if middle < most and abs(waited - middle) < _EXACT_SECONDS:
                    exact.append((at, place))
            case _:
                pass
    if rules.jitter and len(exact) > 1:
        at, place = exact[0]
        yield Mismatch(case.scenario.id, at, "delays with jitter", "delays without jitter", place)
    expected = sum(isinstance(event, Response) and event.status == 410 for event in case.expected)
    if count != expected:
        yield Mismatch(
            case.scenario.id,
            case.observed[-1].at if case.observed else 0.0,
            f"{counted(expected, 'submission')} after a 410",
            f"{count}",
        )


def _bounds(rules: Expired, count: int) -> tuple[float, float, float]:
    middle = min(rules.delay_base_seconds * 2.0**count, rules.delay_cap_seconds)
    return (
        middle * (1 - rules.jitter),
        middle,
        min(middle * (1 + rules.jitter), rules.delay_cap_seconds),
    )
