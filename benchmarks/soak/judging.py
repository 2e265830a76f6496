"""Checks of a soak: no reply is lost, duplicated or different from its plan, and memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.soak.measures import Soak
from benchmarks.soak.server import KEPT

GROWTH: Final = 1.05
"""How much memory the server may have at most, beside that after the first tenth."""
ENOUGH: Final = 100_000
"""Futures of a soak whose memory says something: a tenth of fewer does not fill the allocator's pools."""
_LISTED: Final = 5


def faults(soak: Soak) -> list[str]:
    """A sentence for everything that is not as it must be."""
    return [*_answers(soak), *_counts(soak), *_journal(soak), *_server(soak)]


def growth(soak: Soak) -> float:
    """The most memory after a later tenth, beside that after the first."""
    first, *later = (usage.memory for usage in soak.along)
    return max(later, default=first) / first


def _answers(soak: Soak) -> Iterator[str]:
    names, answers = soak.plan.names(), soak.seen.answers
    if lost := sorted(names - answers.keys()):
        yield f"{len(lost)} futures were lost: {_some(lost)}"
    if strange := sorted(answers.keys() - names):
        yield f"{len(strange)} futures were answered that nobody planned: {_some(strange)}"
    if twice := sorted(name for name, count in answers.items() if count > 1):
        yield f"{len(twice)} futures were answered more than once: {_some(twice)}"
    yield from (f"not as planned: {text}" for text in soak.seen.wrong)


def _counts(soak: Soak) -> Iterator[str]:
    seen, counts = soak.seen, soak.counts
    for status in sorted(seen.statuses.keys() | counts.statuses.keys()):
        got, sent = seen.statuses.get(status, 0), counts.statuses.get(status, 0)
        if got != sent:
            yield f"the clients got {got} replies with status {status}, and the journal has {sent}"
    # A refusal closes idle connections too, on which a request may just have been on its way.
    most = counts.broken + counts.refusals * soak.connections
    if not counts.broken <= seen.broken <= most:
        yield (
            f"{seen.broken} requests of the clients got no whole reply; by the journal it were "
            f"{counts.broken} to {most}"
        )


def _journal(soak: Soak) -> Iterator[str]:
    counts = soak.counts
    if counts.journal_most > counts.journal_limit:
        yield f"the journal held {counts.journal_most} exchanges, and its limit is {counts.journal_limit}"
    kept = min(counts.handled, counts.journal_limit)
    if counts.dropped != counts.handled - kept:
        yield f"the journal dropped {counts.dropped} of {counts.handled} exchanges; it should keep {kept}"
    counted = sum(counts.statuses.values()) + counts.broken
    if counted != counts.handled:
        yield f"the journal had {counted} exchanges in all, and {counts.handled} requests were handled"


def _server(soak: Soak) -> Iterator[str]:
    counts, plan = soak.counts, soak.plan
    if counts.violations:
        yield f"the server's own verification: {counts.violations}"
    if counts.finished != plan.futures:
        yield f"{counts.finished} of {plan.futures} futures were served to the end of their scripts"
    if counts.held != min(plan.futures, KEPT):
        yield f"the engine knows {counts.held} futures at the end, and should have forgotten all but {KEPT}"
    if not plan.scripted_us < counts.moved_us <= plan.seconds * 1_000_000:
        scripted = plan.scripted_us / 1e6
        yield f"the clocks moved by {counts.moved_us / 1e6} s, not by {scripted} s to {plan.seconds} s"
    if plan.futures >= ENOUGH and growth(soak) > GROWTH:
        memory = ", ".join(f"{usage.memory / 1e6:.1f}" for usage in soak.along)
        yield f"memory grew to {growth(soak):.3f} times that after the first tenth; MB by tenths: {memory}"
    for what, before, after in (
        ("file descriptors", soak.before.descriptors, soak.after.descriptors),
        ("threads", soak.before.threads, soak.after.threads),
    ):
        if before != after:
            yield f"the server had {before} {what} at the start and {after} at the end"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
