"""The pytest plugin: the options, the fixtures, and the items of the suite.

The plugin imports nothing slow until the suite is collected or a fixture is used, and changes no other pytest
run. `tinker_conformance.suite.autoload` registers the plugin.

PYTEST_DONT_REWRITE: avoids a warning in a process that has already imported this module.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tinker_conformance._fake_server import check_fake_server
from tinker_conformance.fixtures import *  # noqa: F403 - pytest finds fixtures in the modules that it knows
from tinker_conformance.server.suite.server_chapter import ServerChapter
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
    """Register the options of the suite under their long names."""
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None]:
    """Register the short options, such as `--sdk`, that are used and that no other plugin has registered."""
    yield
    add_short_names(early_config, parser, args)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the reporter that collects all results; workers of pytest-xdist only send theirs to it."""
    if hasattr(config, "workerinput"):
        return
    results = _Results(config)
    config.pluginmanager.register(results, "tinker-conformance-results")
    # Redirect pytest's own JUnit XML before its plugin is configured.
    if text_of(config, REPORT) is not None:
        results.prepare()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Add the long options to a collection error that arose because another plugin owns a short name."""
    try:
        return (yield)
    except pytest.UsageError as error:
        raise with_long_names(error, session.config) from error


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """End the session at the first usage error of the suite, with one message."""
    report = yield
    if report.failed:
        raise_problem(collector.session)
    return report


class _Results:
    """A pytest plugin that imports the reporter at the first result, so that other runs never import it."""

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
            # pytest calls a plugin that was registered during a hook only from the next call on.
            self.prepare().pytest_runtest_logreport(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        raise_problem_of_worker(getattr(node, "workeroutput", None) or {})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tell a requirement which pytest item runs next, so that the next item's scenarios can start early."""
    if FOLLOWING in item.stash:
        item.stash[FOLLOWING] = nextitem


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the results of a requirement to its pytest report."""
    report = yield
    records = item.stash.get(RECORDS, None)
    if call.when == "call" and records is not None:
        vars(report).update(records)
    return report


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Iterable[pytest.Item] | None:
    """Return one item per requirement of a `Chapter`, or probe of a `ServerChapter`; else None.

    Raises:
        pytest.UsageError: If the options do not name a usable SDK or server, profile, version or file.
    """
    # `isinstance` reads `__class__`, which raises for some proxies.
    if type(obj) not in {Chapter, ServerChapter} or not isinstance(collector, pytest.Module):
        return None
    try:
        check_fake_server()
        # Heavy, and rarely needed.
        if isinstance(obj, ServerChapter):
            from tinker_conformance.suite.server_items import server_items_of  # noqa: PLC0415

            return list(server_items_of(collector, obj))
        if isinstance(obj, Chapter):
            from tinker_conformance.suite.items import items_of  # noqa: PLC0415

            return list(items_of(collector, obj))
    except (pytest.UsageError, ImportError) as error:
        note_problem(collector.config, error)
        raise
    return None
