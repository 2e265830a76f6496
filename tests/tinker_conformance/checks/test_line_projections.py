"""What is compared of pause lines."""

from __future__ import annotations

import msgspec
import pytest

from tests.tinker_conformance.checks.small_timelines import (
    case,
    line,
    places,
    poll,
    reply,
    says,
    scenario,
    seen,
)
from tinker_conformance.checks import projections
from tinker_conformance.checks.case import Case
from tinker_conformance.timeline import ClockCause, ClockStep, Log

TRAINING = "Training is paused for model-a. Reason: out of capacity"
SAMPLING = "Sampling is paused for sampler sampler-b. Reason: out of capacity"


def test_when_lines_are_logged_is_reported_for_each() -> None:
    of = case(poll(), line(TRAINING, 1.5), reply(), line(TRAINING, 61.5), line("else", 62.0))
    assert says(projections.line_times, of) == ["a pause line at 1.500 s", "a pause line at 61.500 s"]
    assert places(projections.line_times, of) == [(1, 1.5), (3, 61.5)]
    assert [fact.shown for fact in seen(projections.line_times, of)] == [f"the line {TRAINING!r}"] * 2


@pytest.mark.parametrize(
    ("moments", "first"),
    [((0.0, 1199.999), None), ((1200.0, 1260.0), 1200.0), ((5.0, 1300.0, 1400.0), 1300.0), ((), None)],
)
def test_a_line_at_last_is_the_first_from_twenty_minutes_on(
    moments: tuple[float, ...], first: float | None
) -> None:
    of = case(*(line(TRAINING, at) for at in moments))
    found = places(projections.lines_at_last, of)
    assert found == ([] if first is None else [(moments.index(first), first)])


# -- whose line it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "client", "name"),
    [
        (TRAINING, None, "model-a"),
        (SAMPLING, None, "sampler-b"),
        (TRAINING, "sampler", "model-a"),
        ("All paused. Reason: model-a and sampler-b", "sampler", "sampler-b"),
        ("All paused. Reason: sampler-b and model-a", "nobody", "model-a"),
        ("All paused. Reason: none", "sampler", "sampler-b"),
        ("All paused. Reason: none", None, "an unknown client"),
    ],
)
def test_a_line_is_of_the_client_that_it_names_else_of_the_one_that_logged_it(
    message: str, client: str | None, name: str
) -> None:
    of = case(poll(), line(message, 2.0, client=client))
    assert says(projections.line_clients, of) == [f"a pause line for {name} at 2.000 s"]
    assert places(projections.line_clients, of) == [(1, 2.0)]


def test_lines_of_two_clients_at_one_instant_are_two_facts_at_two_keys() -> None:
    facts = seen(projections.line_clients, case(line(TRAINING), line(SAMPLING)))
    assert len({fact.key for fact in facts}) == 2


def test_a_round_lasts_until_the_script_moves_the_clocks() -> None:
    moved = ClockStep(at=60.0, wall=60.0, monotonic=60.0, cause=ClockCause.SCRIPT)
    slept = ClockStep(at=61.0, wall=1.0, monotonic=1.0, cause=ClockCause.SLEEP)
    nobody = line("Paused. Reason: 1", 61.0)
    of = case(
        line(TRAINING), poll(), moved, line(SAMPLING, 60.0), slept, nobody, moved, line(TRAINING, 121.0)
    )
    assert says(projections.line_rounds, of) == [
        "a pause line for model-a before the first clock step of the script",
        "a pause line for sampler-b after clock step 1 of the script",
        "a pause line for an unknown client after clock step 1 of the script",
        "a pause line for model-a after clock step 2 of the script",
    ]
    assert places(projections.line_rounds, of) == [(0, 0.0), (3, 60.0), (5, 61.0), (7, 121.0)]
    assert len({fact.key for fact in seen(projections.line_rounds, of)}) == 4


# -- what lines say -------------------------------------------------------------------------------------


def test_each_level_is_reported_once_at_its_first_line() -> None:
    of = case(
        poll(),
        line(TRAINING, 1.0),
        line(SAMPLING, 2.0),
        line(TRAINING, 3.0, level="info"),
        line(TRAINING, 4.0),
    )
    assert says(projections.line_levels, of) == [
        "a pause line at level warning",
        "a pause line at level info",
    ]
    assert places(projections.line_levels, of) == [(1, 1.0), (3, 3.0)]
    assert seen(projections.line_levels, of)[1].shown == f"the line {TRAINING!r} at level info"


