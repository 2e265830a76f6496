"""The page of survivors: it speaks of lines that there are, and complains of what it does not say."""

from __future__ import annotations

import re

import pytest

from .mutants import Mutant
from .page import Explanation, complaints, counts, explanations
from .targets import PACKAGE, PAGE, ROOT, TARGETS

TEXT = PAGE.read_text(encoding="utf-8")
SURVIVOR = Mutant("observer.py", "a | b", "a", survived=True)
ROW = r"| `observer.py` | `a \| b` | `a` |"
EXPLAINED = f"{ROW} It is the same. |"


@pytest.mark.parametrize("module", TARGETS)
def test_what_is_mutated_exists_and_so_do_its_tests(module: str) -> None:
    assert (ROOT / PACKAGE / module).is_file()
    assert all((ROOT / "tests" / test).is_file() for test in TARGETS[module])


def test_the_page_counts_the_mutants_of_each_module_and_as_many_survivors_as_it_explains() -> None:
    explained = [row.module for row in explanations(TEXT)]
    assert {module: survive for module, (_, survive) in counts(TEXT).items()} == {
        module: explained.count(module) for module in TARGETS
    }
    assert all(survive < made for made, survive in counts(TEXT).values())


@pytest.mark.parametrize("row", explanations(TEXT), ids=lambda row: f"{row.module}: {row.line}")
def test_an_explained_line_stands_in_its_module(row: Explanation) -> None:
    source = (ROOT / PACKAGE / row.module).read_text(encoding="utf-8")
    assert row.line in re.sub(r"\s+", " ", source)


def test_every_row_of_the_table_has_a_reason() -> None:
    rows = re.findall(r"^\| `[^`]+` \| `.*$", TEXT, re.MULTILINE)
    assert len(rows) == len(explanations(TEXT))


def test_a_survivor_is_explained_by_a_row_of_its_own() -> None:
    assert list(complaints(EXPLAINED, "observer.py", [SURVIVOR])) == []
    assert list(complaints("", "observer.py", [SURVIVOR])) == [f"UNEXPLAINED: {ROW}"]
    assert list(complaints(EXPLAINED, "observer.py", [SURVIVOR, SURVIVOR])) == [f"UNEXPLAINED: {ROW}"]
    assert list(complaints(f"{EXPLAINED}\n{EXPLAINED}", "observer.py", [SURVIVOR, SURVIVOR])) == []


def test_a_mutant_that_is_noticed_must_not_be_explained() -> None:
    noticed = Mutant("observer.py", "a | b", "a", survived=False)
    assert list(complaints(EXPLAINED, "observer.py", [noticed])) == [f"EXPLAINED, BUT NOTICED: {ROW}"]
    assert list(complaints("", "observer.py", [noticed])) == []
    assert list(complaints(EXPLAINED, "queue_state.py", [])) == []
