"""The table that `tinker-conformance run` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.report.conclusion import QUIRKS
from tinker_conformance.requirements.model import Level, Requirement

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


def table(judgements: Sequence[Judgement], *, strict: bool) -> Table:
    """Return a table with the requirement or probe, the level and the verdict of each judgement.

    Args:
        judgements: The judgements.
        strict: Whether a failed quirk counts as a failure.
    """
    of_sdk = any(isinstance(judgement.requirement, Requirement) for judgement in judgements)
    made = Table("requirement" if of_sdk else "probe", "level", "verdict", box=None, pad_edge=False)
    for judgement in judgements:
        required, verdict = judgement.requirement, judgement.verdict
        if verdict is Verdict.FAILED and required.level is Level.QUIRK and not strict:
            shown = Text(QUIRKS, style="yellow")
        else:
            shown = Text(verdict.value, style=STYLES[verdict])
        made.add_row(required.id, required.level.value, shown)
    return made
