"""Find the entries of a file of known failures that are still needed, after a run that excused nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures.entry import EntryClass, KnownFailure, Subject
from tinker_conformance.report.records import Result


def updated_entries(entries: Iterable[KnownFailure], results: Sequence[Result]) -> tuple[KnownFailure, ...]:
    """Return the entries that a file should keep.

    An entry is kept unchanged if everything that its pattern matches failed. If only some of that failed, the
    entry is replaced by one entry for each id that failed, with the same reason. If nothing failed, the entry
    is dropped. A flaky entry is always kept, and so is an entry about something that was not judged.

    Args:
        entries: The entries of the file.
        results: The results of a run in which nothing was excused.
    """
    kept: dict[tuple[Subject, str], KnownFailure] = {}
    for entry in entries:
        for each in _kept(entry, results):
            kept.setdefault((each.subject, each.pattern), each)
    return tuple(kept.values())


def is_covered(result: Result, entries: Iterable[KnownFailure]) -> bool:
    """Return whether the entries together excuse a failed requirement."""
    every = tuple(entries)
    if any(e.subject is Subject.REQUIREMENT and e.matches(result.id) for e in every):
        return True
    scenarios = {mismatch.scenario for mismatch in result.mismatches}
    return bool(scenarios) and all(
        any(e.subject is Subject.SCENARIO and e.matches(name) for e in every) for name in scenarios
    )


def _kept(entry: KnownFailure, results: Sequence[Result]) -> Iterator[KnownFailure]:
    names = (name for result in results for name in (result.id, *result.asked))
    if entry.entry_class is EntryClass.FLAKY or not any(map(entry.matches, names)):
        yield entry
        return
    standing = dict(_standing(entry, results))
    failing = [name for name, fails in standing.items() if fails]
    if failing and len(failing) == len(standing):
        yield entry
    else:
        yield from (dataclasses.replace(entry, pattern=name) for name in failing)


def _standing(entry: KnownFailure, results: Sequence[Result]) -> Iterator[tuple[str, bool]]:
    """Yield each id that an entry matches, and whether it failed or was not judged."""
    match entry.subject:
        case Subject.REQUIREMENT:
            for result in results:
                if entry.matches(result.id) and result.verdict is not Verdict.NOT_CLAIMED:
                    yield result.id, result.verdict is not Verdict.PASSED
        case Subject.SCENARIO:
            names = dict.fromkeys(name for result in results for name in result.asked if entry.matches(name))
            for name in names:
                asking = [result for result in results if name in result.asked]
                unknown = any(r.verdict not in {Verdict.PASSED, Verdict.FAILED} for r in asking)
                differs = any(m.scenario == name for result in asking for m in result.mismatches)
                yield name, differs or unknown
