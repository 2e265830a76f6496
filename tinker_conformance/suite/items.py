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
from tinker_conformance.known_failures.excuses import KnownFailures
from tinker_conformance.known_failures.options import excuses
from tinker_conformance.known_failures.reading import KnownFailuresError
from tinker_conformance.library import shipped_scenarios
from tinker_conformance.report.pytest_report import RESULT, START
from tinker_conformance.report.recording import result_record, start_record
from tinker_conformance.report.records import encode
from tinker_conformance.requirements import Level, Requirement, in_chapter
from tinker_conformance.requirements.as_of import AsOfError, asked_of
from tinker_conformance.sdk.kit_clock import SdkClock
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import open_sdk
from tinker_conformance.visible import visible, visible_lines

_RUN: Final = pytest.StashKey["ConformanceRun"]()
_PROBLEM: Final = pytest.StashKey[pytest.UsageError]()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A module of the suite holds one; the plugin makes its items."""

    name: str


@dataclass(frozen=True, slots=True)
class ConformanceRun:
    """What the items of a session share.

    Attributes:
        judge: Judges the SDK.
        asked: The requirements of the profile, held at a version of the kit if that is wanted.
        known: What is known to fail.
        as_of: That version, or None.
        strict: Whether quirks count.
    """

    judge: Judge
    asked: tuple[Requirement, ...]
    known: KnownFailures
    as_of: str | None
    strict: bool

    def records(self, judgement: Judgement, session: pytest.Session) -> dict[str, str]:
        """The records of a result and of the session, for whoever writes a report."""
        selected = [item.required for item in session.items if isinstance(item, RequirementItem)]
        start = start_record(
            self.judge.sdk, self.judge.profile, selected, strict=self.strict, as_of=self.as_of
        )
        result = result_record(judgement, self.judge.sdk.spec, self.judge.profile.name)
        return {START: encode(start).decode(), RESULT: encode(result).decode()}


class RequirementFailure(Exception):  # noqa: N818 - pytest shows its text
    """A requirement does not hold."""


def items_of(collector: pytest.Module, chapter: Chapter) -> Iterator[RequirementItem]:
    """The items of a chapter: the requirements that hold for the profile."""
    run = _run(collector.config)
    for required in in_chapter(chapter.name):
        if required in run.asked:
            yield RequirementItem.from_parent(collector, name=required.id, required=required, run=run)


class RequirementItem(pytest.Item):
    """One requirement, asked of the SDK under test."""

    def __init__(self, *, required: Requirement, run: ConformanceRun, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type] # pytest's own keywords, passed through
        self.required = required
        self.run = run
        self.judge = run.judge
        self.conformance_records: dict[str, str] = {}
        self.user_properties += [("requirement", required.id), ("level", required.level.value)]

    def runtest(self) -> None:
        """Judges the requirement."""
        try:
            judgement = self.run.known.applied(self.judge.judge(self.required))
        except AdapterLostError as error:
            self.session.shouldstop = str(error)
            raise RequirementFailure(visible_lines(str(error))) from error
        self.conformance_records = self.run.records(judgement, self.session)
        self.user_properties += [("since", self.required.since), ("verdict", judgement.verdict.value)]
        match judgement.verdict:
            case Verdict.PASSED:
                return
            case Verdict.KNOWN_FAILURE:
                pytest.xfail(judgement.note)
            case Verdict.NOT_CLAIMED:
                pytest.skip(f"not claimed: {judgement.note}")
            case Verdict.FAILED if self.required.level is Level.QUIRK and not self.run.strict:
                pytest.xfail(visible(f"quirk: {_first(judgement)}"))
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


def _run(config: pytest.Config) -> ConformanceRun:
    """The run of a session; each module asks, and where it cannot be had all are told the same."""
    if _PROBLEM in config.stash:
        raise config.stash[_PROBLEM]
    if _RUN not in config.stash:
        try:
            config.stash[_RUN] = _opened(config)
        except pytest.UsageError as error:
            config.stash[_PROBLEM] = error
            raise
        config.add_cleanup(config.stash[_RUN].judge.close)
    return config.stash[_RUN]


def _opened(config: pytest.Config) -> ConformanceRun:
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
        return _prepared(config, sdk)
    except (UsageProblem, AsOfError, KnownFailuresError) as error:
        sdk.close()
        raise pytest.UsageError(str(error)) from error


def _prepared(config: pytest.Config, sdk: SdkSession) -> ConformanceRun:
    profile = choose_profile(config.getoption("--profile"), sdk.info)
    as_of = config.getoption("--as-of")
    asked = asked_of(profile, as_of)
    names = (config.getoption(name) for name in ("--known-failures", "--record-known-failures"))
    file, recorded = (None if name is None else Path(name) for name in names)
    known = excuses(file, recorded, asked, sdk.info.version)
    judge = Judge(sdk, lambda: open_sdk("reference"), profile, shipped_scenarios())
    return ConformanceRun(judge, asked, known, as_of, config.getoption("--strict-quirks"))
