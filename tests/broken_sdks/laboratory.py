"""Judge broken SDKs, all in one worker process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.support.shared_runs import SharedRuns
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import REQUIREMENTS, Requirement
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.in_process.worker_session import WorkerSession
from tinker_conformance.sdk.session import SdkSession

from .declaration import BrokenSdk
from .left_out import ChecksLeftOut
from .needed_runs import UnbrokenRuns, needed_runs
from .switch import OneOfThem

TESTS: Final = Path(__file__).parents[1]


def worker_session(spec: str) -> WorkerSession:
    """Start a worker process that can import this package."""
    command = [sys.executable, "-m", "tinker_conformance.sdk.in_process.worker", spec]
    return WorkerSession(spec, command, environment={**os.environ, "PYTHONPATH": str(TESTS)})


class Laboratory:
    """Judges many SDKs with one worker process."""

    def __init__(self, shared_runs: SharedRuns) -> None:
        self._worker = worker_session("python:broken_sdks.switch:Switch")
        self._reference = shared_runs.reference()
        unbroken = "python:broken_sdks.noted_use:NotesUse"
        self.unbroken_runs = UnbrokenRuns(shared_runs.other(unbroken, lambda: worker_session(unbroken)))

    def close(self) -> None:
        self._worker.close()

    def judge(self, sdk: BrokenSdk, asked: Iterable[Requirement]) -> Mapping[str, Judgement]:
        """Judge an SDK by some of the requirements that hold for its profile."""
        return self._judge(self._session(sdk), sdk, asked)

    def judge_by_needed_runs(self, sdk: BrokenSdk, asked: Iterable[Requirement]) -> Mapping[str, Judgement]:
        """Judge as `judge` does, but leave out the scenarios in which the fault cannot show (`needed_runs`).

        To know them costs a run of each scenario, which is worth it where all requirements are judged.
        """
        return self._judge(needed_runs(self._session(sdk), sdk, self.unbroken_runs), sdk, asked)

    def judge_in_every_scenario(
        self, sdk: BrokenSdk, asked: Iterable[Requirement]
    ) -> tuple[Mapping[str, Judgement], Sequence[str]]:
        """Judge as `judge` does, and compare the runs that `judge_by_needed_runs` leaves out.

        Returns:
            The judgements, and the ids of the scenarios that it leaves out although the run differs.
        """
        session = self._session(sdk)
        checked = ChecksLeftOut(session, needed_runs(session, sdk, self.unbroken_runs))
        return self._judge(checked, sdk, asked), checked.different

    def _session(self, sdk: BrokenSdk) -> OneOfThem:
        return OneOfThem(self._worker, sdk.name)

    def _judge(
        self, session: SdkSession, sdk: BrokenSdk, asked: Iterable[Requirement]
    ) -> Mapping[str, Judgement]:
        judge = Judge(session, lambda: self._reference, load_profile(sdk.under), shipped_scenarios())
        try:
            return {required.id: judge.judge(required) for required in asked}
        finally:
            judge.close()


def asked_under(profile: str) -> tuple[Requirement, ...]:
    """Return the requirements of every level that hold for a profile."""
    loaded = load_profile(profile)
    return tuple(r for r in REQUIREMENTS if r.holds(loaded))


def broken(judgements: Mapping[str, Judgement]) -> frozenset[str]:
    """Return the ids of the requirements that failed."""
    return frozenset(name for name, j in judgements.items() if j.verdict is Verdict.FAILED)


def unclear(judgements: Mapping[str, Judgement]) -> dict[str, str]:
    """Return the ids of the requirements that neither passed nor failed, and why."""
    clear = (Verdict.PASSED, Verdict.FAILED)
    return {name: j.note for name, j in judgements.items() if j.verdict not in clear}
