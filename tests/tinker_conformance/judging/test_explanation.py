"""The text that a terminal shows for a requirement that does not hold."""

from __future__ import annotations

import pytest

from fake_server.core.number_words import counted
from tests.tinker_conformance.checks.small_timelines import (
    end,
    line,
    notified,
    poll,
    reply,
    scenario,
    submission,
)
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.checks.projections import line_times, poll_counts, same
from tinker_conformance.judging.explanation import alone, explain, shown
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import Level, Requirement
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.timeline import (
    ClockCause,
    ClockStep,
    Event,
    OutcomeKind,
    Request,
    Telemetry,
    Timeline,
)

POLLS = Requirement("debounce.small", "It polls.", "here", ("small",), same(poll_counts))
LINES = Requirement("debounce.small", "It logs.", "here", ("small",), same(line_times))
PAUSE = "Training is paused for model-a. Reason: out of capacity"


def _case(observed: Timeline, expected: Timeline = ()) -> Case:
    info = AdapterInfo(name="an SDK", version="1")
    return Case(scenario(), load_profile("tinker-0.5.1"), expected, observed, info)


def _explained(
    *mismatches: Mismatch,
    observed: Timeline = (),
    expected: Timeline = (),
    note: str = "",
    required: Requirement = POLLS,
) -> list[str]:
    cases = {"small": _case(observed, expected), "quiet": _case(observed)}
    judgement = Judgement(required, Verdict.FAILED, mismatches, cases, note)
    return explain(judgement, alone(required.id, "exec:node it.mjs", "tinker-0.5.1")).split("\n")


def _timeline(*mismatches: Mismatch, observed: Timeline) -> list[str]:
    """The lines of the timeline, from its heading to before the command."""
    explained = _explained(*mismatches, observed=observed)
    begin = next(place for place, text in enumerate(explained) if "what the SDK did" in text)
    return explained[begin + 1 : -2]


def test_the_explanation_of_an_sdk_that_sends_nothing_says_so() -> None:
    hint = "    the SDK sent no request: let the adapter submit the operation to the base URL that the kit "
    hint += "gives it"
    due = _explained(_missing("poll 1", 0.0), expected=(poll(),))
    assert hint in due
    assert "    replies not sent" in {text[:20].rstrip() for text in _with_reply()}
    assert hint not in _explained(_missing("poll 2", 0.0), expected=(poll(),), observed=(poll(),))


def _with_reply() -> list[str]:
    return _explained(_missing("poll 1", 0.0), expected=(poll(), reply(408)))


def test_a_poll_without_its_headers_is_still_a_poll() -> None:
    bare = Request(at=0.0, method="POST", path="/api/v1/retrieve_future")
    assert shown(bare) == "polls     no iteration, no type"
    other = Request(at=0.0, method="POST", path="/api/v1/asample")
    assert shown(other) == "sends     POST /api/v1/asample"


def test_the_note_of_a_failure_is_not_its_reason() -> None:
    assert _explained(_missing("poll 1", 0.0), note="without x")[3] == "  note:     without x"


def _wrong(event: int, at: float = 0.0, scenario_id: str = "small") -> Mismatch:
    return Mismatch(scenario_id, at, "nothing", "something", event)


def _missing(what: str, at: float, place: int | None = None) -> Mismatch:
    return Mismatch("".join(("sm", "all")), at, what, "nothing", missing=place)


def test_sentence_source_and_command_stand_around_the_scenario_in_which_it_fails() -> None:
    explained = _explained(_wrong(0), observed=(poll(),))
    assert explained[:6] == [
        "debounce.small (contract): failed",
        "  required: It polls.",
        "  source:   here",
        "",
        "  scenario small (sampling and training)",
        "    at 0.000 s: wanted nothing, got something",
    ]
    command = "pytest --pyargs tinker_conformance.suite.test_debounce::debounce.small"
    assert explained[-2:] == ["", f"  rerun:    {command} --sdk 'exec:node it.mjs' --profile tinker-0.5.1"]
    assert not any(line.startswith("  scenario quiet") for line in explained)


def test_an_error_before_any_request_is_named_where_none_was_sent() -> None:
    failure = end(kind=OutcomeKind.ERROR, error="AttributeError: no 'smaple'")
    explained = _explained(_missing("poll 1", 0.0), expected=(poll(),), observed=(failure,))
    why = "    the SDK sent no valid request; it or its adapter failed first: AttributeError: no 'smaple'"
    assert why in explained


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("strict", [False, True])
def test_only_a_quirk_that_does_not_count_is_called_not_shared_and_shortened(
    level: Level, strict: bool
) -> None:
    required = Requirement("debounce.small", "It polls.", "here", ("small",), same(poll_counts), level=level)
    mismatches = (_wrong(0), _wrong(1, 2.0))
    cases = {"small": _case((poll(), poll(2.0)))}
    judgement = Judgement(required, Verdict.FAILED, mismatches, cases)
    shared = level is Level.CONTRACT or strict
    brief = explain(judgement, "rerun", brief=True, strict=strict).splitlines()
    whole = explain(judgement, "rerun", strict=strict).splitlines()
    assert brief[0] == whole[0] == f"debounce.small ({level.value}): {'failed' if shared else 'not shared'}"
    assert any("virtual time" in line for line in whole)
    if not shared:
        assert brief[1:] == ["  required: It polls.", "  first:    at 0.000 s: wanted nothing, got something"]


