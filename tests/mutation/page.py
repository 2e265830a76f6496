"""The page that explains each surviving mutant, compared with those that do survive."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from .mutants import Mutant

_ROW: Final = re.compile(r"^(\| `([^`]*)` \| `([^`]*)` \| `[^`]*` \|) (\S.*) \|$", re.MULTILINE)
_COUNT: Final = re.compile(r"^\| `([^`]*)` \| (\d+) \| (\d+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row: why no test notices a mutant.

    Attributes:
        row: The row up to the reason, as `Mutant.row` writes it.
        module: The module's path below the package.
        line: The line that is changed.
        why: The reason.
    """

    row: str
    module: str
    line: str
    why: str


def explanations(text: str) -> list[Explanation]:
    """The rows of the page."""
    return [
        Explanation(row, module, line.replace("\\|", "|"), why)
        for row, module, line, why in _ROW.findall(text)
    ]


def counts(text: str) -> dict[str, tuple[int, int]]:
    """How many mutants each module has, and how many survive, as the page says."""
    return {module: (int(made), int(survive)) for module, made, survive in _COUNT.findall(text)}


def complaints(text: str, module: str, mutants: Iterable[Mutant]) -> Iterator[str]:
    """What survives without being explained, and what is explained without surviving."""
    survive = Counter(mutant.row for mutant in mutants if mutant.survived)
    explained = Counter(row.row for row in explanations(text) if row.module == module)
    yield from (f"UNEXPLAINED: {row}" for row in (survive - explained).elements())
    yield from (f"EXPLAINED, BUT NOTICED: {row}" for row in (explained - survive).elements())
