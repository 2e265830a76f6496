"""What import-linter cannot hold of the layout: names, docstrings of packages, exports, where tests stand."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from tinker_conformance import fixtures
from tinker_conformance.requirements import CHAPTERS
from tinker_conformance.server.probes import CHAPTERS as SERVER_CHAPTERS

ROOT: Final = Path(__file__).parents[2]
ROOTS: Final = ("fake_server", "tinker_conformance")
MODULES: Final = [path for root in ROOTS for path in sorted((ROOT / root).rglob("*.py"))]
PACKAGES: Final = [path.parent for path in MODULES if path.name == "__init__.py"]
DOCUMENTED_PATHS: Final = {
    "fake_server/byte_tokenizer.py",
    "fake_server/http_limits.py",
    "fake_server/httpx_transport.py",
    "fake_server/operations.py",
    "tinker_conformance/strategies.py",
}
"""Import paths that were documented before the packages existed; each has the names of one other module."""
ENTRY_POINTS: Final = {"__init__", "__main__", "cli", "fixtures", "plugin"}
SHARED: Final = {"_fake_server", "_lazy_exports", "_version", "error_families", "queue_state", "timeline"}


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _dotted(package: Path) -> str:
    return _place(package).replace("/", ".")


def _submodules(package: Path) -> set[str]:
    return {entry.stem for entry in package.iterdir() if entry.suffix == ".py" or entry.is_dir()}


def test_a_name_of_a_module_means_one_thing() -> None:
    """A chapter and a command have files of their own names, whatever else is called so."""
    places = defaultdict(list)
    for path in MODULES:
        if path.stem in {"__init__", "__main__"} or _place(path) in DOCUMENTED_PATHS:
            continue
        if path.parent.name == "commands" or (path.parent.name == "requirements" and path.stem in CHAPTERS):
            continue
        if path.parent.parent.name == "server" and path.stem.removeprefix("test_") in SERVER_CHAPTERS:
            continue
        places[path.stem].append(_place(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


SAME_NAMES: Final = {
    "Poll": "one poll as the fake server sees it; the reference's polling of one future",
    "Request": "an HTTP request that the fake server handles; the same request in a timeline",
    "Result": "what a future of the reference returns; a word of the report schema",
    "Start": "the first record of a report; the first message of the adapter protocol",
}
"""Names that two public classes have on purpose: each is the word of its schema or of its documented API."""


def test_a_name_of_a_public_class_means_one_thing() -> None:
    places = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(_place(path))
    several = {name: found for name, found in places.items() if len(found) > 1}
    assert several.keys() == SAME_NAMES.keys(), several


@pytest.mark.parametrize("root", ROOTS)
def test_no_module_stands_loose_at_the_root(root: str) -> None:
    loose = {path.stem for path in (ROOT / root).glob("*.py") if _place(path) not in DOCUMENTED_PATHS}
    assert loose <= ENTRY_POINTS | SHARED


@pytest.mark.parametrize("place", sorted(DOCUMENTED_PATHS))
def test_a_documented_path_only_passes_names_on(place: str) -> None:
    body = ast.parse((ROOT / place).read_text(encoding="utf-8")).body
    assert all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in body)


@pytest.mark.parametrize("package", PACKAGES, ids=_place)
def test_a_package_says_what_it_is_for(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    assert docstring is not None
    assert len(re.findall(r"[.!](?:\s|$)", docstring)) >= 2, (
        "say what it is for, what goes in, what comes out"
    )


@pytest.mark.parametrize("package", PACKAGES, ids=_place)
def test_a_package_exports_what_it_lists(package: Path) -> None:
    module = importlib.import_module(_dotted(package))
    exported = list(getattr(module, "__all__", ()))
    assert len(set(exported)) == len(exported)
    assert all(hasattr(module, name) for name in exported)
    # Such a name would be the export or the module, whichever was loaded last.
    assert not {name for name in exported if not isinstance(getattr(module, name), ModuleType)} & _submodules(
        package
    )
    imported = _imported_for_types(package / "__init__.py")
    assert imported <= set(exported), "import for type checkers what is exported, and nothing else"


def _imported_for_types(init: Path) -> set[str]:
    return {
        alias.name
        for node in ast.parse(init.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If)
        for line in node.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }


def test_texts_of_the_fake_server_do_not_name_what_is_built_on_it() -> None:
    words = re.compile("|".join([*map(re.escape, fixtures.__all__), "tinker_conformance"]))
    named = {
        f"{_place(path)}: {node.value}"
        for path in MODULES
        if path.is_relative_to(ROOT / "fake_server")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and words.search(node.value)
    }
    assert named == set()


def test_tests_stand_where_the_package_stands_that_they_test() -> None:
    folders = {
        _place(path.parent).removeprefix("tests/")
        for root in ROOTS
        for path in (ROOT / "tests" / root).rglob("test_*.py")
    }
    assert folders <= {_place(package) for package in PACKAGES}


def test_no_two_test_modules_have_one_name() -> None:
    """Folders of tests are no packages, so pytest imports a module by the name of its file alone."""
    files = (
        path for path in (ROOT / "tests").rglob("test_*.py") if not (path.parent / "__init__.py").exists()
    )
    assert [name for name, count in Counter(path.name for path in files).items() if count > 1] == []
