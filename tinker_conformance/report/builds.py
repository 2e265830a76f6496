"""Tell several builds of one SDK version apart, where their reports are shown side by side."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tinker_conformance.report.report_reading import Report

MOST_CHARACTERS: Final = 32


def with_builds(reports: Sequence[Report]) -> list[Report]:
    """Return the reports, with `build` set where two have the same SDK, version and profile.

    The name of a build is the SPEC of its SDK, or the folder of its report if the SPECs are equal too.
    """
    alike = Counter(_key(report) for report in reports)
    labels: dict[int, str] = {}
    for key in (key for key, number in alike.items() if number > 1):
        places = [place for place, report in enumerate(reports) if _key(report) == key]
        specs = [reports[place].start.sdk.spec for place in places]
        distinct = len(set(specs)) == len(specs)
        texts = specs if distinct else [reports[place].folder for place in places]
        labels |= dict(zip(places, _shortened(texts), strict=True))
    return [dataclasses.replace(report, build=labels.get(place, "")) for place, report in enumerate(reports)]


def _key(report: Report) -> tuple[str, str, str]:
    return report.start.sdk.name, report.start.sdk.version, report.start.profile.name


def _shortened(texts: Sequence[str]) -> list[str]:
    """Return the texts without the beginning that all of them share; equal texts are numbered."""
    shared = os.path.commonprefix(list(texts))  # noqa: RUF071 - what follows goes back to a whole name
    # Back to where a word or a folder begins, so that no name is cut in the middle.
    begin = max(shared.rfind(" "), shared.rfind("/"), shared.rfind("\\")) + 1
    short = [
        f"…{text[-MOST_CHARACTERS:]}" if len(text) > MOST_CHARACTERS else text for text in _cut(texts, begin)
    ]
    if len(set(short)) == len(short):
        return short
    return [f"{number}: {text}" for number, text in enumerate(short, 1)]


def _cut(texts: Sequence[str], begin: int) -> list[str]:
    return [text[begin:] or text for text in texts]
