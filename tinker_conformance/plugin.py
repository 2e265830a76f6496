"""The pytest plugin: options, and the items of the suite.

It imports nothing heavy until the suite is collected, and asks nothing of runs that have nothing to do
with it.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tinker_conformance.fixtures import *  # noqa: F403 - pytest finds fixtures in the modules that it knows


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


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Iterable[pytest.Item] | None:
    """Makes one item of each requirement of a `Chapter`; other objects are none of ours."""
    if type(obj).__name__ != "Chapter" or not isinstance(collector, pytest.Module):
        return None
    from tinker_conformance.suite.items import Chapter, items_of  # noqa: PLC0415 - heavy, and rarely needed

    return list(items_of(collector, obj)) if isinstance(obj, Chapter) else None
