"""The lines at the end of a run that say what to fix first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fake_server.core.number_words import counted
from tinker_conformance.judging.causes import causes
from tinker_conformance.judging.judge import Judgement

_MOST_CAUSES: Final = 5
_MOST_NAMES: Final = 4


def fix_first(judgements: Sequence[Judgement]) -> Iterator[str]:
    """Yield lines about the likely causes of the failures, most important first; at most 17 lines.

    Args:
        judgements: All judgements of a run, without failed quirks if these do not count in the run.
    """
    found = causes(judgements)
    if not found:
        return
    yield "\nfix first:"
    for number, cause in enumerate(found[:_MOST_CAUSES], 1):
        yield f"  {number}. {cause.what} ({counted(cause.count, 'requirement')})"
        yield f"     begin with {cause.first}"
        if cause.others:
            more = len(cause.others) - _MOST_NAMES
            names = ", ".join(cause.others[:_MOST_NAMES])
            yield f"     then see {names}" + (f" and {more} more" if more > 0 else "")
    if (left := len(found) - _MOST_CAUSES) > 0:
        yield f"  and {counted(left, 'more kind', 'more kinds')} of failure"
