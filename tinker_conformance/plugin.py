"""The pytest plugin: options, and the items of the suite.

It imports nothing heavy until the suite is collected, and asks nothing of runs that have nothing to do
with it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.fixtures import *  # noqa: F403 - pytest finds fixtures in the modules that it knows

_FILES: Final = ("--known-failures", "--record-known-failures")


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
    """Has results gathered where a report or known failures are asked for; xdist's workers only send them."""
    names = (config.getoption(name, None) for name in ("--report", *_FILES))
    folder, known, recorded = (None if name is None else Path(name) for name in names)
    if (folder, known, recorded) == (None, None, None) or hasattr(config, "workerinput"):
        return
    from tinker_conformance.report.pytest_report import REPORTER, Reporter, directs_junit  # noqa: PLC0415

    if folder is not None:
        directs_junit(config, folder)
    config.pluginmanager.register(Reporter(folder, known, recorded), REPORTER)


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
