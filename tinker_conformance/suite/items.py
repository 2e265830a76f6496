"""The pytest items of the suite: one a requirement, named by its id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.judging.side_by_side import AdapterLostError
from tinker_conformance.judging.visible_text import visible_lines
from tinker_conformance.requirements import Requirement, in_chapter
from tinker_conformance.suite.conformance_run import ConformanceRun, RequirementFailure, open_run

_RUN: Final = pytest.StashKey[ConformanceRun]()
_PROBLEM: Final = pytest.StashKey[pytest.UsageError]()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A module of the suite holds one; the plugin makes its items."""

    name: str


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
        self.following: pytest.Item | None = None
        self.conformance_records: dict[str, str] = {}
        self.user_properties += [("requirement", required.id), ("level", required.level.value)]

    def runtest(self) -> None:
        """Judges the requirement."""
        then = (self.following.required,) if isinstance(self.following, RequirementItem) else ()
        try:
            judgement = self.run.ask(self.required, then)
        except AdapterLostError as error:
            self.session.shouldstop = str(error)
            raise RequirementFailure(visible_lines(str(error))) from error
        selected = [item.required for item in self.session.items if isinstance(item, RequirementItem)]
        self.conformance_records = self.run.records(judgement, selected)
        self.user_properties += [("since", self.required.since), ("verdict", judgement.verdict.value)]
        self.run.conclude(judgement)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The explanation alone: a trace of the kit's own frames would help nobody."""
        if isinstance(excinfo.value, RequirementFailure):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item stands, and its name."""
        return self.path, None, self.name


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
    known = config.getoption("--known-failures")
    return open_run(
        config,
        spec,
        profile=config.getoption("--profile"),
        known=None if known is None else Path(known),
        as_of=config.getoption("--as-of"),
        strict=config.getoption("--strict-quirks"),
    )
