"""User-facing text uses the words of the field: none of these, which readers had to look up or read twice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fake_server.__main__ import main as fake_server_program
from tests.docs.test_docs import TEXTS
from tinker_conformance.cli import main

ROOT = Path(__file__).parents[2]
PACKAGES = ("fake_server", "tinker_conformance")
"""Packages whose docstrings and string literals are checked."""
PROGRAMS = {"fake-tinker": fake_server_program, "tinker-conformance": main}
QUOTES_CODE = {"docs/explanation/mutation.md"}
"""Pages that quote code of a fixed date."""
BANNED = {
    r"mend(s|ed|ing)?": "fix",
    r"unspoilt|spoil(s|t|ed|ing)?": "corrupted, truncated",
    r"heed(s|ed|ing)?": "handle, follow",
    r"stand-ins?": "test double, fake",
    r"(is|are) lived through": "survive",
    r"nobody waits(?! for)": "say how long the wait is and what limits it",
    r"is nothing for": "does not apply to",
    r"besides(?! (the|a|an|it|them|that|this|these|those)\b)": "also, in addition",
    r"means to be without": "deliberately unsupported",
    r"in the dress of": "sent as",
    r"without what goes without saying": "with defaults omitted",
    r"whole fake Tinker": "simulated service",
    r"(every|each|the|another|this) face|faces": "transport",
    r"for (it|him) who": "for users who",
    r"anew": "again",
}
BANNED_IN_NAMES = {
    "anew": "again",
    "besides": "too",
    "dressed": "with_faults",
    "face": "transport",
    "faces": "transports",
    "heard": "received, notified",
    "heed": "handle",
    "heeds": "handles",
    "lived": "survived",
    "mend": "fix",
    "mended": "fixed",
    "said": "expected, output",
    "spoil": "corrupt",
    "spoilt": "corrupted, faulted",
    "told": "notified, message",
}
"""Words that no name of a variable, an argument, a function or a class has."""
WORDS = re.compile(rf"\b(?:{'|'.join(f'(?:{word})' for word in BANNED)})\b", re.IGNORECASE)


def found(text: str) -> list[str]:
    """Each banned word with its line and what to write instead."""
    return [
        f"line {text.count(chr(10), 0, match.start()) + 1}: {match.group()!r}; use {instead(match.group())}"
        for match in WORDS.finditer(text)
    ]


def instead(word: str) -> str:
    return next(better for banned, better in BANNED.items() if re.match(banned, word, re.IGNORECASE))


def literals(module: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of each string of a module: docstrings, messages, help."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def names(module: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of each name that a module defines."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case _:
                pass


def helps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """The help of a program and of each of its commands."""
    with click.Context(command, info_name=name) as context:
        yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for part in command.commands.values():
            yield from helps(part, f"{name} {part.name}")


HELPS = dict(text for name, program in PROGRAMS.items() for text in helps(program, name))
MODULES = [
    module.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for module in sorted((ROOT / package).rglob("*.py")) or [ROOT / package]
]


@pytest.mark.parametrize("page", sorted(TEXTS.keys() - QUOTES_CODE))
def test_a_page_has_no_banned_word(page: str) -> None:
    assert found(TEXTS[page]) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_no_banned_word(module: str) -> None:
    wrong = [
        f"string of line {line}, {word}" for line, text in literals(ROOT / module) for word in found(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["fake_server", "tinker_conformance", "benchmarks", "examples", "tests"])
def test_a_name_has_no_banned_word(folder: str) -> None:
    wrong = [
        f"{module.relative_to(ROOT)}, line {line}: {name}; use {BANNED_IN_NAMES[word]}"
        for module in sorted((ROOT / folder).rglob("*.py"))
        for line, name in names(module)
        for word in {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
        if word in BANNED_IN_NAMES
    ]
    assert wrong == []


@pytest.mark.parametrize("command", HELPS)
def test_a_help_has_no_banned_word(command: str) -> None:
    assert found(HELPS[command]) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mend it.", ["Mend"]),
        ("one\nis spoilt, and nobody waits", ["spoilt", "nobody waits"]),
        ("Judge 10 scripts besides", ["besides"]),
        ("besides the others", []),
        ("a recommended amendment", []),
        ("a future that nobody waits for", []),
    ],
)
def test_a_banned_word_is_found(text: str, words: list[str]) -> None:
    assert [re.search(r"'(.*)'", line)[1] for line in found(text)] == words  # type: ignore[index]
