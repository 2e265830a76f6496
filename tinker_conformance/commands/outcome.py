"""What `tinker-conformance run` concludes: the exit code, the table and the last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table

from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.report.conclusion import QUIRKS
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.requirements import Level

NEVER_UNCLAIMED: Final = ("parsing", "trigger", "reasons", "messages", "debounce")
"""The chapters without which an SDK is not a subject for this kit."""

STYLES: Final = {
    Verdict.PASSED: "green",
    Verdict.NOT_CLAIMED: "dim",
    Verdict.KNOWN_FAILURE: "yellow",
    Verdict.STALE_KNOWN_FAILURE: "bold yellow",
    Verdict.FAILED: "bold red",
    Verdict.NOT_TESTABLE: "bold red",
    Verdict.ADAPTER_ERROR: "bold magenta",
    Verdict.KIT_ERROR: "bold magenta",
}


def exit_code(judgements: Iterable[Judgement], *, strict: bool, stale: bool = False) -> Exit:
    """The exit code that fits: the worst of what was found.

    Args:
        judgements: All of them, known failures applied.
        strict: Whether quirks count.
        stale: Whether an entry of known failures turned out to be stale as a whole.
    """
    judgements = tuple(judgements)
    verdicts = Counter(
        judgement.verdict
        for judgement in judgements
        if strict or judgement.requirement.level is Level.CONTRACT
    )
    tested = (
        verdicts[Verdict.PASSED] + verdicts[Verdict.KNOWN_FAILURE] + verdicts[Verdict.STALE_KNOWN_FAILURE]
    )
    if verdicts[Verdict.KIT_ERROR]:
        return Exit.KIT
    if verdicts[Verdict.ADAPTER_ERROR]:
        return Exit.ADAPTER
    if verdicts[Verdict.FAILED] or verdicts[Verdict.NOT_TESTABLE]:
        return Exit.SDK_FAILED
    if not tested or untested_chapters(judgements):
        return Exit.NOTHING_TESTED
    if stale or any(judgement.verdict is Verdict.STALE_KNOWN_FAILURE for judgement in judgements):
        return Exit.STALE
    return Exit.HELD


def untested_chapters(judgements: Iterable[Judgement]) -> tuple[str, ...]:
    """The chapters that cannot be unclaimed and yet were, whole."""
    judgements = tuple(judgements)
    asked = {judgement.requirement.chapter for judgement in judgements}
    claimed = {j.requirement.chapter for j in judgements if j.verdict is not Verdict.NOT_CLAIMED}
    return tuple(chapter for chapter in NEVER_UNCLAIMED if chapter in asked - claimed)


def _is_quirk_not_shared(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.FAILED and judgement.requirement.level is Level.QUIRK


def table(judgements: Sequence[Judgement]) -> Table:
    """Requirement, level, verdict."""
    made = Table("requirement", "level", "verdict", box=None, pad_edge=False)
    for judgement in judgements:
        made.add_row(
            judgement.requirement.id,
            judgement.requirement.level.value,
            f"[{STYLES[judgement.verdict]}]{judgement.verdict.value}[/]",
        )
    return made


def _until(judgements: Sequence[Judgement]) -> str:
    """What is to be mended before the rest can be tested, in words."""
    first = dict.fromkeys(name for judgement in judgements for name in judgement.mend_first)
    return f" until {' and '.join(first)} {'hold' if len(first) > 1 else 'holds'}" if first else ""


def summary(judgements: Sequence[Judgement], code: Exit, sdk: str, profile: str, *, strict: bool) -> str:
    """The last line: whether it conforms, and every count; quirks apart where they do not count."""
    counts = Counter(judgement.verdict for judgement in judgements)
    quirks = sum(not strict and _is_quirk_not_shared(judgement) for judgement in judgements)
    counts[Verdict.FAILED] -= quirks
    until = _until(judgements)
    parts = ", ".join(
        f"{counts[verdict]} {verdict.value}" + (until if verdict is Verdict.NOT_TESTABLE else "")
        for verdict in Verdict
        if counts[verdict]
    )
    parts += f", {quirks} {QUIRKS}" if quirks else ""
    if unclaimed := untested_chapters(judgements):
        parts += f"; never tested: {', '.join(unclaimed)}"
    match code:
        case Exit.HELD if counts[Verdict.KNOWN_FAILURE]:
            conforms = f"conforms to {profile} but for what is known"
        case Exit.HELD:
            conforms = f"conforms to {profile}"
        case Exit.STALE:
            conforms = f"conforms to {profile}, but the known failures are stale"
        case _:
            conforms = f"does not conform to {profile}"
    return f"\n{sdk} {conforms}: {parts}"
