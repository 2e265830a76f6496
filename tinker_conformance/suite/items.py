"""The pytest items of the suite: one a requirement, named by its id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.judging.choice import UsageProblem, choose_profile
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import AdapterLostError, Judge, Judgement, Verdict
from tinker_conformance.library import shipped_scenarios
from tinker_conformance.requirements import Level, Requirement, in_chapter
from tinker_conformance.sdk.kit_clock import SdkClock
from tinker_conformance.sdk.spec import open_sdk

_JUDGE: Final = pytest.StashKey[Judge]()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A module of the suite holds one; the plugin makes its items."""

    name: str


class RequirementFailure(Exception):  # noqa: N818 - pytest shows its text
    """A requirement does not hold."""


def items_of(collector: pytest.Module, chapter: Chapter) -> Iterator[RequirementItem]:
    """The items of a chapter: the requirements that hold for the profile."""
    judge = _judge(collector.config)
    for required in in_chapter(chapter.name):
        if required.holds(judge.profile):
            yield RequirementItem.from_parent(collector, name=required.id, required=required, judge=judge)


class RequirementItem(pytest.Item):
    """One requirement, asked of the SDK under test."""

    def __init__(self, *, required: Requirement, judge: Judge, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type] # pytest's own keywords, passed through
        self.required = required
        self.judge = judge
        self.user_properties += [("requirement", required.id), ("level", required.level.value)]

    def runtest(self) -> None:
        """Judges the requirement."""
        try:
            judgement = self.judge.judge(self.required)
        except AdapterLostError as error:
            self.session.shouldstop = str(error)
            raise RequirementFailure(str(error)) from error
        match judgement.verdict:
            case Verdict.PASSED:
                return
            case Verdict.NOT_CLAIMED:
                pytest.skip(f"not claimed: {judgement.note}")
            case Verdict.FAILED if self.required.level is Level.QUIRK:
                pytest.xfail(f"quirk: {_first(judgement)}")
            case _:
                raise RequirementFailure(explain(judgement, self.judge.sdk.spec, self.judge.profile.name))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The explanation alone: a trace of the kit's own frames would help nobody."""
        if isinstance(excinfo.value, RequirementFailure):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item stands, and its name."""
        return self.path, None, self.name


def _first(judgement: Judgement) -> str:
    return str(judgement.mismatches[0]) if judgement.mismatches else judgement.note


def _judge(config: pytest.Config) -> Judge:
    if _JUDGE not in config.stash:
        spec = config.getoption("--sdk")
        if spec is None:
            raise pytest.UsageError(
                "the conformance suite needs an SDK: add --sdk reference, --sdk official==0.6.3, "
                "--sdk python:package.module:Adapter or --sdk exec:COMMAND"
            )
        try:
            clock = config.getoption("--clock")
            sdk = open_sdk(spec, clock=None if clock is None else SdkClock(clock))
        except (ValueError, RuntimeError) as error:
            raise pytest.UsageError(str(error)) from error
        try:
            profile = choose_profile(config.getoption("--profile"), sdk.info)
        except UsageProblem as error:
            sdk.close()
            raise pytest.UsageError(str(error)) from error
        judge = Judge(sdk, lambda: open_sdk("reference"), profile, shipped_scenarios())
        config.stash[_JUDGE] = judge
        config.add_cleanup(judge.close)
    return config.stash[_JUDGE]
