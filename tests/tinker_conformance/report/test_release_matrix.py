"""The matrix of releases and verbs, and the range of releases that work whole."""

from __future__ import annotations

import re

import pytest
from rich.console import Console

from tinker_conformance.report.markdown import markdown_releases
from tinker_conformance.report.records import VerbRecord
from tinker_conformance.report.release_matrix import (
    NEEDS,
    SIGNS,
    ReleaseMatrix,
    matrix_of_releases,
    matrix_table,
)
from tinker_conformance.report.verb_outcome import VerbOutcome

WORKS, ERROR, HANG = VerbOutcome.WORKS, VerbOutcome.ERROR, VerbOutcome.HANG
QUESTION = "Which releases may my users have?"


def matrix(**outcomes: str) -> ReleaseMatrix:
    """One letter a verb, a release each: w(orks), e(rror), h(ang), - not offered, . absent."""
    letters = {
        "w": WORKS,
        "e": ERROR,
        "h": HANG,
        "-": VerbOutcome.NOT_OFFERED,
        ".": VerbOutcome.ABSENT,
    }
    verbs = ("forward", "sample", "get_session")
    return matrix_of_releases(
        VerbRecord(
            release=release.removeprefix("v").replace("_", "."),
            verb=verb,
            outcome=letters[letter],
            note="" if letter in "w.-" else f"server: HTTP 500 for id {release.encode().hex()}, 1.7 s ago",
        )
        for release, row in outcomes.items()
        for verb, letter in zip(verbs, row, strict=False)
    )


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ({"v0_38_0": "www"}, "tinker 0.38.0: it works whole."),
        ({"v0_9_0": "www", "v0_38_0": "ww."}, "tinker 0.9.0 to 0.38.0: all 2 releases driven work whole."),
        (
            {"v0_10_0": "wew", "v0_9_0": "www", "v0_38_0": "www"},
            "tinker 0.9.0 and 0.38.0: 2 of the 3 releases driven work whole.",
        ),
        (
            {"v0_1_0": "www", "v0_2_0": "www", "v0_3_0": "whw", "v0_4_0": "www"},
            "tinker 0.1.0 to 0.2.0 and 0.4.0: 3 of the 4 releases driven work whole.",
        ),
        (
            {"v0_1_0": "wew", "v0_2_0": "ww-"},
            (
                "tinker 0.2.0: 1 of the 2 releases driven works whole, "
                "without what the server does not offer (get_session)."
            ),
        ),
        ({"v0_1_0": "wew"}, "None that was driven: tinker 0.1.0 does not work whole."),
        ({"v0_1_0": "wew", "v0_2_0": "hhh"}, "None that was driven: none of the 2 works whole."),
        ({"v0_1_0": "---"}, "None that was driven: tinker 0.1.0 does not work whole."),
    ],
)
def test_the_conclusion_names_only_driven_releases_that_work_whole(
    outcomes: dict[str, str], wanted: str
) -> None:
    assert matrix(**outcomes).conclusion == f"{QUESTION} {wanted}"


def test_without_a_release_there_is_no_conclusion() -> None:
    assert matrix_of_releases(()).conclusion == ""


def test_neighbours_that_met_the_same_share_a_column_and_a_note() -> None:
    found = matrix(v0_2_0="wew", v0_10_0="wew", v0_3_0="www", v0_4_0="wew")
    assert [column.title for column in found.columns()] == ["0.2.0", "0.3.0", "0.4.0 to 0.10.0"]
    (note,) = found.notes()
    assert note.releases == ("0.2.0", "0.4.0", "0.10.0")
    assert str(note).startswith("sample, tinker 0.2.0, 0.4.0, 0.10.0: error: server: HTTP 500 for id ")


def test_a_verb_that_only_needs_another_has_no_note_but_keeps_a_release_from_working_whole() -> None:
    blocked = VerbRecord(
        release="0.38.0",
        verb="sample",
        outcome=VerbOutcome.NOT_TESTABLE,
        note=f"{NEEDS}create_sampling_client, which hangs",
    )
    found = ReleaseMatrix((*matrix(v0_38_0="w").records, blocked))
    assert found.notes() == ()
    assert not found.works_whole("0.38.0")


def test_the_table_has_a_sign_for_each_outcome() -> None:
    console = Console(width=100, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(matrix_table(matrix(v0_1_0="weh", v0_2_0="-.w")))
    rows = [line.split() for line in captured.get().splitlines()]
    assert rows == [
        ["verb", "0.1.0", "0.2.0"],
        ["forward", SIGNS[WORKS], SIGNS[VerbOutcome.NOT_OFFERED]],
        ["sample", SIGNS[ERROR]],
        ["get_session", SIGNS[HANG], SIGNS[WORKS]],
    ]
    assert len(set(SIGNS.values())) == len(VerbOutcome)


def test_markdown_shows_hostile_text_literally() -> None:
    record = VerbRecord(release="0.38.0", verb="a|b", outcome=ERROR, note="server: <script>`|\n# big")
    lines = list(markdown_releases(matrix_of_releases([record])))
    assert not [line for line in lines if "<script>" in line or "a|b" in line or line.startswith("# ")]
    assert [len(re.findall(r"(?<!\\)\|", lines[number])) for number in (0, 2)] == [3, 3]
