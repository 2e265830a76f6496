"""The table of releases and verbs: what of each release of the official SDK works against a server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from fake_server.core.visible_text import visible
from tinker_conformance.profile.version_numbers import release_of
from tinker_conformance.report.records import VerbRecord
from tinker_conformance.report.verb_outcome import VerbOutcome

SIGNS: Final[Mapping[VerbOutcome, str]] = {
    VerbOutcome.WORKS: "✓",
    VerbOutcome.ERROR: "✗",
    VerbOutcome.HANG: "∞",
    VerbOutcome.NOT_TESTABLE: "?",
    VerbOutcome.NOT_OFFERED: "-",
    VerbOutcome.ABSENT: "",
}
RELEASE_LEGEND: Final = (
    "✓ works, ✗ error, ∞ hangs, ? not testable, - not offered by the server, "
    "empty: the release has no such method"
)
_NEUTRAL: Final = frozenset({VerbOutcome.WORKS, VerbOutcome.NOT_OFFERED, VerbOutcome.ABSENT})
"""Outcomes with which everything may still count as working: the server need not offer everything."""
_NOT_REACHED: Final = "…"
_MOST_NAMED: Final = 4
_QUESTION: Final = "Which releases may my users have?"
NEEDS: Final = "needs "
"""The beginning of the note about a verb that was not tried, because an earlier verb did not work."""
CUT_OFF: Final = "not driven to the end: "
"""The beginning of the note about the verb at which the run ended early."""
_DIFFERS: Final = re.compile(r"[0-9a-f]{8,}|\d+(?:\.\d+)?")
"""Matches ids and times, which differ between the notes of releases with the same outcome."""
_STYLES: Final = {
    VerbOutcome.WORKS: "green",
    VerbOutcome.ERROR: "bold red",
    VerbOutcome.HANG: "bold red",
    VerbOutcome.NOT_TESTABLE: "bold red",
    VerbOutcome.NOT_OFFERED: "dim",
    VerbOutcome.ABSENT: "dim",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: neighbouring releases with the same outcome of every verb.

    Attributes:
        releases: The releases, oldest first.
        outcomes: The outcome by verb.
    """

    releases: tuple[str, ...]
    outcomes: Mapping[str, VerbOutcome]

    @property
    def title(self) -> str:
        """Return the release, or the first and the last of several."""
        first, last = self.releases[0], self.releases[-1]
        return first if first == last else f"{first} to {last}"


@dataclass(frozen=True, slots=True)
class Note:
    """An error of a verb, and the releases that have it.

    Attributes:
        verb: The verb.
        outcome: The outcome.
        text: The error and where it came from, or the call in which the releases hang.
        releases: The releases, oldest first.
    """

    verb: str
    outcome: VerbOutcome
    text: str
    releases: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.verb}, tinker {', '.join(self.releases)}: {self.outcome.value}: {self.text}"


