"""The pytest plugin: options, and the items of the suite.

It imports nothing heavy until the suite is collected, and asks nothing of runs that have nothing to do
with it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tinker_conformance.fixtures import *  # noqa: F403 - pytest finds fixtures in the modules that it knows

if TYPE_CHECKING:
    from tinker_conformance.suite.pytest_report import Reporter


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options of the suite."""
    group = parser.getgroup("tinker-conformance", "conformance of SDKs of the Tinker API")
    group.addoption(
        "--sdk",
        metavar="SPEC",
        help="the SDK under test: reference, official, official==X.Y.Z, python:package.module:Adapter, "
        "exec:COMMAND",
    )
    group.addoption(
        "--clock",
        choices=("file", "libfaketime", "wall"),
        help="how the clocks of an exec: SDK are moved; by default the best that it offers, never wall",
    )
    group.addoption(
        "--profile",
        metavar="NAME|FILE",
        help="what it is judged by, such as tinker-0.5.1; by default what covers the SDK's version",
    )
    group.addoption("--known-failures", metavar="FILE", help="what is known to fail, and why (TOML or YAML)")
    group.addoption("--record-known-failures", metavar="FILE", help="write such a file, to be edited")
    group.addoption("--strict-quirks", action="store_true", help="count quirks as failures")
    group.addoption("--as-of", metavar="VERSION", help="only what this version of the kit asked already")
    group.addoption("--report", metavar="DIR", help="write JSON, JUnit, Markdown, badge and page there")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Has results gathered, once there are any; xdist's workers only send them."""
    if hasattr(config, "workerinput"):
        return
    results = _Results(config)
    config.pluginmanager.register(results, "tinker-conformance-results")
    # pytest's own JUnit XML is directed there before its plugin is configured.
    if config.getoption("--report", None) is not None:
        results.prepare()


class _Results:
    """Hands over to the reporter, which is loaded for the first result: unrelated runs have none."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._prepared = False

    def prepare(self) -> Reporter:
        from tinker_conformance.suite.pytest_report import REPORTER, Reporter, directs_junit  # noqa: PLC0415

        self._prepared = True
        names = (self._config.getoption(name, None) for name in ("--report", "--record-known-failures"))
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tells a requirement what is run next in this process: its scenarios can begin meanwhile."""
    if hasattr(item, "following"):
        item.following = nextitem


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets the report of a requirement carry what was measured."""
    report = yield
    if call.when == "call":
        vars(report).update(getattr(item, "conformance_records", {}))
    return report


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Iterable[pytest.Item] | None:
    """Makes one item of each requirement of a `Chapter`; other objects are none of ours."""
    if type(obj).__name__ != "Chapter" or not isinstance(collector, pytest.Module):
        return None
    from tinker_conformance.suite.items import Chapter, items_of  # noqa: PLC0415 - heavy, and rarely needed

    return list(items_of(collector, obj)) if isinstance(obj, Chapter) else None
