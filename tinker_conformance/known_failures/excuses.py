"""What known failures make of judgements, and which entries have outlived what they were written for."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.known_failures.entry import EntryClass, KnownFailure, Subject
from tinker_conformance.known_failures.entry_reading import KnownFailuresError, check_entries
from tinker_conformance.profile.version_numbers import version_of
from tinker_conformance.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Judged:
    """As much of a judgement as staleness depends on.

    Attributes:
        requirement: The requirement's id.
        scenarios: Ids of its scenarios.
        verdict: What became of it, known failures applied.
        differing: Ids of the scenarios in which something was wrong.
    """

    requirement: str
    scenarios: tuple[str, ...]
    verdict: Verdict
    differing: frozenset[str]


_SEEN: Final = frozenset({Verdict.PASSED, Verdict.FAILED, Verdict.KNOWN_FAILURE, Verdict.STALE_KNOWN_FAILURE})


@dataclass(frozen=True, slots=True)
class KnownFailures:
    """The entries of one file, for one run.

    Attributes:
        entries: In the order of the file.
        today: The day that expiries are compared with.
        sdk_version: The version of the SDK under test, or None where no entry asks.
        source: The file, for messages.
    """

    entries: tuple[KnownFailure, ...] = ()
    today: datetime.date = datetime.date.min
    sdk_version: Version | None = None
    source: str = ""

    def applied(self, judgement: Judgement) -> Judgement:
        """The judgement, excused where every mismatch is known, or stale where what is known passed.

        Only a plain failure is excused: never a crash, a hang, an adapter's error or a missing precondition.
        """
        match judgement.verdict:
            case Verdict.FAILED:
                return self._excused(judgement)
            case Verdict.PASSED:
                return self._stale(judgement)
            case _:
                return judgement

    def _excused(self, judgement: Judgement) -> Judgement:
        whole = self._of(Subject.REQUIREMENT, judgement.requirement.id)
        needed = (
            {whole}
            if whole is not None
            else {self._of(Subject.SCENARIO, mismatch.scenario) for mismatch in judgement.mismatches}
        )
        entries = sorted((e for e in needed if e is not None), key=lambda entry: entry.number)
        if None in needed:
            return judgement
        expired = [entry for entry in entries if entry.expired(self.today, self.sdk_version)]
        if expired:
            note = "; ".join(f"no longer excused: {entry} expired on {entry.expires}" for entry in expired)
            return dataclasses.replace(judgement, note=note)
        note = "; ".join(_shown(entry) for entry in entries)
        return dataclasses.replace(judgement, verdict=Verdict.KNOWN_FAILURE, note=note)

    def _stale(self, judgement: Judgement) -> Judgement:
        entry = self._of(Subject.REQUIREMENT, judgement.requirement.id)
        if entry is None or entry.entry_class is EntryClass.FLAKY:
            return judgement
        note = f"it passes, but {self.source}, {entry}, says that it fails; remove or narrow the entry"
        return dataclasses.replace(judgement, verdict=Verdict.STALE_KNOWN_FAILURE, note=note)

    def stale(self, judged: Iterable[Judged]) -> Iterator[str]:
        """A sentence for each entry that excused nothing, after a whole run.

        Requirements that passed although an entry names them have their own verdict, and are not told again.
        """
        results = tuple(judged)
        for entry in self.entries:
            if entry.entry_class is EntryClass.FLAKY:
                continue
            match entry.subject:
                case Subject.REQUIREMENT:
                    yield from self._unclaimed(entry, results)
                case Subject.SCENARIO:
                    yield from self._clean(entry, results)

    def _unclaimed(self, entry: KnownFailure, results: tuple[Judged, ...]) -> Iterator[str]:
        covered = [result for result in results if entry.matches(result.requirement)]
        if covered and all(result.verdict is Verdict.NOT_CLAIMED for result in covered):
            yield f"{self.source}: {entry}: the SDK does not claim it, so nothing fails; remove the entry"

    def _clean(self, entry: KnownFailure, results: tuple[Judged, ...]) -> Iterator[str]:
        named = {name for result in results for name in result.scenarios if entry.matches(name)}
        for name in sorted(named):
            asking = [result for result in results if name in result.scenarios]
            if all(result.verdict in _SEEN and name not in result.differing for result in asking):
                yield f"{self.source}: {entry}: nothing is wrong in {name}; remove or narrow the entry"

    def _of(self, subject: Subject, identifier: str) -> KnownFailure | None:
        return next((e for e in self.entries if e.subject is subject and e.matches(identifier)), None)


def known_failures_for(
    entries: tuple[KnownFailure, ...],
    asked: Iterable[Requirement],
    *,
    sdk_version: str,
    today: datetime.date,
    source: str,
) -> KnownFailures:
    """The entries, checked against what is asked of the SDK.

    Args:
        entries: What was read.
        asked: The requirements of the run, all of the profile's.
        sdk_version: As the adapter tells it.
        today: The day that expiries are compared with.
        source: The file, for messages.

    Raises:
        UnmatchedEntryError: If an entry matches nothing that is asked.
        KnownFailuresError: If entries contradict each other, or expire with a version and the SDK's cannot be
            compared.
    """
    asked = tuple(asked)
    names = {
        Subject.REQUIREMENT: [required.id for required in asked],
        Subject.SCENARIO: list(dict.fromkeys(name for required in asked for name in required.scenarios)),
    }
    check_entries(entries, names, source)
    version: Version | None = None
    if any(isinstance(entry.expires, Version) for entry in entries):
        version = version_of(sdk_version)
        if version is None:
            message = (
                f"{source}: the SDK's version {sdk_version!r} cannot be compared; let entries expire by date"
            )
            raise KnownFailuresError(message)
    return KnownFailures(entries, today, version, source)


def _shown(entry: KnownFailure) -> str:
    issue = f" ({entry.issue})" if entry.issue else ""
    return f"known, {entry.entry_class.value}: {entry.reason}{issue}"


def judged(judgement: Judgement) -> Judged:
    """As much of a judgement as staleness depends on."""
    return Judged(
        judgement.requirement.id,
        judgement.requirement.scenarios,
        judgement.verdict,
        frozenset(mismatch.scenario for mismatch in judgement.mismatches),
    )
