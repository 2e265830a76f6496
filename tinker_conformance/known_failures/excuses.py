"""Excuse the known failures among judgements, and find stale entries: those whose failure is gone."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import UNTESTED, Judgement, Verdict
from tinker_conformance.known_failures.entry import EntryClass, KnownFailure, Subject
from tinker_conformance.known_failures.entry_reading import check_entries
from tinker_conformance.profile.version_numbers import version_of
from tinker_conformance.requirements import AnyRequirement


@dataclass(frozen=True, slots=True)
class Judged:
    """The part of a judgement from which `KnownFailures.stale` finds entries whose failure is gone.

    Attributes:
        requirement: The id of the requirement.
        scenarios: The ids of the requirement's scenarios.
        verdict: The verdict, after known failures are excused.
        differing: The ids of the scenarios with a mismatch.
    """

    requirement: str
    scenarios: tuple[str, ...]
    verdict: Verdict
    differing: frozenset[str]


_SEEN: Final = frozenset({Verdict.PASSED, Verdict.FAILED, Verdict.KNOWN_FAILURE, Verdict.STALE_KNOWN_FAILURE})


@dataclass(frozen=True, slots=True)
class KnownFailures:
    """The known failures of one run.

    Attributes:
        entries: The entries, in the order of the file.
        today: The day that expiry dates are compared with.
        sdk_version: The version of the SDK under test, or None if no entry expires with a version.
        source: The file, named in messages.
    """

    entries: tuple[KnownFailure, ...] = ()
    today: datetime.date = datetime.date.min
    sdk_version: Version | None = None
    source: str = ""

    def applied(self, judgement: Judgement) -> Judgement:
        """Return a judgement, excused if entries match every failure, or stale if it passed despite an entry.

        Only a plain failure is excused, never a crash, a hang, an adapter error or a missing precondition.
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
        note = f"it passes, but {self.source}, {entry}, lists it as failing; remove or narrow the entry"
        return dataclasses.replace(judgement, verdict=Verdict.STALE_KNOWN_FAILURE, note=note)

    def stale(self, judged: Iterable[Judged]) -> Iterator[str]:
        """Yield one sentence per entry that excused nothing in a complete run.

        Entries for a requirement that passed are left out, since its verdict says that already.
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
        if covered and all(result.verdict in UNTESTED for result in covered):
            lacks = "the SDK does not claim it"
            if covered[0].verdict is Verdict.NOT_OFFERED:
                lacks = "the server does not offer it"
            yield f"{self.source}: {entry}: {lacks}, so it cannot fail; remove the entry"

    def _clean(self, entry: KnownFailure, results: tuple[Judged, ...]) -> Iterator[str]:
        named = {name for result in results for name in result.scenarios if entry.matches(name)}
        for name in sorted(named):
            asking = [result for result in results if name in result.scenarios]
            if all(result.verdict in _SEEN and name not in result.differing for result in asking):
                yield f"{self.source}: {entry}: {name} has no mismatch; remove or narrow the entry"

    def _of(self, subject: Subject, identifier: str) -> KnownFailure | None:
        return next((e for e in self.entries if e.subject is subject and e.matches(identifier)), None)


def known_failures_for(
    entries: tuple[KnownFailure, ...],
    asked: Iterable[AnyRequirement],
    *,
    sdk_version: str,
    today: datetime.date,
    source: str,
) -> KnownFailures:
    """Return the known failures of a run, checked against its requirements.

    Args:
        entries: The entries of a file.
        asked: All requirements of the run.
        sdk_version: The SDK's version, as its adapter reports it.
        today: The day with which expiry dates are compared.
        source: The file, named in messages.

    Raises:
        UserError: If an entry matches no requirement or scenario of the run.
        UserError: If entries contradict each other, or one expires with a version and the version of
            the SDK is not comparable.
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
                f"{source}: the SDK's version {sdk_version!r} is not a version number, so `expires` cannot "
                "be compared with it; use a date in `expires`"
            )
            raise UserError(message)
    return KnownFailures(entries, today, version, source)


def _shown(entry: KnownFailure) -> str:
    issue = f" ({entry.issue})" if entry.issue else ""
    return f"known, {entry.entry_class.value}: {entry.reason}{issue}"


def judged(judgement: Judgement) -> Judged:
    """Return the part of a judgement from which `KnownFailures.stale` finds stale entries."""
    return Judged(
        judgement.requirement.id,
        judgement.requirement.scenarios,
        judgement.verdict,
        frozenset(mismatch.scenario for mismatch in judgement.mismatches),
    )
