"""The one comparison that all checks share: facts are paired by key, in order."""

from __future__ import annotations

from tinker_conformance.checks.case import Mismatch
from tinker_conformance.checks.facts import Fact, differences


def _fact(key: str, says: str, *, at: float = 1.0, event: int = 7) -> Fact:
    return Fact(key, at, says, f"{says}, shown", event)


def _differences(expected: list[Fact], observed: list[Fact]) -> list[Mismatch]:
    return list(differences("scenario", expected, observed))


def test_equal_facts_are_no_difference_whenever_and_wherever_they_stand() -> None:
    assert _differences([_fact("a", "x")], [_fact("a", "x", at=9.0, event=3)]) == []
    assert _differences([], []) == []


def test_what_facts_say_is_compared_by_its_letters() -> None:
    spelled = "".join(["x", " and ", "y"])
    assert _differences([_fact("a", "x and y")], [_fact("a", spelled)]) == []


def test_another_fact_at_the_same_key_is_one_difference_at_the_place_of_what_came() -> None:
    found = _differences([_fact("a", "x", at=1.0, event=1)], [_fact("a", "y", at=2.0, event=5)])
    assert found == [Mismatch("scenario", 2.0, "x", "y, shown", 5)]


def test_a_missing_fact_and_one_too_many_are_a_difference_each() -> None:
    assert _differences([_fact("a", "x")], []) == [Mismatch("scenario", 1.0, "x", "nothing", missing=7)]
    assert _differences([], [_fact("a", "x")]) == [Mismatch("scenario", 1.0, "nothing", "x, shown", 7)]
    assert _differences([_fact("a", "x")], [_fact("b", "x")]) == [
        Mismatch("scenario", 1.0, "x", "nothing", missing=7),
        Mismatch("scenario", 1.0, "nothing", "x, shown", 7),
    ]


def test_facts_of_one_key_are_paired_in_order() -> None:
    expected = [_fact("a", "x"), _fact("a", "y")]
    assert _differences(expected, [_fact("a", "x"), _fact("a", "y")]) == []
    assert len(_differences(expected, [_fact("a", "y"), _fact("a", "x")])) == 2
    assert _differences(expected, [_fact("a", "x")]) == [Mismatch("scenario", 1.0, "y", "nothing", missing=7)]


def test_differences_come_in_order_of_time() -> None:
    found = _differences(
        [_fact("late", "x", at=9.0), _fact("early", "x", at=1.0)], [_fact("mid", "x", at=5.0)]
    )
    assert [mismatch.at for mismatch in found] == [1.0, 5.0, 9.0]


def test_a_missing_fact_names_what_came_at_its_time_instead() -> None:
    expected = [_fact("a", "x", at=1.0), _fact("b", "y", at=2.0)]
    observed = [_fact("c", "z", at=1.0, event=3), _fact("d", "z", at=3.0, event=4)]
    assert _differences(expected, observed) == [
        Mismatch("scenario", 1.0, "x", "z, shown", 3),
        Mismatch("scenario", 2.0, "y", "nothing", missing=7),
        Mismatch("scenario", 3.0, "nothing", "z, shown", 4),
    ]


def test_a_fact_that_repeats_is_not_compared_but_is_what_came_instead() -> None:
    expected = [_fact("a", "x", at=1.0), _fact("a", "y", at=2.0)]
    again = Fact("a", 2.0, "x", "x again", 9, repeats=True)
    assert _differences(expected, [_fact("a", "x", at=1.0), again]) == [
        Mismatch("scenario", 2.0, "y", "x again", 9)
    ]


def test_what_comes_at_another_time_is_not_what_came_instead() -> None:
    """Not at a multiple of the time, either."""
    assert _differences([_fact("a", "x", at=1.0)], [_fact("b", "z", at=2.0)]) == [
        Mismatch("scenario", 1.0, "x", "nothing", missing=7),
        Mismatch("scenario", 2.0, "nothing", "z, shown", 7),
    ]


def test_what_says_the_same_by_its_letters_did_not_come_instead() -> None:
    spelled = "".join(["x", " and ", "y"])
    assert _differences([_fact("a", "x and y")], [_fact("b", spelled)]) == [
        Mismatch("scenario", 1.0, "x and y", "nothing", missing=7),
        Mismatch("scenario", 1.0, "nothing", "x and y, shown", 7),
    ]


def test_facts_after_one_that_repeats_are_compared() -> None:
    again = Fact("a", 1.0, "x", "x again", 9, repeats=True)
    assert _differences([_fact("b", "y")], [again, _fact("b", "y")]) == []
