"""Run many inputs through all targets; Hypothesis generates, shrinks and stores them."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from .body_target import BodyTarget
from .findings import Target
from .http_target import HttpTarget
from .line_target import LineTarget
from .script_target import ScriptTarget

TARGETS: Final[dict[str, Target]] = {
    target.name: target for target in (HttpTarget(), BodyTarget(), ScriptTarget(), LineTarget())
}
# Of twenty inputs; the connection is what strangers reach.
_SHARES: Final = {"http": 11, "body": 5, "script": 3, "line": 1}


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
        saved = {"target": self.target, "data": self.data.decode("latin-1"), "error": self.error}
        file.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")


def load(file: Path) -> tuple[Target, bytes]:
    """The target and the input of a file that ``Failure.save`` has written."""
    saved = json.loads(file.read_text(encoding="utf-8"))
    return TARGETS[saved["target"]], saved["data"].encode("latin-1")


def error_of(target: Target, data: bytes) -> str:
    """What goes wrong with an input, in one line; empty if nothing does."""
    try:
        target.check(data)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {where.name}: {str(error)[:500]}"
    return ""


class _HoldsError(Exception):
    """Tells Hypothesis that the condition holds for an input."""


def smallest(
    target: Target,
    condition: Callable[[bytes], bool],
    *,
    seed: int,
    count: int,
    remembered: Path | None = None,
) -> bytes | None:
    """The smallest input for which a condition holds, as far as Hypothesis can tell; None for none.

    Args:
        target: Whose inputs.
        condition: Asked about each.
        seed: Chooses the inputs.
        count: How many are made, at least one.
        remembered: The folder of the inputs for which it held before, which are tried first.
    """
    smallest_yet: list[bytes] = []

    # Outermost, because a seed also takes the database away.
    @settings(
        max_examples=max(count, 1),
        database=None if remembered is None else DirectoryBasedExampleDatabase(remembered / target.name),
        deadline=None,
        derandomize=False,
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.seed(seed)
    @given(target.inputs)
    def run(data: bytes) -> None:
        if condition(data):
            smallest_yet[:] = [data]
            raise _HoldsError

    try:
        run()
    except _HoldsError:
        return smallest_yet[0]
    return None


def searched(
    seed: int,
    count: int,
    *,
    on_input: Callable[[], object] | None = None,
    remembered: Path | None = None,
) -> Failure | None:
    """The first failure, made as small as can be; None for none.

    Args:
        seed: Chooses the inputs.
        count: How many, of all targets together.
        on_input: Called for each input.
        remembered: The folder of the failures of before, which are tried first.
    """
    for name, share in _SHARES.items():
        target, kinds = TARGETS[name], set[str]()

        def fails(data: bytes, at: Target = target, kinds: set[str] = kinds) -> bool:
            if on_input is not None:
                on_input()
            kind = error_of(at, data).partition(":")[0]
            if kind and not kinds:
                kinds.add(kind)  # what is smaller must fail the same way
            return kind in kinds

        data = smallest(target, fails, seed=seed, count=count * share // 20, remembered=remembered)
        if data is not None:
            return Failure(name, data, error_of(target, data))
    return None
