"""Run in the environment of a release: the cells of a tutorial, in an order that their names allow.

Usage: notebook_program.py FILE. The tutorials are notebooks of marimo. Here a small test double of it
collects the cells, and one of matplotlib draws nothing. Exits with code 0, or with a traceback.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.machinery
import importlib.util
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: a function of names that other cells return.

    Attributes:
        run: The function.
        needs: The names of its parameters.
        gives: The names that it returns.
    """

    run: Function
    needs: tuple[str, ...]
    gives: tuple[str, ...]


class App:
    """Collects the cells of a notebook."""

    def __init__(self, **_options: object) -> None:
        self.cells: list[Cell] = []

    def cell(self, function: Function | None = None, **_options: object) -> Any:
        """Add a cell; used as a decorator, with and without options."""
        if function is None:
            return self.cell
        self.cells.append(Cell(function, tuple(inspect.signature(function).parameters), returned(function)))
        return function


class Stopped(Exception):  # noqa: N818 - a notebook that refuses to go on
    """A notebook that stops itself, since something is missing."""


class Display:
    """Whatever a notebook shows: text, and fields that nobody filled in."""

    value = ""

    def __getattr__(self, name: str) -> Any:
        return Display()

    def __call__(self, *_arguments: object, **_named: object) -> Display:
        return self

    def __iter__(self) -> Iterator[Display]:
        """Yield a figure and its axes."""
        return iter((self, self))


def stop(condition: object, *_shown: object) -> None:
    """End a notebook if a condition holds.

    Raises:
        Stopped: It holds.
    """
    if condition:
        raise Stopped("the notebook stopped itself")


def returned(function: Function) -> tuple[str, ...]:
    """Return the names in the last ``return`` of a cell."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    match definition.body[-1]:
        case ast.Return(value=ast.Tuple(elts=names)):
            return tuple(ast.unparse(name) for name in names)
        case _:
            return ()


async def run(cells: list[Cell]) -> None:
    """Run cells, each as soon as all of its names are known.

    Raises:
        LookupError: The names that a cell needs come from no other.
    """
    known: dict[str, object] = {}
    left = list(cells)
    while left:
        cell = next((each for each in left if known.keys() >= {*each.needs}), None)
        if cell is None:
            raise LookupError(f"no cell gives {sorted({*left[0].needs} - known.keys())}")
        left.remove(cell)
        made = cell.run(**{name: known[name] for name in cell.needs})
        made = await made if inspect.isawaitable(made) else made
        known.update(zip(cell.gives, made or (), strict=True))


def _replace(name: str, **members: object) -> types.ModuleType:
    double = types.ModuleType(name)
    double.__spec__ = importlib.machinery.ModuleSpec(name, None)
    double.__dict__.update(members)
    sys.modules[name] = double
    return double


def main() -> None:
    """Run the notebook that is named on the command line."""
    _replace("marimo", App=App, stop=stop, md=Display(), ui=Display())
    pyplot = _replace("matplotlib.pyplot", subplots=Display(), show=Display(), tight_layout=Display())
    _replace("matplotlib", pyplot=pyplot)
    spec = importlib.util.spec_from_file_location("notebook", sys.argv[1])
    assert spec is not None
    assert spec.loader is not None
    notebook = importlib.util.module_from_spec(spec)
    sys.modules["notebook"] = notebook  # Classes of a notebook are looked up in their module.
    spec.loader.exec_module(notebook)
    asyncio.run(run(notebook.app.cells))


if __name__ == "__main__":
    main()
