"""What is written in one place, so that a change of its wording or its meaning is made once."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SERVER_EVENTS: Final = {"Request", "Response", "ClockStep"}
REACHES_BY_NAME: Final = {
    "fake_server/__init__.py": "loads an export when it is first used",
    "fake_server/core/bounded_files.py": "a flag or a class that a platform or a build of PyYAML may lack",
    "fake_server/script/request_match.py": "the name of a user's function, which any callable may lack",
    "fake_server/service/__init__.py": "loads an export when it is first used",
    "tinker_conformance/__init__.py": "loads an export when it is first used",
    "tinker_conformance/_fake_server.py": "looks at a module that may be anything",
    "tinker_conformance/_lazy_exports.py": "loads an export when it is first used",
    "tinker_conformance/clocks/frozen_names.py": "the functions of freezegun, by the names that it lists",
    "tinker_conformance/clocks/waiting.py": "an event loop that may be of any class",
    "tinker_conformance/commands/output.py": "a stream that a caller may have replaced",
    "tinker_conformance/downstream/clock.py": "looks at a module that may be anything",
    "tinker_conformance/fixtures.py": "a user's test class",
    "tinker_conformance/plugin.py": "what pytest-xdist adds to objects of pytest",
    "tinker_conformance/report/report_folder.py": "a flag that a platform may lack",
    "tinker_conformance/sdk/in_process/shared_tls.py": "a function that may be cached already",
    "tinker_conformance/sdk/in_process/worker.py": "the class that a SPEC names",
    "tinker_conformance/sdk/process/line_process.py": "a function that a platform may lack",
    "tinker_conformance/sdk/temporary_folder.py": "a flag or a function that a platform may lack",
    "tinker_conformance/suite/pytest_report.py": "what a report of pytest carries between processes",
    "tinker_conformance/suite/subclass.py": "marks on the methods of a user's class",
    "tinker_conformance/suite/usage.py": "what pytest-xdist adds to objects of pytest",
}
"""Modules that reach an attribute by a text, and why they cannot name the field."""
RELEASES_DIFFER: Final = ("tinker_conformance/sdk/official/", "tinker_conformance/server/releases/")
"""Their attributes are those of an SDK under test, which differ from release to release."""


@functools.cache
def _modules() -> Mapping[str, ast.Module]:
    """Read the modules of both packages: for the tests alone, since every worker collects this file."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("fake_server", "tinker_conformance")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def _texts(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def _called(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


@pytest.mark.parametrize(
    ("piece", "place"),
    [
        ("did you mean ", "fake_server/core/errors.py"),
        ("wanted .*, got ", "fake_server/core/wanted_got.py"),
        ("expected .*, got ", "fake_server/core/wanted_got.py"),
    ],
)
def test_a_wording_is_written_once(piece: str, place: str) -> None:
    places = {
        name for name, module in _modules().items() for text in _texts(module) if re.search(piece, text)
    }
    assert places == {place}


@pytest.mark.parametrize(
    ("function", "place"),
    [
        ("get_close_matches", "fake_server/core/errors.py"),
        ("Version", "tinker_conformance/profile/version_numbers.py"),
    ],
)
def test_a_reading_is_done_in_one_place(function: str, place: str) -> None:
    assert {name for name, module in _modules().items() if function in _called(module)} == {place}


def test_one_module_makes_the_events_of_what_a_server_saw() -> None:
    """One for our server and SDKs under test, one for our client and servers under test.

    Modules of `fake_server` have a `Request` of their own, which is not an event.
    """
    making = {
        name
        for name, module in _modules().items()
        if name.startswith("tinker_conformance/") and SERVER_EVENTS & set(_called(module))
    }
    assert making == {
        "tinker_conformance/sdk/server_events.py",
        "tinker_conformance/server/dialogue.py",
    }


def test_a_field_is_named_and_not_reached_by_a_text() -> None:
    reaching = {
        name
        for name, module in _modules().items()
        if {"getattr", "setattr", "hasattr", "delattr"} & set(_called(module))
        and not name.startswith(RELEASES_DIFFER)
    }
    assert reaching == REACHES_BY_NAME.keys()