def test_each_text_is_reported_once_at_its_first_line() -> None:
    of = case(poll(), line(TRAINING, 1.0), line(TRAINING, 2.0), line(SAMPLING, 3.0))
    assert says(projections.line_texts, of) == [f"the line {TRAINING!r}", f"the line {SAMPLING!r}"]
    assert places(projections.line_texts, of) == [(1, 1.0), (3, 3.0)]


def test_the_verb_phrase_is_that_of_the_lines_own_client() -> None:
    of = case(poll(), line(TRAINING, 1.0), line(SAMPLING, 2.0))
    assert says(projections.line_verbs, of) == [
        "a pause line with the words 'Training is paused'",
        "a pause line with the words 'Sampling is paused'",
    ]
    assert places(projections.line_verbs, of) == [(1, 1.0), (2, 2.0)]


@pytest.mark.parametrize("message", ["Paused: model-a. Reason: none", "Sampling is paused for model-a"])
def test_another_verb_is_a_line_without_it(message: str) -> None:
    of = case(line(message))
    assert says(projections.line_verbs, of) == ["a pause line without it"]
    assert seen(projections.line_verbs, of)[0].shown == f"the line {message!r}"


def test_a_verb_phrase_may_go_around_the_client() -> None:
    of = case(line("Training for model-a is paused."), line("Training for model-b is paused, reason unknown"))
    phrase = "Training for {identifier} is paused"
    forms = msgspec.structs.replace(of.profile.observer.training, verb_phrase=phrase)
    observer = msgspec.structs.replace(of.profile.observer, training=forms)
    around = Case(
        of.scenario, msgspec.structs.replace(of.profile, observer=observer), (), of.observed, of.sdk
    )
    assert says(projections.line_verbs, around) == [
        f"a pause line with the words {phrase!r}",
        "a pause line without it",
    ]


def test_the_identifier_is_reported_or_that_there_is_none() -> None:
    of = case(line(TRAINING), line("Sampling is paused. Reason: none", client="sampler"), line(TRAINING))
    assert says(projections.line_identifiers, of) == [
        "a pause line with the identifier 'model-a'",
        "a pause line without it",
    ]
    assert places(projections.line_identifiers, of) == [(0, 0.0), (1, 0.0)]


def test_a_line_that_nobody_claims_is_held_to_the_first_client() -> None:
    of = case(line("Training is paused. Reason: none"))
    assert says(projections.line_verbs, of) == ["a pause line with the words 'Training is paused'"]


def test_a_line_of_a_client_that_the_revision_does_not_observe_is_a_line_without() -> None:
    creation = scenario({"creator": {"kind": "model_creation", "id": "base"}})
    of = case(line("Model creation is paused for base. Reason: none"), of=creation)
    assert says(projections.line_identifiers, of) == ["a pause line without it"]


# -- reasons --------------------------------------------------------------------------------------------


def _reason(message: str, steps: list[object] | None = None) -> list[str]:
    return says(projections.line_reasons, case(_paused(message), of=scenario(steps=steps)))


def _paused(reason: str) -> Log:
    return line(f"Training is paused for model-a. Reason: {reason}")


@pytest.mark.parametrize(
    "reason",
    ["out of capacity", "concurrent models rate limit hit", "concurrent LoRA rate limit hit", "unknown"],
)
def test_a_reason_of_the_revision_is_reported_whichever_client_gives_it(reason: str) -> None:
    assert _reason(reason) == [f"a pause line with the reason {reason!r}"]


def test_a_reason_that_nobody_knows_is_a_line_without() -> None:
    assert _reason("it rains") == ["a pause line without it"]


@pytest.mark.parametrize(
    ("of_the_server", "given"),
    [
        ("out of capacity in this region", "out of capacity in this region"),
        ("unknown, but out of capacity", "unknown, but out of capacity"),
        ("capacity", "out of capacity"),
    ],
)
def test_of_two_reasons_of_which_one_is_a_part_of_the_other_the_longer_is_reported(
    of_the_server: str, given: str
) -> None:
    steps: list[object] = [{"timeout": {"queue_state_reason": of_the_server}}, {"complete": {}}]
    assert _reason(given, steps) == [f"a pause line with the reason {given!r}"]


def test_the_fallback_is_reported_only_where_no_other_reason_is_given() -> None:
    steps: list[object] = [{"timeout": {"queue_state_reason": "full"}}, {"complete": {}}]
    assert _reason("full, for how long is unknown", steps) == ["a pause line with the reason 'full'"]