def test_each_mismatch_is_shown_in_its_own_scenario() -> None:
    explained = _explained(
        _missing("a", 1.0), _wrong(0, 2.0, "quiet"), _missing("c", 3.0), observed=(poll(),)
    )
    small, quiet = (
        explained.index("  scenario small (sampling and training)"),
        explained.index("  scenario quiet (sampling and training)"),
    )
    assert explained[small + 1 : small + 3] == [
        "    at 1.000 s: wanted a, got nothing",
        "    at 3.000 s: wanted c, got nothing",
    ]
    assert explained[quiet + 1] == "    at 2.000 s: wanted nothing, got something"
    assert quiet > small
    assert "    at 2.000 s: wanted nothing, got something" not in explained[:quiet]


def test_a_note_is_shown_and_without_mismatches_no_scenario_is() -> None:
    explained = _explained(observed=(poll(),), note="it broke")
    assert explained[3:5] == ["  because:  it broke", ""]
    assert len(explained) == 6


def test_a_mismatch_is_shown_even_if_nothing_was_asked_for_it() -> None:
    mismatch = Mismatch("session.asked_model", 0.0, "the model in the list", "[]")
    judgement = Judgement(POLLS, Verdict.FAILED, (mismatch,))
    assert f"    {mismatch}" in explain(judgement, "rerun").splitlines()


def test_what_an_sdk_says_cannot_move_the_readers_cursor() -> None:
    explained = _explained(_wrong(0), observed=(line("\x1b[2J\u202e"),))
    assert any("u202e" in text for text in explained)
    assert "\x1b" not in "".join(explained)


def test_the_picture_shows_the_pause_lines_that_are_wrong_and_those_that_are_missing() -> None:
    explained = _explained(
        _wrong(2, 5.0),
        _missing("a pause line", 7.0, 1),
        observed=(poll(), line("no pause", 1.0), line(PAUSE, 5.0), end()),
        expected=(poll(), line(PAUSE, 7.0), end(7.0, kind=OutcomeKind.FAILED)),
        required=LINES,
    )
    (actual,) = (text for text in explained if "log line, actual" in text)
    (expected,) = (text for text in explained if "log line, expected" in text)
    assert actual.count("✗") == 1
    assert expected.count("✗ missing") == 1
    assert any("60 s window" in text for text in explained)
    # How futures end is not compared, so that it is neither marked nor shown.
    assert not any(text.strip().startswith("end, ") for text in explained)


@pytest.mark.parametrize("claimed", [False, True])
def test_calls_of_the_observer_are_drawn_only_if_the_adapter_reports_them(claimed: bool) -> None:
    capabilities = frozenset({Capability.CALLBACKS} if claimed else ())
    info = AdapterInfo(name="an SDK", version="1", capabilities=capabilities)
    expected = (poll(), notified("paused_capacity"), line(PAUSE))
    case = Case(scenario(), load_profile("tinker-0.5.1"), expected, (poll(),), info)
    judgement = Judgement(LINES, Verdict.FAILED, (_missing("a pause line", 0.0, 2),), {"small": case})
    text = explain(judgement, "rerun")
    assert "log line, expected" in text
    assert ("observer, expected" in text) is claimed


def test_what_comes_at_the_time_of_a_missing_event_is_not_marked() -> None:
    explained = _explained(
        _missing("one more poll", 7.0, 1),
        observed=(poll(), end()),
        expected=(poll(), poll(7.0), submission("/api/v1/asample", 7.0), end(7.0)),
        required=POLLS,
    )
    assert "".join(explained).count("✗") == 1
    assert [text.split()[-2:] for text in explained if "✗" in text] == [["✗", "missing"]]


def _brief(judgement: Judgement) -> list[str]:
    lines = explain(judgement, "rerun", brief=True).splitlines()
    assert lines[-3] == "    (picture and events: -v, or the report)"
    return [text.strip() for text in lines[4:-3]]


def test_in_brief_each_scenario_has_its_first_three_mismatches() -> None:
    case = _case((poll(),))
    mismatches = tuple(Mismatch(name, 1.0, str(n), "nothing") for name in "ab" for n in range(6))
    judgement = Judgement(POLLS, Verdict.FAILED, mismatches, cases={"a": case, "b": case})
    shown_of_one = [*(f"at 1.000 s: wanted {n}, got nothing" for n in range(3)), "… and 3 more"]
    first, second = (f"scenario {name} (sampling and training)" for name in "ab")
    assert _brief(judgement) == [first, *shown_of_one, "", second, *shown_of_one]
    for few in (2, 3):
        judgement = Judgement(POLLS, Verdict.FAILED, mismatches[:few], cases={"a": case})
        assert _brief(judgement) == [first, *shown_of_one[:few]]


