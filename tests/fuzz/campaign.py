"""Many inputs for all targets, each made of the seed and its number alone."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from .body_target import BodyTarget
from .findings import Target
from .http_target import HttpTarget
from .line_target import LineTarget
from .script_target import ScriptTarget
from .shrinking import shrunk

TARGETS: Final[dict[str, Target]] = {
    target.name: target for target in (HttpTarget(), BodyTarget(), ScriptTarget(), LineTarget())
}
# Of twenty inputs in turn; the connection is what strangers reach.
_TURNS: Final = ("http",) * 11 + ("body",) * 5 + ("script",) * 3 + ("line",)


@dataclass(frozen=True)
class Failure:
    """An input for which something does not hold.

    Attributes:
        target: The name of what read it.
        data: The input.
        error: What was raised, in one line.
    """

    target: str
    data: bytes
    error: str

    def save(self, file: Path) -> None:
        """Writes it, for ``load``."""
        told = {"target": self.target, "data": self.data.decode("latin-1"), "error": self.error}
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def load(file: Path) -> tuple[Target, bytes]:
    """The target and the input of a file that ``Failure.save`` has written."""
    told = json.loads(file.read_text(encoding="utf-8"))
    return TARGETS[told["target"]], told["data"].encode("latin-1")


def error_of(target: Target, data: bytes) -> str:
    """What goes wrong with an input, in one line; empty if nothing does."""
    try:
        target.check(data)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {where.name}: {str(error)[:500]}"
    return ""


def searched(
    seed: int, count: int, *, begin: int = 0, told: Callable[[int], object] | None = None
) -> Failure | None:
    """The first failure among the inputs from number ``begin`` on, made as small as can be; None for none.

    Args:
        seed: Chooses the inputs.
        count: How many.
        begin: The number of the first.
        told: Called with the number of each.
    """
    for number in range(begin, begin + count):
        target = TARGETS[_TURNS[number % len(_TURNS)]]
        data = target.make(Random(f"{seed}/{number}"))
        if error := error_of(target, data):
            kind = error.partition(":")[0]
            small = shrunk(data, lambda smaller, at=target, of=kind: error_of(at, smaller).startswith(of))
            return Failure(target.name, small, error_of(target, small))
        if told is not None:
            told(number)
    return None
