"""The HTML page: one file without scripts or external resources; the matrix, then a section per failure.

The template engine escapes every text, and invisible characters are shown as escapes. The page stays under
`MOST_BYTES` for any number of SDKs. If not all pictures fit, the page shows the first picture of each
requirement before any second one, and says what is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fake_server.core.number_words import counted
from fake_server.core.visible_text import visible
from tinker_conformance.report.conclusion import conclude
from tinker_conformance.report.evidence import EvidenceSection, Group, SectionKind, parts
from tinker_conformance.report.release_matrix import RELEASE_LEGEND, matrix_of_releases, sign_of
from tinker_conformance.report.report_reading import Report
from tinker_conformance.report.sdk_matrix import matrix
from tinker_conformance.requirements.sources import readable_source

MOST_BYTES: Final = 1_900_000
_FEW: Final = 3
_MOST_NAMES: Final = 8
_TITLE: Final = "Conformance of {number} SDKs"


def page(reports: Sequence[Report]) -> str:
    """Return the HTML page of one report, or of several side by side."""
    template = _environment().get_template("page.html.jinja")
    found = parts(reports)
    title = conclude(reports[0]).sentence if len(reports) == 1 else _TITLE.format(number=len(reports))

    def rendered(evidence: Mapping[tuple[int, int], Markup]) -> str:
        return template.render(
            title=title,
            reports=reports,
            matrix=matrix(reports),
            parts=found,
            sections=_sections(found),
            evidence=evidence,
            few=len(reports) <= _FEW,
            releases=matrix_of_releases(reports[0].verbs) if len(reports) == 1 else None,
            sign_of=sign_of,
            release_legend=RELEASE_LEGEND,
            conclude=conclude,
            named=_named,
        )

    room = MOST_BYTES - len(rendered({}).encode())
    text = rendered(_evidence(found, room))
    # What the template writes around each piece of evidence counts, too.
    excess = len(text.encode()) - MOST_BYTES
    return text if excess <= 0 else rendered(_evidence(found, room - excess))


def _named(group: Group) -> str:
    """Return the names of the SDKs of a group, the first few of them if they are many."""
    more = len(group.names) - _MOST_NAMES
    return ", ".join(group.names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _sections(found: Sequence[EvidenceSection]) -> list[tuple[str, list[tuple[int, EvidenceSection]]]]:
    """Return the lists of the page that are not empty: the title, and each section with its index."""
    numbered = list(enumerate(found))
    lists = ((kind.value, [each for each in numbered if each[1].kind is kind]) for kind in SectionKind)
    return [(title, members) for title, members in lists if members]


def _evidence(found: Sequence[EvidenceSection], room: int) -> dict[tuple[int, int], Markup]:
    """Return the HTML of as many groups as fit in `room` bytes, by the index of section and group."""
    macros = vars(_environment().get_template("evidence.html.jinja").module)
    made: dict[tuple[int, int], Markup] = {}
    groups: list[tuple[int, int, Group]] = [
        (turn, number, part.groups[turn])
        for turn in range(max((len(part.groups) for part in found), default=0))
        for number, part in enumerate(found)
        if turn < len(part.groups)
    ]
    for turn, number, group in groups:
        for form in ("full", "brief"):
            text = Markup(macros[form](group))  # noqa: S704 - the template engine has escaped it
            if (size := len(text.encode())) <= room:
                made[number, turn] = text
                room -= size
                break
    return made


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tinker_conformance.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_made_visible,
    )
    environment.globals["counted"] = counted
    environment.globals["readable_source"] = readable_source
    return environment


def _made_visible(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