@dataclass(frozen=True, slots=True)
class ReleaseMatrix:
    """The table of releases and verbs.

    Attributes:
        records: One record for each release and verb.
    """

    records: tuple[VerbRecord, ...]

    @property
    def releases(self) -> tuple[str, ...]:
        """Return the releases, oldest first."""
        return tuple(sorted({record.release for record in self.records}, key=release_of))

    @property
    def verbs(self) -> tuple[str, ...]:
        """Return the verbs, in the order in which they were tried."""
        return tuple(dict.fromkeys(record.verb for record in self.records))

    def of(self, release: str) -> dict[str, VerbRecord]:
        """Return the records of one release, by verb."""
        return {record.verb: record for record in self.records if record.release == release}

    def works_whole(self, release: str) -> bool:
        """Return whether all verbs that the release has and the server offers work, and at least one does."""
        met = {record.outcome for record in self.of(release).values()}
        return VerbOutcome.WORKS in met and met <= _NEUTRAL

    def was_cut_off(self, release: str) -> bool:
        """Return whether the run ended before the release had done everything."""
        return any(record.note.startswith(CUT_OFF) for record in self.of(release).values())

    def columns(self) -> tuple[Column, ...]:
        """Return the releases, oldest first, with equal neighbours together."""
        made: list[Column] = []
        for release in self.releases:
            outcomes = {verb: record.outcome for verb, record in self.of(release).items()}
            if made and made[-1].outcomes == outcomes:
                made[-1] = Column((*made[-1].releases, release), outcomes)
            else:
                made.append(Column((release,), outcomes))
        return tuple(made)

    def notes(self) -> tuple[Note, ...]:
        """Return the errors, by verb; releases with the same error share a note.

        A verb that was not tried because an earlier one did not work has no note.
        """
        found: dict[tuple[str, VerbOutcome, str], tuple[str, list[str]]] = {}
        order = {verb: place for place, verb in enumerate(self.verbs)}
        for record in sorted(self.records, key=lambda each: (order[each.verb], release_of(each.release))):
            blocked = record.outcome is VerbOutcome.NOT_TESTABLE and record.note.startswith(NEEDS)
            if record.outcome not in _NEUTRAL and not blocked:
                alike = (record.verb, record.outcome, _DIFFERS.sub("#", record.note))
                found.setdefault(alike, (record.note, []))[1].append(record.release)
        return tuple(
            Note(verb, outcome, text, tuple(releases))
            for (verb, outcome, _), (text, releases) in found.items()
        )

    @property
    def conclusion(self) -> str:
        """Return a sentence: which releases users of the server may have; empty if none was driven."""
        cut_off = [release for release in self.releases if self.was_cut_off(release)]
        driven = tuple(release for release in self.releases if release not in cut_off)
        ended = f"tinker {cut_off[0]} was not driven to the end." if cut_off else ""
        if not driven:
            return f"{_QUESTION} Unknown: {ended}" if ended else ""
        return f"{self._of_the_driven(driven)} {ended}".rstrip()

    def _of_the_driven(self, driven: Sequence[str]) -> str:
        whole = [release for release in driven if self.works_whole(release)]
        if not whole:
            none = (
                f"tinker {driven[0]} does not work"
                if len(driven) == 1
                else f"none of the {len(driven)} works"
            )
            return f"{_QUESTION} None that was driven: {none} whole."
        text = f"{_QUESTION} tinker {_ranges(whole, driven)}: {_count(whole, driven)} whole"
        lacking = sorted(
            {r.verb for r in self.records if r.release in whole and r.outcome is VerbOutcome.NOT_OFFERED},
            key=self.verbs.index,
        )
        return f"{text}{_without(lacking)}."


def _without(lacking: Sequence[str]) -> str:
    if not lacking:
        return ""
    which = ", ".join(lacking) if len(lacking) <= _MOST_NAMED else f"{len(lacking)} verbs, see the matrix"
    return f", without what the server does not offer ({which})"


def _count(whole: Sequence[str], driven: Sequence[str]) -> str:
    if len(driven) == 1:
        return "it works"
    if len(whole) == len(driven):
        return f"all {len(driven)} releases driven work"
    return f"{len(whole)} of the {len(driven)} releases driven {'works' if len(whole) == 1 else 'work'}"


def _ranges(whole: Sequence[str], driven: Sequence[str]) -> str:
    """Return the releases `whole` as ranges, none of which contains a driven release that does not work."""
    runs: list[list[str]] = []
    for release in driven:
        if release not in whole:
            runs.append([])
        elif runs:
            runs[-1].append(release)
        else:
            runs.append([release])
    named = [run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs if run]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def matrix_table(matrix: ReleaseMatrix) -> Table:
    """Return the matrix as a table for a terminal."""
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("verb", no_wrap=True)
    columns = matrix.columns()
    for column in columns:
        first, *last = column.title.split(" to ")
        made.add_column("\nto ".join(map(visible, [first, *last])), justify="center")
    for verb in matrix.verbs:
        made.add_row(visible(verb), *(_text(column.outcomes.get(verb)) for column in columns))
    return made


def sign_of(outcome: VerbOutcome | None) -> str:
    """Return the sign of an outcome; None for a verb that was not driven."""
    return _NOT_REACHED if outcome is None else SIGNS[outcome]


def _text(outcome: VerbOutcome | None) -> Text:
    return Text(sign_of(outcome), style="" if outcome is None else _STYLES[outcome])


def matrix_of_releases(records: Iterable[VerbRecord]) -> ReleaseMatrix:
    """Return the matrix of the records of a report."""
    return ReleaseMatrix(tuple(records))
