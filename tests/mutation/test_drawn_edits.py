"""The drawn edits of official releases: enough of them, and each is caught or has a reason."""

from __future__ import annotations

from collections import Counter

import pytest

from tinker_conformance.profile.releases import profile_for
from tinker_conformance.requirements import requirement

from .drawn_edits import DrawnEdit, document, drawn

DRAW = drawn()


@pytest.mark.parametrize("edit", DRAW.edits, ids=lambda edit: f"{edit.release} {edit.module}:{edit.line}")
def test_an_edit_is_caught_by_a_requirement_of_its_release_or_has_a_reason(edit: DrawnEdit) -> None:
    assert (edit.caught_by is None) == bool(edit.why)
    if edit.caught_by is not None:
        assert requirement(edit.caught_by).holds(profile_for(edit.release))


def test_at_least_forty_edits_of_three_releases_are_caught() -> None:
    caught = Counter(edit.release for edit in DRAW.edits if edit.caught_by is not None)
    assert set(caught) == {"0.6.3", "0.20.0", "0.38.0"}
    assert caught.total() >= 40
    assert min(caught.values()) >= 13


def test_as_many_lines_of_each_release_and_area_were_taken() -> None:
    taken = Counter((edit.release, edit.area) for edit in DRAW.edits)
    assert {area: times for (_, area), times in taken.items()} == {"polling": 7, "clients": 7, "requests": 4}
    assert len(taken) == 9
    assert taken.total() == 54


def test_no_line_was_drawn_twice() -> None:
    lines = Counter((each.release, each.module, each.line) for each in (*DRAW.edits, *DRAW.left_out))
    assert set(lines.values()) == {1}


def test_the_page_says_what_became_of_each_line() -> None:
    page = document()
    for each in (*DRAW.edits, *DRAW.left_out):
        assert f"| `{each.module}:{each.line}` | " in page
    assert page.count(" * |") == sum(edit.was_a_gap for edit in DRAW.edits)
