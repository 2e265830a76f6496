"""The pytest fixtures for downstream suites: what `docs/reference/fixtures.md` describes.

Imports nothing heavy: what a fixture needs is loaded when a test asks for it. All names begin with
`fake_tinker`, because fixture names are global across plugins. `fake_tinker_options`, `fake_tinker_sdk` and
`fake_tinker_profile` are there to be overridden, the others are not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tinker_conformance.suite.pytest_options import (
    AS_OF,
    KNOWN_FAILURES,
    PROFILE,
    STRICT_QUIRKS,
    is_set,
    text_of,
)

if TYPE_CHECKING:
    from tinker_conformance.downstream.clock import FakeTinkerClock
    from tinker_conformance.downstream.options import FakeTinkerOptions
    from tinker_conformance.downstream.queue_warnings import QueueWarnings
    from tinker_conformance.downstream.reachable_tinker import ReachableTinker
    from tinker_conformance.suite.conformance_run import ConformanceRun

__all__ = [
    "fake_tinker",
    "fake_tinker_clock",
    "fake_tinker_judge",
    "fake_tinker_options",
    "fake_tinker_profile",
    "fake_tinker_sdk",
    "fake_tinker_server",
    "fake_tinker_warnings",
]

_CLOCK: Final = pytest.StashKey["FakeTinkerClock"]()
_FACE: Final = pytest.StashKey[str]()
_FAILED: Final = pytest.StashKey[bool]()
_OUTCOMES: Final = "tinker-conformance-outcomes"


class _Outcomes:
    """Notes which test failed, so that its fixtures do not complain on top; registered when first needed."""

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is not None:
            item.stash[_FAILED] = True


@pytest.fixture
def fake_tinker_options() -> FakeTinkerOptions:
    """Settings of the other fixtures. Override it to change them for a module or a suite."""
    from tinker_conformance.downstream.options import FakeTinkerOptions  # noqa: PLC0415 - see the module

    return FakeTinkerOptions()


@pytest.fixture
def fake_tinker_clock(
    request: pytest.FixtureRequest, fake_tinker_options: FakeTinkerOptions
) -> Iterator[FakeTinkerClock]:
    """The frozen clock of the process; scripts move it by their `advance` steps, a test by `advance()`."""
    from tinker_conformance.downstream.clock import frozen_clock  # noqa: PLC0415 - see the module

    with frozen_clock(fake_tinker_options.epoch) as clock:
        request.node.stash[_CLOCK] = clock
        try:
            yield clock
        finally:
            del request.node.stash[_CLOCK]


@pytest.fixture
def fake_tinker(
    request: pytest.FixtureRequest, fake_tinker_options: FakeTinkerOptions
) -> Iterator[ReachableTinker]:
    """A fake Tinker in this process: every httpx client that asks its `url` meets it."""
    from tinker_conformance.downstream.faking import reached_in_process  # noqa: PLC0415 - see the module

    with _prepared(request, fake_tinker_options, "fake_tinker") as tinker, reached_in_process(tinker):
        yield tinker


@pytest.fixture
def fake_tinker_server(
    request: pytest.FixtureRequest, fake_tinker_options: FakeTinkerOptions
) -> Iterator[ReachableTinker]:
    """A fake Tinker on a loopback port: any client of this process or another one can ask its `url`."""
    from tinker_conformance.downstream.faking import reached_on_a_socket  # noqa: PLC0415 - see the module

    with _prepared(request, fake_tinker_options, "fake_tinker_server") as tinker, reached_on_a_socket(tinker):
        yield tinker


@pytest.fixture
def fake_tinker_warnings() -> Iterator[QueueWarnings]:
    """The queue-state warnings that are logged during the test, taken apart."""
    from tinker_conformance.downstream.queue_warnings import captured_warnings  # noqa: PLC0415 - see the module

    with captured_warnings() as warnings:
        yield warnings


@pytest.fixture(scope="class")
def fake_tinker_sdk(request: pytest.FixtureRequest) -> str:
    """Return the SPEC that a `QueueStateConformance` class judges: its attribute `sdk`, unless overridden."""
    spec = getattr(request.cls, "sdk", None)
    if not isinstance(spec, str):
        raise pytest.UsageError(
            f'{request.cls} names no SDK; write sdk = "python:package.module:Adapter" in it'
        )
    return spec


@pytest.fixture(scope="class")
def fake_tinker_profile(request: pytest.FixtureRequest) -> str | None:
    """Return the profile to judge it by: its attribute `profile`, unless overridden.

    None stands for what `--profile` says, and then for what the adapter names.
    """
    profile: str | None = getattr(request.cls, "profile", None)
    return profile


@pytest.fixture(scope="class")
def fake_tinker_judge(request: pytest.FixtureRequest) -> Iterator[ConformanceRun]:
    """What judges the SDK of a class; never overridden."""
    problem, run = "", None
    try:
        run = _opened(request)
    except pytest.UsageError as error:
        problem = str(error)
    if run is None:
        # One mistake is one error, not one for each requirement: the other tests of the class are skipped.
        request.config.pluginmanager.register(_Unjudged(request.node, problem))
        pytest.fail(problem, pytrace=False)
    try:
        yield run
    finally:
        run.judge.close()


def _opened(request: pytest.FixtureRequest) -> ConformanceRun:
    from tinker_conformance.suite.pytest_run import opened_for, request_of  # noqa: PLC0415 - see the module

    config, own = request.config, request.cls
    # pathlib keeps an absolute path as it is.
    beside = own.known_failures and request.path.parent / own.known_failures
    known = beside or text_of(config, KNOWN_FAILURES)
    return opened_for(
        config,
        request_of(
            config,
            request.getfixturevalue("fake_tinker_sdk"),
            profile=request.getfixturevalue("fake_tinker_profile") or text_of(config, PROFILE),
            known=None if known is None else Path(known),
            as_of=own.as_of or text_of(config, AS_OF),
            strict=own.strict or is_set(config, STRICT_QUIRKS),
        ),
    )


class _Unjudged:
    """Skips the tests of a class whose SDK cannot be judged, but for the one that reports the error."""

    def __init__(self, node: pytest.Collector | pytest.Item, problem: str) -> None:
        self._node = node
        self._problem = problem
        # "nodeid (phase)", documented. A plugin may run that test again: it has to fail again.
        self._reporting = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if (
            isinstance(item, pytest.Function)
            and item.getparent(pytest.Class) is self._node
            and "fake_tinker_judge" in item.fixturenames
            and item.nodeid != self._reporting
        ):
            pytest.skip(f"not judged, see the error of {self._reporting}: {self._problem}")


@contextlib.contextmanager
def _prepared(
    request: pytest.FixtureRequest, options: FakeTinkerOptions, face: str
) -> Iterator[ReachableTinker]:
    from tinker_conformance.downstream.reachable_tinker import ReachableTinker  # noqa: PLC0415 - see the module

    stash = request.node.stash
    if (other := stash.get(_FACE, None)) is not None:
        raise pytest.UsageError(
            f"{request.node.nodeid} asks for {other} and {face}; a test takes one of them"
        )
    # First set up, last torn down: a frozen clock outlives what reads it.
    if "fake_tinker_clock" in request.fixturenames:
        request.getfixturevalue("fake_tinker_clock")
    plugins = request.config.pluginmanager
    if not plugins.has_plugin(_OUTCOMES):
        plugins.register(_Outcomes(), _OUTCOMES)
    # A plugin that runs a failed test again does so with the same item.
    stash[_FACE], stash[_FAILED] = face, False
    tinker = ReachableTinker(options, lambda: stash.get(_CLOCK, None))
    try:
        yield tinker
    finally:
        del stash[_FACE]
    if options.verify and not stash[_FAILED]:
        tinker.verify()
