"""The table that `tinker-conformance run` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from tinker_conformance.judging.judge import Judgement, Verdict

STYLES: Final = {
    Verdict.PASSED: "green",
    Verdict.NOT_CLAIMED: "dim",
    Verdict.NOT_OFFERED: "dim",
    Verdict.KNOWN_FAILURE: "yellow",
    Verdict.STALE_KNOWN_FAILURE: "bold yellow",
    Verdict.FAILED: "bold red",
    Verdict.NOT_TESTABLE: "bold red",
    Verdict.ADAPTER_ERROR: "bold magenta",
    Verdict.KIT_ERROR: "bold magenta",
}


def table(judgements: Sequence[Judgement]) -> Table:
    """Return a table with the requirement, level and verdict of each judgement."""
    made = Table("requirement", "level", "verdict", box=None, pad_edge=False)
    for judgement in judgements:
        made.add_row(
            judgement.requirement.id,
            judgement.requirement.level.value,
            Text(judgement.verdict.value, style=STYLES[judgement.verdict]),
        )
    return made
