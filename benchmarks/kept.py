"""The part of RESULTS.md that ``make soak`` writes, which ``make bench`` leaves as it is."""

from __future__ import annotations

from typing import Final

BEGIN: Final = "<!-- soak -->"
END: Final = "<!-- /soak -->"


def kept_part(report: str) -> str:
    """The part of a report with its marks, or nothing if there is none."""
    _, begun, rest = report.partition(BEGIN)
    text, ended, _ = rest.partition(END)
    return f"\n{begun}{text}{ended}\n" if ended else ""


def with_part(report: str, text: str) -> str:
    """A report whose part is this text, in the place of the part that it had, or at its end."""
    part = f"\n{BEGIN}\n{text}{END}\n"
    before = kept_part(report)
    return report.replace(before, part) if before else report.rstrip("\n") + "\n" + part
