"""The map of both packages and the drawing of their imports, for `docs/development.md`.

The order is that of the layers in `pyproject.toml`, which `make lint` enforces. What a package is for is the
first sentence of its docstring. Who imports whom is read from the sources.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import grimp

from tests.docs.generate.marked_places import replaced

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs/development.md"
ROOTS: Final = ("fake_server", "tinker_conformance")


def document() -> str:
    """Return the page with a fresh map and a fresh drawing between their markers."""
    text = PAGE.read_text(encoding="utf-8")
    text = replaced(text, "map", "\n".join(_map()))
    return replaced(text, "imports", "\n".join(_drawing()))


def layers(root: str) -> tuple[str, ...]:
    """Return the packages of a root, the lowest first: none imports from one that follows it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (c for c in contracts["contracts"] if c.get("containers") == [root])
    names = [name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")]
    return tuple(name for name in reversed(names) if (ROOT / root / name / "__init__.py").is_file())


def imported(root: str, package: str) -> frozenset[tuple[str, str]]:
    """Return the packages, as root and name, that the modules of one import from."""
    graph = _graph()
    whole = f"{root}.{package}"
    found = {
        tuple(target.split(".")[:2])
        for module in {whole, *graph.find_descendants(whole)}
        for target in graph.find_modules_directly_imported_by(module)
    }
    return frozenset(
        (a, b) for a, b in (names for names in found if len(names) == 2) if (a, b) != (root, package)
    )


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOTS, cache_dir=None)


def _map() -> Iterator[str]:
    for root in ROOTS:
        yield f"| `{root}/` | what it is for |"
        yield "|---|---|"
        for name in layers(root):
            yield f"| `{name}/` | {_purpose(ROOT / root / name)} |"
        yield ""


def _purpose(package: Path) -> str:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())


def _drawing() -> Iterator[str]:
    """Draw a triangle: a row imports from the columns that have a mark, and none is right of the diagonal."""
    rows = [(root, name) for root in ROOTS for name in layers(root)]
    yield "```text"
    yield from _triangle(rows)
    yield "```"


def _triangle(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for _, name in rows)
    numbers = " ".join(f"{number:2}" for number in range(1, len(rows) + 1))
    root = ""
    for number, row in enumerate(rows, 1):
        if row[0] != root:
            root = row[0]
            yield (root.ljust(width + 6) + (numbers if number == 1 else "")).rstrip()
        marks = imported(*row)
        cells = ["x" if column in marks else "." for column in rows[: number - 1]]
        yield f"{number:4} {row[1].ljust(width)} " + " ".join(f"{cell:>2}" for cell in [*cells, "-"])
