"""The evidence (pictures and events) that the HTML page shows for each failed requirement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from fake_server.core.wanted_got import wanted_got
from tinker_conformance.judging.compared_lanes import compared_lanes
from tinker_conformance.judging.explanation import shown
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.judging.picture import LaneKind, Mistakes, Picture, picture
from tinker_conformance.report.conclusion import BROKEN, QUIRKS, forgiven
from tinker_conformance.report.drawing import Drawing, draw
from tinker_conformance.report.records import JudgedKind, MismatchRecord, Result, ScenarioRecord
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements import REQUIREMENTS

SHOWN: Final = BROKEN | {Verdict.KNOWN_FAILURE}
"""The verdicts for which the page has a section with evidence."""

_Named: TypeAlias = tuple[str, Result, bool]


@dataclass(frozen=True, slots=True)
class Figure:
    """One scenario, as a picture and as text.

    Attributes:
        scenario: The scenario's id.
        drawing: The layout of the picture; None if nothing happened.
        picture: The picture.
        events: Each event of the SDK or server: the time in seconds, the text, and whether the event is
            wrong.
        described: The picture in words, for screen readers.
    """

    scenario: str
    drawing: Drawing | None
    picture: Picture
    events: tuple[tuple[float, str, bool], ...]
    described: str


@dataclass(frozen=True, slots=True)
class Group:
    """SDKs with the same evidence for one requirement.

    Attributes:
        names: The names of the SDKs.
        result: The result of the requirement.
        quirk: Whether the result is a failed quirk that does not count.
        real_time: Whether the pictures show real time, as for a server; otherwise the SDK's virtual time.
    """

    names: tuple[str, ...]
    result: Result
    quirk: bool
    real_time: bool

    @property
    def word(self) -> str:
        """Return the result in words."""
        return QUIRKS if self.quirk else self.result.verdict.value

    @property
    def look(self) -> str:
        """Return the CSS class for the result."""
        return "quirk" if self.quirk else self.result.verdict.value.replace(" ", "-")

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return a figure for each scenario with a mismatch."""
        return tuple(
            _figure(
                scenario, self.result.mismatches, compared_lanes(self.result.id), real_time=self.real_time
            )
            for scenario in self.result.scenarios
        )


class SectionKind(StrEnum):
    """The lists of sections on a page, by their titles."""

    FAILURE = "Failures"
    KNOWN = "Known failures"
    QUIRK = "Quirks that are not shared"


@dataclass(frozen=True, slots=True)
class EvidenceSection:
    """The section about one requirement that does not hold for every SDK.

    Attributes:
        id: The id of the requirement.
        groups: Its results, grouped by SDKs.
    """

    id: str
    groups: tuple[Group, ...]

    @property
    def kind(self) -> SectionKind:
        """Return the list of the page in which the section stands, which its worst result decides."""
        if all(group.quirk for group in self.groups):
            return SectionKind.QUIRK
        known = {Verdict.KNOWN_FAILURE}
        if all(group.quirk or group.result.verdict in known for group in self.groups):
            return SectionKind.KNOWN
        return SectionKind.FAILURE

    @property
    def result(self) -> Result:
        """Return the first result, for the fields that are equal in all: sentence, source and level."""
        return self.groups[0].result


def parts(reports: Sequence[Report]) -> tuple[EvidenceSection, ...]:
    """Return the sections of a page, list by list, each in the order of the requirements."""
    found: dict[str, list[_Named]] = {}
    for report in reports:
        for result in report.results:
            if result.verdict in SHOWN:
                found.setdefault(result.id, []).append(
                    (report.name, result, forgiven(result, strict=report.start.strict))
                )
    order = {required.id: place for place, required in enumerate(REQUIREMENTS)}
    ids = sorted(found, key=lambda identifier: order.get(identifier, len(order)))
    real_time = all(report.start.kind is JudgedKind.SERVER for report in reports)
    sections = [
        EvidenceSection(identifier, _groups(found[identifier], real_time=real_time)) for identifier in ids
    ]
    return tuple(sorted(sections, key=lambda section: list(SectionKind).index(section.kind)))


def _groups(each: Sequence[_Named], *, real_time: bool) -> tuple[Group, ...]:
    groups: list[tuple[Result, bool, list[str]]] = []
    for name, result, quirk in each:
        for same, same_quirk, names in groups:
            if (_evidence(same), same_quirk) == (_evidence(result), quirk):
                names.append(name)
                break
        else:
            groups.append((result, quirk, [name]))
    return tuple(Group(tuple(names), result, quirk, real_time) for result, quirk, names in groups)


def _evidence(result: Result) -> tuple[object, ...]:
    return (result.verdict, result.note, result.mismatches)


def _figure(
    scenario: ScenarioRecord,
    mismatches: Sequence[MismatchRecord],
    lanes: frozenset[LaneKind],
    *,
    real_time: bool,
) -> Figure:
    here = [mismatch for mismatch in mismatches if mismatch.scenario == scenario.id]
    marked = {mismatch.event for mismatch in here if mismatch.event is not None}
    made = picture(
        scenario.expected,
        scenario.observed,
        scenario.expected_lines,
        scenario.observed_lines,
        interval=scenario.interval,
        mistakes=Mistakes(
            lanes, frozenset(marked), frozenset(m.missing for m in here if m.missing is not None)
        ),
        real_time=real_time,
    )
    return Figure(
        scenario=scenario.id,
        drawing=draw(made) if made.times else None,
        picture=made,
        events=tuple((e.at, shown(e), place in marked) for place, e in enumerate(scenario.observed)),
        described="; ".join(f"at {m.at:.3f} s {wanted_got(m.wanted, m.got)}" for m in here[:5]),
    )
