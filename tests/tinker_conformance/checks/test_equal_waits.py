"""Random waits after a refusal count as their longest, so that what follows can be compared by its time."""

from __future__ import annotations

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.case import Case
from tinker_conformance.checks.projections import same
from tinker_conformance.checks.submission_delays import with_equal_waits
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import parse_scenarios
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import (
    ClockCause,
    ClockStep,
    Log,
    Outcome,
    OutcomeKind,
    Request,
    Response,
    Timeline,
)

PROFILE = load_profile("tinker-0.5.1")
(SCENARIO,) = parse_scenarios(
    """
- id: refused
  client: training
  futures:
    - submission: [{status: 503}, {status: 503}]
      steps: [{timeout: {queue_state: paused_capacity}}, {complete: {}}]
""",
    source="test",
)


def _run(first: float, second: float, *, late: float = 0.0) -> Timeline:
    """The timeline of an SDK that waits so long after each refusal, and logs so long after the poll."""
    end = first + second
    sent = {"method": "POST", "path": "/api/v1/forward_backward", "future": 1, "client": "client"}
    refused = {"status": 503, "submission": True, "future": 1, "client": "client"}
    slept = {"cause": ClockCause.SLEEP}
    return (
        Request(at=0.0, **sent),
        Response(at=0.0, **refused),
        ClockStep(at=first, wall=first, monotonic=first, **slept),
        Request(at=first, **sent),
        Response(at=first, **refused),
        ClockStep(at=end, wall=second, monotonic=second, **slept),
        Request(at=end, **sent),
        Log(
            at=end + late,
            level="warning",
            logger="x",
            message="Training is paused for model-1. Reason: out of capacity",
            client="client",
            future=1,
        ),
        Outcome(at=end + late, kind=OutcomeKind.RESULT, client="client", future=1),
    )


def _case(observed: Timeline) -> Case:
    return Case(SCENARIO, PROFILE, _run(0.4, 0.8), observed, ReferenceAdapter.info)


def test_what_follows_two_random_waits_is_compared_by_its_time() -> None:
    case = _case(_run(0.5, 0.76))
    check = same(seen.line_times, seen.outcome_times)
    assert list(check(case))
    equal = with_equal_waits(case)
    assert not list(check(equal))
    assert equal.expected[-1].at == equal.observed[-1].at == 1.5


def test_a_late_line_is_still_late() -> None:
    mismatches = list(same(seen.line_times)(with_equal_waits(_case(_run(0.5, 0.76, late=0.001)))))
    assert [mismatch.wanted for mismatch in mismatches] == ["a pause line at 1.500 s", "nothing"]
