"""The pytest items of the suite: one per requirement, named by its id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Generic, TypeGuard

import pytest

from tinker_conformance.error_families import SdkError, ServerUnderTestError
from tinker_conformance.requirements import Requirement, in_chapter
from tinker_conformance.suite.chapter import FOLLOWING, RECORDS, Chapter
from tinker_conformance.suite.conformance_run import ConformanceRun
from tinker_conformance.suite.open_run import OpenRun, R
from tinker_conformance.suite.outlets import fail, stop, usage_error
from tinker_conformance.suite.pytest_options import (
    AS_OF,
    KNOWN_FAILURES,
    PROFILE,
    SDK,
    STRICT_QUIRKS,
    is_set,
    text_of,
    with_free_names,
)
from tinker_conformance.suite.pytest_run import end_test, opened_for, records, request_of

_NO_SDK: Final = (
    "the conformance suite needs an SDK: add --sdk reference, --sdk official==0.6.3, "
    "--sdk python:package.module:Adapter or --sdk exec:COMMAND"
)
_RUN: Final = pytest.StashKey[ConformanceRun]()


def items_of(collector: pytest.Module, chapter: Chapter) -> Iterator[RequirementItem[Requirement]]:
    """Yield one item for each requirement of a chapter that holds for the profile.

    Raises:
        pytest.UsageError: If the options name no usable SDK, profile, file or version.
    """
    run = _run(collector.config)
    for required in in_chapter(chapter.name):
        if required in run.asked:
            yield item_of(collector, required, run)


def item_of(collector: pytest.Module, required: R, run: OpenRun[R]) -> RequirementItem[R]:
    """Return the item of one requirement, with a node id that ``pytest --pyargs`` accepts.

    Left to itself, pytest shortens the node ids of files outside its root folder, sometimes to nothing.
    """
    outside = not collector.path.is_relative_to(collector.config.rootpath)
    named = {"nodeid": f"{collector.obj.__name__}::{required.id}"} if outside else {}
    return RequirementItem.from_parent(collector, name=required.id, required=required, run=run, **named)


class RequirementItem(pytest.Item, Generic[R]):
    """The pytest item that judges the SDK or server under test by one requirement."""

    def __init__(self, *, required: R, run: OpenRun[R], **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type] # pytest's own keywords, passed through
        self.required = required
        self.run = run
        self.stash[FOLLOWING] = None
        self.user_properties += [("requirement", required.id), ("level", required.level.value)]

    def runtest(self) -> None:
        """Judge the requirement.

        Raises:
            pytest.fail.Exception: If the requirement does not hold, or the SDK or server does not answer any
                more.
        """
        following = self.stash[FOLLOWING]
        then = (following.required,) if self._is_sibling(following) else ()
        try:
            judgement = self.run.ask(self.required, then)
        except (SdkError, ServerUnderTestError) as error:
            stop(self.session, str(error))
            fail(str(error))
        selected = [item.required for item in self.session.items if self._is_sibling(item)]
        self.stash[RECORDS] = records(self.run, judgement, selected)
        self.user_properties += [("since", self.required.since), ("verdict", judgement.verdict.value)]
        end_test(self.run, judgement)

    def _is_sibling(self, item: pytest.Item | None) -> TypeGuard[RequirementItem[R]]:
        return isinstance(item, RequirementItem) and item.run is self.run

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """Return the explanation without a traceback, which would only show the kit's own frames."""
        if isinstance(excinfo.value, pytest.fail.Exception):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the path of the module, no line number, and the heading of a failure.

        The heading differs from the end of the node id, because `pytest -v` would replace dots in an equal
        one.
        """
        return self.path, None, f"requirement {self.name}"


def _run(config: pytest.Config) -> ConformanceRun:
    """Return the conformance run of the pytest session; the first call opens the run."""
    if _RUN not in config.stash:
        config.stash[_RUN] = _opened(config)
        config.add_cleanup(config.stash[_RUN].close)
    return config.stash[_RUN]


def _opened(config: pytest.Config) -> ConformanceRun:
    spec, known = text_of(config, SDK), text_of(config, KNOWN_FAILURES)
    if spec is None:
        raise usage_error(with_free_names(_NO_SDK, config))
    return opened_for(
        config,
        request_of(
            config,
            spec,
            profile=text_of(config, PROFILE),
            known=None if known is None else Path(known),
            as_of=text_of(config, AS_OF),
            strict=is_set(config, STRICT_QUIRKS),
        ),
    )
