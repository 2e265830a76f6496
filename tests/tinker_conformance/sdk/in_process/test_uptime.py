"""A worker does not run so many scenarios with a long uptime that its sleepers never wake."""

from __future__ import annotations

import sys

from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import parse_scenarios
from tinker_conformance.sdk.in_process import worker_session
from tinker_conformance.sdk.in_process.worker_session import WorkerSession
from tinker_conformance.timeline import Outcome

(SCENARIO,) = parse_scenarios(
    """
- id: long-uptime
  client: sampling
  uptime: 2147483
  futures: [[{drop: reset}, {complete: {}}]]
""",
    source="test",
)


def test_a_worker_is_replaced_before_its_monotonic_clock_is_too_large_to_wake_sleepers() -> None:
    command = [sys.executable, "-m", "tinker_conformance.sdk.in_process.worker", "reference"]
    session = WorkerSession("reference", command, scenario_seconds=20)
    try:
        first = session._process.current
        for _ in range(worker_session.MOST_UPTIMES + 1):
            run = session.run(SCENARIO, load_profile("tinker-0.5.1"))
            assert run.fault is None, str(run.fault)
            assert [event.at for event in run.timeline if isinstance(event, Outcome)] == [1.0]
        assert session._process.current is not first
    finally:
        session.close()
