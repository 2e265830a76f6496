"""`tinker-conformance docs`: the pages that errors name are there, from a wheel too."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinker_conformance.cli import main
from tinker_conformance.commands.docs import pages

ROOT = Path(__file__).parents[3]


def _texts() -> Iterator[str]:
    """Yield the texts of both packages that are no docstrings."""
    for package in ("fake_server", "tinker_conformance"):
        for path in (ROOT / package).rglob("*.py"):
            module = ast.parse(path.read_text(encoding="utf-8"))
            standing = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
            for node in ast.walk(module):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and id(node) not in standing
                ):
                    yield node.value


def _printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["docs", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_page_that_a_message_names_is_printed() -> None:
    named = {name for text in _texts() for name in re.findall(r"`tinker-conformance docs ([\w/-]+)`", text)}
    assert len(named) > 4
    for name in named:
        assert _printed(name).startswith("# ")


def test_no_message_names_a_file_that_a_wheel_lacks() -> None:
    assert [text for text in _texts() if "docs/" in text and ".md" in text] == []


def _is_in_the_wheel(name: str) -> bool:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    held = tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"])
    return f"docs/{name}".startswith(held)


def test_a_wheel_holds_the_pages_for_users() -> None:
    lines = _printed().splitlines()
    outside = [line.split()[0] for line in lines if not _is_in_the_wheel(line)]
    assert {name.partition("/")[0] for name in outside} == {"development.md", "findings", "releasing.md"}


@pytest.mark.parametrize(
    "name",
    [
        *("docs/reference/fixtures.md", "reference/fixtures", "fixtures", "fixtures.md", "./fixtures.md"),
        *(
            "../reference/fixtures.md",
            "../../docs/reference/fixtures.md",
            "../reference/fixtures.md#warnings",
        ),
    ],
)
def test_a_page_is_found_by_its_name_and_by_a_link_to_it(name: str) -> None:
    assert _printed(name) == (ROOT / "docs/reference/fixtures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("fixture", "there is no page 'fixture'; did you mean 'fixtures'?"),
        ("reports", "write one of how-to/reports, reference/reports"),
        ("zzz", "`tinker-conformance docs` lists all of them"),
    ],
)
def test_a_wrong_name_is_one_line(name: str, problem: str) -> None:
    result = CliRunner().invoke(main, ["docs", name])
    assert result.exit_code == 2
    assert problem in result.output


def _links(held: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    """Yield each link of the pages, and the file that it leads to."""
    for path in held.values():
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            yield link, (path.parent / link).resolve()


def test_each_link_of_a_page_leads_to_its_page_or_says_which_pages_it_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = {name: path for name, path in pages().items() if _is_in_the_wheel(name)}
    monkeypatch.setattr("tinker_conformance.commands.docs.pages", lambda: held)
    kinds = set()
    for link, target in _links(held):
        result = CliRunner().invoke(main, ["docs", link])
        if result.exit_code == 0:
            assert result.stdout == target.read_text(encoding="utf-8")
            kinds.add("printed")
        elif "is the name of several pages" in result.output:
            assert target.relative_to(ROOT / "docs").as_posix().removesuffix(".md") in result.output
            kinds.add("several")
        else:
            assert f"{link!r} is in the repository only" in result.output
            assert target not in held.values()
            kinds.add("repository")
    assert kinds == {"printed", "several", "repository"}


@pytest.mark.parametrize("name", ["README", "README.md", "development", "examples/python", "../CHANGELOG.md"])
def test_a_page_of_the_repository_says_so_in_a_wheel(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {name: path for name, path in pages().items() if _is_in_the_wheel(name)}
    monkeypatch.setattr("tinker_conformance.commands.docs.pages", lambda: held)
    result = CliRunner().invoke(main, ["docs", name])
    assert result.exit_code == 2
    assert f"{name!r} is in the repository only" in result.output
