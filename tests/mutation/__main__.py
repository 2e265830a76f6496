"""Mutates modules in a copy of the project and runs their tests: python -m tests.mutation [MODULE …].

Ends with 1 if a mutant survives that docs/explanation/mutation.md does not explain, or one is explained that
does not survive; with 2 if nothing can be said.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType

from .mutants import MutationError, workshop
from .page import complaints
from .targets import PAGE, TARGETS


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main(asked: Sequence[str]) -> int:
    """Mutates the modules asked for, or all; prints what the page does not say."""
    if unknown := [module for module in asked if module not in TARGETS]:
        print(
            f"no tests are known for {', '.join(unknown)}; name some of {', '.join(TARGETS)}", file=sys.stderr
        )
        return 2
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    page = PAGE.read_text(encoding="utf-8")
    worst = 0
    try:
        with workshop() as place:
            for module in asked or TARGETS:
                made = place.mutants(module, TARGETS[module])
                survive = sum(mutant.survived for mutant in made)
                print(f"{module}: {len(made)} mutants, {survive} survive", flush=True)
                for complaint in complaints(page, module, made):
                    worst = 1
                    print(f"  {complaint}", flush=True)
    except MutationError as error:
        print(error, file=sys.stderr)
        return 2
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