def test_what_a_server_was_asked_is_drawn_in_real_time_and_not_in_brief() -> None:
    wrong = Mismatch("session.asked_model", 1.0, "nothing", "something", 2)
    exchanges = (poll(), reply(200), poll(1.0))
    judgement = Judgement(POLLS, Verdict.FAILED, (wrong,), exchanges=exchanges)
    explained = explain(judgement, "rerun").splitlines()
    assert any(text.split()[:2] == ["real", "time"] for text in explained)
    (asked,) = (text for text in explained if "requests, actual" in text)
    assert asked.split("actual")[1].split() == ["poll", "1", "✗", "poll", "1"]
    assert "real time" not in explain(judgement, "rerun", brief=True)


def test_the_picture_shows_another_line_only_if_a_mismatch_names_it() -> None:
    observed = (poll(), line("Retrying", 5.0, level="error"), line("Going on", 6.0))
    (lane,) = (text for text in _explained(_wrong(1, 5.0), observed=observed) if "line, actual" in text)
    assert lane.split("actual")[1].split() == ["✗", "ERROR"]
    assert not any("line, actual" in text for text in _explained(_missing("x", 5.0), observed=observed))


# -- the timeline ---------------------------------------------------------------------------------------


def test_what_is_wrong_is_marked_and_what_is_missing_stands_where_it_was_due() -> None:
    events = (poll(1.0), reply(408, 2.0), notified("unknown", 2.0), poll(4.0))
    assert _timeline(
        _wrong(2, 2.0), _missing("late", 9.0), _missing("early", 0.5), _missing("due", 2.0), observed=events
    ) == [
        "    +      0.500 s  early",
        "           1.000 s  polls     iteration 0, type Sample",
        "           2.000 s  receives  HTTP 408 without a body",
        "    >      2.000 s  observer  unknown",
        "    +      2.000 s  due",
        "           4.000 s  polls     iteration 0, type Sample",
        "    +      9.000 s  late",
    ]


def test_two_things_that_are_missing_at_once_both_stand_there() -> None:
    explained = _timeline(_missing("a", 1.0), _missing("b", 1.5), observed=(poll(), poll(2.0)))
    assert [text.split("  ")[-1] for text in explained[1:3]] == ["a", "b"]


@pytest.mark.parametrize(("events", "more"), [(60, None), (61, 1), (130, 70)])
def test_a_long_timeline_is_cut_and_says_how_much_is_left(events: int, more: int | None) -> None:
    explained = _timeline(_wrong(0), observed=tuple(poll(float(n)) for n in range(events)))
    assert len(explained) == 60 + (more is not None)
    if more is not None:
        assert explained[-1] == f"      … and {counted(more, 'more event')}"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (submission("/api/v1/asample"), "sends     POST /api/v1/asample"),
        (poll(iteration="3"), "polls     iteration 3, type Sample"),
        (reply(408, body={"queue_state": "x"}), 'receives  HTTP 408 {"queue_state":"x"}'),
        (reply(408, body={}), "receives  HTTP 408 {}"),
        (reply(503), "receives  HTTP 503 without a body"),
        (reply(408, raw=""), "receives  HTTP 408 empty body"),
        (reply(408, raw="null"), "receives  HTTP 408 null"),
        (reply(408, raw='try "later"'), 'receives  HTTP 408 not JSON: "try \\"later\\""'),
        (reply(200), "receives  HTTP 200 result"),
        (reply(None, fault="reset"), "receives  no reply: reset"),
        (reply(200, fault="cut"), "receives  HTTP 200, with a fault: cut"),
        (
            ClockStep(at=0.0, wall=-5.0, monotonic=0.001, cause=ClockCause.SCRIPT),
            "clock     wall -5.000 s, monotonic +0.001 s (script)",
        ),
        (notified("unknown"), "observer  unknown"),
        (notified("unknown", reason=""), "observer  unknown, reason ''"),
        (line("x", level="info"), "logs      info: 'x'"),
        (Telemetry(at=0.0, name="t"), "telemetry t"),
        (end(), "ends      result"),
        (end(kind=OutcomeKind.FAILED, error="E: no"), "ends      failed: E: no"),
    ],
)
def test_each_event_is_shown_in_a_line(event: Event, text: str) -> None:
    assert shown(event) == text


def test_a_line_is_cut_where_a_terminal_ends() -> None:
    explained = shown(line("x" * 500))
    assert explained.startswith("logs      warning: 'xxx")
    assert len(explained) == 160
