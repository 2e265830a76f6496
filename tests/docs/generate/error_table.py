"""The page of all exception classes, by family, read from the sources."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
FAMILIES: Final = {
    "UserError": "The user is at fault",
    "SdkError": "The SDK under test is at fault",
    "ServerUnderTestError": "The server under test is at fault",
    "KitError": "The kit is at fault",
    "ConformanceError": "Ends of a future, a probe or a verb, which the kit handles itself",
    "FakeServerError": "Errors of the fake server",
    "": "Of no family, because another library must recognize them",
}
"""The class at the root of each family, in the order of the page, and the heading."""
_OF_LIBRARIES: Final = {"AllMockedAssertionError"}
_HEAD: Final = """\
# Errors

Each family has one root, which says who is at fault. Catch the root to handle the family.
`tinker-conformance` turns a mistake of the user into exit code 2 or 3, a fault of the SDK or server
into 4 and a fault of the kit into 5; see [exit codes](exit-codes.md).

This page is generated from the code.
"""


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """An exception class of one of the two packages.

    Attributes:
        module: Where it is defined.
        name: Its name.
        bases: The names of its base classes.
        about: The first paragraph of its docstring.
    """

    module: str
    name: str
    bases: tuple[str, ...]
    about: str


@cache
def error_classes() -> tuple[ErrorClass, ...]:
    """Return every exception class that the two packages define, in the order of their modules."""
    found = [
        each
        for package in ("fake_server", "tinker_conformance")
        for path in sorted((ROOT / package).rglob("*.py"))
        for each in _classes(path)
    ]
    known = _OF_LIBRARIES | {
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    # A base can stand in a later module than its subclass.
    while more := {each.name for each in found if known.intersection(each.bases)} - known:
        known |= more
    return tuple(each for each in found if each.name in known)


def family_of(error: ErrorClass) -> str:
    """Return the name of the class at the root of an error's family; empty if it has none."""
    if error.name in FAMILIES:
        return error.name
    bases = [each for each in error_classes() if each.name in error.bases]
    return next((family for base in bases if (family := family_of(base))), "")


def document() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    for family, heading in FAMILIES.items():
        yield f"## {heading}\n"
        yield "| class | of the module | meaning |"
        yield "|---|---|---|"
        of_family = [
            each for each in error_classes() if family_of(each) == family and not each.name.startswith("_")
        ]
        for error in sorted(of_family, key=lambda each: each.name != family):
            yield f"| `{error.name}` | `{error.module}` | {error.about.replace('``', '`')} |"
        yield ""


def _classes(path: Path) -> Iterator[ErrorClass]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            about = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
            yield ErrorClass(module, node.name, tuple(_names(node.bases)), about)


def _names(bases: list[ast.expr]) -> Iterator[str]:
    for base in bases:
        match base:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case _:
                pass
