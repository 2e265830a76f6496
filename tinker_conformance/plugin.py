"""The pytest plugin: options, and the items of the suite.

It imports nothing heavy until the suite is collected or a fixture is used, and asks nothing of runs that have
nothing to do with it. `tinker_conformance.suite.autoload` registers it.

PYTEST_DONT_REWRITE: a run in a process that has imported this module already must not be warned.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tinker_conformance._fake_server import ForeignFakeServerError, check_fake_server
from tinker_conformance.fixtures import *  # noqa: F403 - pytest finds fixtures in the modules that it knows
from tinker_conformance.suite.chapter import FOLLOWING, RECORDS, Chapter
from tinker_conformance.suite.pytest_options import (
    RECORD_KNOWN_FAILURES,
    REPORT,
    add_options,
    add_short_names,
    text_of,
    with_long_names,
)
from tinker_conformance.suite.usage import note_problem, raise_problem, raise_problem_of_worker

if TYPE_CHECKING:
    from tinker_conformance.suite.pytest_report import Reporter


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options of the suite under their own names."""
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None]:
    """Register the short names that are used and free, once every plugin and conftest has its options."""
    yield
    add_short_names(early_config, parser, args)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Gather results, once there are any; workers of pytest-xdist only send them."""
    if hasattr(config, "workerinput"):
        return
    results = _Results(config)
    config.pluginmanager.register(results, "tinker-conformance-results")
    # pytest's own JUnit XML is directed there before its plugin is configured.
    if text_of(config, REPORT) is not None:
        results.prepare()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Name our options in full where pytest cannot collect because another plugin owns a short name."""
    try:
        return (yield)
    except pytest.UsageError as error:
        raise with_long_names(error, session.config) from error


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """End the session at the first mistake in how the suite was started, with that one message."""
    report = yield
    if report.failed:
        raise_problem(collector.session)
    return report


class _Results:
    """Hands over to the reporter, which is loaded for the first result: unrelated runs have none."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._prepared = False

    def prepare(self) -> Reporter:
        from tinker_conformance.suite.pytest_report import REPORTER, Reporter, directs_junit  # noqa: PLC0415

        self._prepared = True
        names = (text_of(self._config, option) for option in (REPORT, RECORD_KNOWN_FAILURES))
        folder, recorded = (None if name is None else Path(name) for name in names)
        if folder is not None:
            directs_junit(self._config, folder)
        reporter = Reporter(folder, recorded)
        self._config.pluginmanager.register(reporter, REPORTER)
        return reporter

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not self._prepared and hasattr(report, "tinker_conformance_result"):
            # What is registered during a call is called from the next one on.
            self.prepare().pytest_runtest_logreport(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        raise_problem_of_worker(getattr(node, "workeroutput", None) or {})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tell a requirement what is run next in this process: its scenarios can begin meanwhile."""
    if FOLLOWING in item.stash:
        item.stash[FOLLOWING] = nextitem


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report of a requirement carry what was measured."""
    report = yield
    records = item.stash.get(RECORDS, None)
    if call.when == "call" and records is not None:
        vars(report).update(records)
    return report


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Iterable[pytest.Item] | None:
    """Make one item of each requirement of a `Chapter`; leave other objects to pytest.

    Raises:
        pytest.UsageError: The suite cannot be run as it was started.
    """
    # `isinstance` would ask the object for its class, and some proxies raise then.
    if type(obj) is not Chapter or not isinstance(collector, pytest.Module):
        return None
    try:
        check_fake_server()
        from tinker_conformance.suite.items import items_of  # noqa: PLC0415 - heavy, and rarely needed

        return list(items_of(collector, obj))
    except (pytest.UsageError, ForeignFakeServerError) as error:
        note_problem(collector.config, error)
        raise
