"""`tinker-conformance run` with verdicts made up: what comes after judging is real, and nothing waits.

As a program, it is `tinker-conformance` with the verdict of each requirement as JSON in `FAKE_VERDICTS`. With
`FAKE_FILE_LIMIT`, no file may be larger than that many bytes once the run has begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast
from unittest import mock

from tinker_conformance.checks.case import Mismatch
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.commands import run as run_module
from tinker_conformance.generated.judged_scripts import ScriptJudgement
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import Requirement, requirement
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.suite.conformance_run import ConformanceRun

NAME = "sdk ✓ \x1b[31m中"
"""No encoding but UTF-8 has all of it, and no terminal should be given the rest."""


class FakeSdk:
    spec = "reference"
    info = AdapterInfo(name=NAME, version="1 …")
    clock = SdkClock.FROZEN

    def close(self) -> None: ...


@dataclass(frozen=True)
class Judged:
    """The prepared result of a run, instead of judging.

    Attributes:
        verdicts: By requirement; these are asked, in this order.
        scripts: What came of scripts, or None where there are none.
        stale: Sentences about entries of known failures.
        raised: Raised in place of the last verdict.
        meanwhile: Called before each verdict.
    """

    verdicts: Mapping[str, Verdict]
    scripts: ScriptJudgement | None = None
    stale: tuple[str, ...] = ()
    raised: BaseException | None = None
    meanwhile: Callable[[], object] = lambda: None

    def judge(self, required: Requirement, _then: object = ()) -> Judgement:
        self.meanwhile()
        if self.raised is not None and required.id == list(self.verdicts)[-1]:
            raise self.raised
        verdict = self.verdicts[required.id]
        wrong = (Mismatch(required.scenarios[0], 0.0, "✓ 中", "✗ \x1b[0m"),)
        mismatches = wrong if verdict in {Verdict.FAILED, Verdict.KNOWN_FAILURE} else ()
        return Judgement(required, verdict, mismatches, note="said of it ✗")

    sdk: ClassVar[FakeSdk] = FakeSdk()
    profile: ClassVar[Profile] = load_profile("tinker-0.5.1")

    def close(self) -> None: ...

    def kill(self) -> None: ...

    def applied(self, judgement: Judgement) -> Judgement:
        return judgement

    def stale_sentences(self, _judged: object) -> Iterator[str]:
        return iter(self.stale)


@contextlib.contextmanager
def judging(judged: Judged) -> Iterator[None]:
    """Makes `run` find this."""
    asked = tuple(map(requirement, judged.verdicts))
    known = mock.Mock(applied=judged.applied, stale=judged.stale_sentences)
    replaced: dict[str, Any] = {
        "open_run": lambda checked, _report: ConformanceRun(
            checked.request, cast("Judge", judged), asked, known
        ),
        "drawn_scripts": lambda *_, **__: () if judged.scripts is None else ("a script",),
        "judged_scripts": lambda *_, **__: judged.scripts,
    }
    with contextlib.ExitStack() as patches:
        for name, value in replaced.items():
            patches.enter_context(mock.patch.object(run_module, name, value))
        yield


def arguments(*more: str) -> Sequence[str]:
    return ["run", "--sdk", "reference", "--profile", "tinker-0.5.1", *more]


def main() -> None:
    from tinker_conformance.__main__ import main as program

    verdicts = json.loads(os.environ["FAKE_VERDICTS"])
    limit = int(os.environ.get("FAKE_FILE_LIMIT", "0"))

    def meanwhile() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    judged = Judged({name: Verdict(verdict) for name, verdict in verdicts.items()}, meanwhile=meanwhile)
    with judging(judged):
        program()


if __name__ == "__main__":
    main()
