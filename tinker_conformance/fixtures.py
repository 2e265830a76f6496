"""The pytest fixtures for downstream suites; `docs/reference/fixtures.md` describes them.

This module imports nothing slow; each fixture imports what it needs. All names begin with `fake_tinker`,
because fixture names are global across plugins. You can override `fake_tinker_options`, `fake_tinker_sdk` and
`fake_tinker_profile`, but not the others.
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
    "fake_tinker_tokenizers",
    "fake_tinker_warnings",
]

_CLOCK: Final = pytest.StashKey["FakeTinkerClock"]()
_TRANSPORT: Final = pytest.StashKey[str]()
_FAILED: Final = pytest.StashKey[bool]()
_OUTCOMES: Final = "tinker-conformance-outcomes"


class _Outcomes:
    """A pytest plugin that notes which tests failed, so that their fixtures report no second error."""

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is not None:
            item.stash[_FAILED] = True


@pytest.fixture
def fake_tinker_options() -> FakeTinkerOptions:
    """Return the settings of the other fixtures. Override it to change them for a module or a suite."""
    from tinker_conformance.downstream.options import FakeTinkerOptions  # noqa: PLC0415 - see the module

    return FakeTinkerOptions()


@pytest.fixture
def fake_tinker_clock(
    request: pytest.FixtureRequest, fake_tinker_options: FakeTinkerOptions
) -> Iterator[FakeTinkerClock]:
    """Freeze the clocks of this process; `advance` steps of a script move them, and so does `advance()`."""
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
    """Provide a fake Tinker in this process, for every httpx client that sends requests to its `url`."""
    from tinker_conformance.downstream.faking import reached_in_process  # noqa: PLC0415 - see the module

    with _prepared(request, fake_tinker_options, "fake_tinker") as tinker, reached_in_process(tinker):
        yield tinker


@pytest.fixture
def fake_tinker_server(
    request: pytest.FixtureRequest, fake_tinker_options: FakeTinkerOptions
) -> Iterator[ReachableTinker]:
    """Provide a fake Tinker on a loopback port, for clients in any process that use its `url`."""
    from tinker_conformance.downstream.faking import reached_on_a_socket  # noqa: PLC0415 - see the module

    with _prepared(request, fake_tinker_options, "fake_tinker_server") as tinker, reached_on_a_socket(tinker):
        yield tinker


@pytest.fixture
def fake_tinker_tokenizers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a tokenizer for each base model that the fake lists, and let `get_tokenizer()` find it offline.

    Returns:
        The cache folder, which ``HF_HOME`` names for this process and those that it starts.
    """
    from tinker_conformance.downstream.tokenizer_cache import found_tokenizers  # noqa: PLC0415 - see the module

    return found_tokenizers(tmp_path / "fake-tinker-tokenizers", monkeypatch)


@pytest.fixture
def fake_tinker_warnings() -> Iterator[QueueWarnings]:
    """Collect the queue-state warnings that are logged during the test, parsed into their parts."""
    from tinker_conformance.downstream.queue_warnings import captured_warnings  # noqa: PLC0415 - see the module

    with captured_warnings() as warnings:
        yield warnings


@pytest.fixture(scope="class")
def fake_tinker_sdk(request: pytest.FixtureRequest) -> str:
    """Return the SPEC of the SDK that a `QueueStateConformance` class judges: its attribute `sdk`."""
    spec = getattr(request.cls, "sdk", None)
    if not isinstance(spec, str):
        raise pytest.UsageError(
            f'{request.cls} names no SDK; write sdk = "python:package.module:Adapter" in it'
        )
    return spec


@pytest.fixture(scope="class")
def fake_tinker_profile(request: pytest.FixtureRequest) -> str | None:
    """Return the profile to judge the SDK by. Default: the attribute `profile` of the class.

    None means the profile of `--profile`, or else the one that the adapter names.
    """
    profile: str | None = getattr(request.cls, "profile", None)
    return profile


@pytest.fixture(scope="class")
def fake_tinker_judge(request: pytest.FixtureRequest) -> Iterator[ConformanceRun]:
    """Provide the run that judges the SDK of a `QueueStateConformance` class; do not override it."""
    problem, run = "", None
    try:
        run = _opened(request)
    except pytest.UsageError as error:
        problem = str(error)
    if run is None:
        # Report one mistake as one error, not one per requirement: skip the other tests of the class.
        request.config.pluginmanager.register(_Unjudged(request.node, problem))
        pytest.fail(problem, pytrace=False)
    try:
        yield run
    finally:
        run.judge.close()


def _opened(request: pytest.FixtureRequest) -> ConformanceRun:
    from tinker_conformance.suite.pytest_run import opened_for, request_of  # noqa: PLC0415 - see the module

    config, own = request.config, request.cls
    # Joining an absolute path keeps it unchanged.
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
    """A pytest plugin that skips the tests of a class whose SDK cannot start; one test reports the error."""

    def __init__(self, node: pytest.Collector | pytest.Item, problem: str) -> None:
        self._node = node
        self._problem = problem
        # The value is "nodeid (phase)", as pytest documents. A rerun of that test must fail again.
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
    request: pytest.FixtureRequest, options: FakeTinkerOptions, transport: str
) -> Iterator[ReachableTinker]:
    from tinker_conformance.downstream.reachable_tinker import ReachableTinker  # noqa: PLC0415 - see the module

    stash = request.node.stash
    if (other := stash.get(_TRANSPORT, None)) is not None:
        raise pytest.UsageError(
            f"{request.node.nodeid} asks for {other} and {transport}; use one of them per test"
        )
    # Set up first and torn down last: the fake reads the frozen clock.
    if "fake_tinker_clock" in request.fixturenames:
        request.getfixturevalue("fake_tinker_clock")
    plugins = request.config.pluginmanager
    if not plugins.has_plugin(_OUTCOMES):
        plugins.register(_Outcomes(), _OUTCOMES)
    # Plugins that rerun a failed test reuse the same item.
    stash[_TRANSPORT], stash[_FAILED] = transport, False
    tinker = ReachableTinker(options, lambda: stash.get(_CLOCK, None), request.node.nodeid)
    try:
        yield tinker
    finally:
        del stash[_TRANSPORT]
    if options.verify and not stash[_FAILED]:
        tinker.verify()
