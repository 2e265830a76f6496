"""Scripts as they are written from Python."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_server import (
    Advance,
    DropKind,
    Exhausted,
    FailCategory,
    FakeTinker,
    Script,
    ScriptError,
    Status,
    Timeout,
    VerifiedTinker,
    every,
)
from fake_server.script import complete, drop, fail, script, status, timeout, try_again
from fake_server.script.builder import as_script
from fake_server.script.computed_replies import sampled
from fake_server.script.holds import outage
from fake_server.script.setup_replies import setup_replies


def test_builder_gives_the_steps_in_the_order_they_were_written() -> None:
    built = (
        script()
        .then(timeout(queue_state="paused_capacity", queue_state_reason=None))
        .times(3)
        .advance(59.999)
        .advance(wall=-5, monotonic=0.001)
        .then(try_again(queue_state="active"), complete())
        .exhausted("repeat")
        .build()
    )
    pause = timeout({"queue_state": "paused_capacity", "queue_state_reason": None})
    clocks = (Advance(59_999_000, 59_999_000), Advance(-5_000_000, 1_000))
    assert built.steps == (pause, pause, pause, *clocks, try_again({"queue_state": "active"}), complete())
    assert built.exhausted is Exhausted.REPEAT
    assert [len(turn.advances) for turn in built.turns] == [0, 0, 0, 2, 0]


def test_builder_never_changes() -> None:
    beginning = script().then(timeout())
    longer = beginning.then(complete())
    assert beginning.build() == Script((timeout(),))
    assert longer.build() == Script((timeout(), complete()))


def test_times_repeats_the_reply_and_not_the_advance_before_it() -> None:
    built = script().advance(1).then(timeout()).times(2).build()
    assert [turn.advances for turn in built.turns] == [(Advance(1_000_000, 1_000_000),), ()]


def test_one_negative_number_leaves_the_monotonic_clock() -> None:
    assert script().advance(-100).build().tail == (Advance(-100_000_000, 0),)


def test_advance_takes_seconds() -> None:
    step = Advance(-1_500_000, 1)
    assert (step.wall, step.monotonic) == (-1.5, 0.000001)


@given(st.integers(-(10**15), 10**15))
def test_whole_microseconds_survive_being_written_as_seconds(count: int) -> None:
    assert script().advance(wall=count / 1_000_000).build().tail == (Advance(count, 0),)


def test_bodies_are_copied_when_the_step_is_made() -> None:
    body = {"queue_state": ["x"]}
    step = Timeout(body)
    body["queue_state"].append("y")
    assert step.reply.body == b'{"queue_state":["x"]}'


def test_steps_say_what_goes_over_the_wire() -> None:
    assert status(503, {"a": None}).reply.headers == ((b"content-type", b"application/json"),)
    raw = status(408, raw="no json", headers={"X-A": "b"}).reply
    assert (raw.headers, raw.body) == (((b"content-type", b"text/plain"), (b"x-a", b"b")), b"no json")
    assert status(503).reply.headers == ()
    assert status(200, None).reply.body == b"null"
    assert fail("server", "broken").reply.body == b'{"error":"broken","category":"server"}'
    assert drop("close").kind is DropKind.CLOSE
    assert fail().category is FailCategory.USER
    assert Status(200, raw=b"\xff", content_type="a/b").reply.headers == ((b"content-type", b"a/b"),)


def test_lone_surrogates_reach_the_client_as_escapes() -> None:
    assert timeout(queue_state="\ud800").reply.body == b'{"queue_state":"\\ud800"}'


MISTAKES = {
    "back": (lambda: script().advance(monotonic=-1), "would move the monotonic clock back"),
    "too_fine": (lambda: script().advance(0.0000001), "at most 6 decimals"),
    "no_number": (lambda: script().advance(True), "not a number of seconds"),
    "infinite": (lambda: script().advance(float("inf")), "out of range"),
    "too_long": (lambda: script().advance(1e12), "out of range"),
    "no_time": (lambda: script().advance(), "advance needs seconds"),
    "both_forms": (lambda: script().advance(1, wall=1), "give seconds alone, or wall and monotonic"),
    "times_of_nothing": (lambda: script().times(2), "call then.. first"),
    "times_of_advance": (lambda: script().advance(1).times(2), "call then.. first"),
    "times_zero": (lambda: script().then(timeout()).times(0), "whole number from 1"),
    "too_many": (
        lambda: script().then(timeout()).times(10**6).then(complete()).build(),
        "the limit is 1000000",
    ),
    "nothing_to_repeat": (
        lambda: script().exhausted("repeat").build(),
        "the script has none; add a reply",
    ),
    "unknown_rule": (lambda: script().exhausted("stop"), "use one of fail, repeat, error"),
    "unknown_drop": (lambda: drop("rest"), "did you mean 'reset'"),
    "unknown_category": (lambda: fail("usr"), "did you mean 'user'"),
    "status_100": (lambda: status(100), "use a whole number, 200 to 599"),
    "body_of_204": (lambda: status(204, {}), "cannot have a body"),
    "body_and_raw": (lambda: status(500, {}, raw="x"), "keep one"),
    "framing_header": (lambda: status(500, headers={"Content-Length": "1"}), "server sets the header"),
    "header_injection": (lambda: status(500, headers={"a": "b\r\nc: d"}), "control characters"),
    "header_name": (lambda: status(500, headers={"a b": "c"}), "is not a header name"),
    "nan": (lambda: timeout(float("nan")), "is not a JSON number"),
    "date": (lambda: timeout(a=object()), "not a JSON value"),
    "key": (lambda: timeout({1: 2}), "JSON keys are strings"),
    "a_text": (lambda: as_script("complete"), "'c' is no step of a script"),  # type: ignore[arg-type]
    "a_number": (lambda: as_script(3), "3 is no step of a script"),  # type: ignore[arg-type]
    "one_step": (
        lambda: as_script(complete()),  # type: ignore[arg-type]
        r"is one step, and a script is a list of them; write \[complete\(…\)\]$",
    ),
    "a_list_as_a_step": (
        lambda: as_script([[status(503)]]),  # type: ignore[list-item]
        r"the list \[Status\(.*\)\] stands where one step belongs",
    ),
    "not_called": (lambda: script(complete).build(), "call it: complete"),  # type: ignore[arg-type]
    "no_reply": (lambda: setup_replies("create_session", 3), "3 is no step"),  # type: ignore[arg-type]
    "not_called_in_a_rule": (lambda: every(1).plays(drop), "call it: drop"),  # type: ignore[arg-type]
    "beginning_of_a_rule": (lambda: FakeTinker(seed=1).add_rule(every(3)), "complete it with paused"),  # type: ignore[arg-type]
    "uncalled_rule": (lambda: VerifiedTinker(seed=1).add_rule(outage), "outage is a function, and no rule"),  # type: ignore[arg-type]
    "no_rule": (lambda: VerifiedTinker(seed=1).add_rule(complete()), "is no rule; give one such as"),  # type: ignore[arg-type]
    "no_loss": (lambda: VerifiedTinker(seed=1).losses("12"), "give numbers"),  # type: ignore[arg-type]
    "one_loss": (lambda: VerifiedTinker(seed=1).losses([]), "give numbers"),
    "two_bodies": (lambda: timeout({}, a=1), "give one of them"),
    "misspelt_result": (lambda: complete(sequnces=[]), "no key 'sequnces'; did you mean 'sequences'"),
    "misspelt_stop": (lambda: sampled("4", stop_reason="lenght"), "'lenght'; did you mean 'length'"),
    "unknown_after": (lambda: drop(after="acepted"), "did you mean 'accepted'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_once_with_the_fix(name: str) -> None:
    make, message = MISTAKES[name]
    with pytest.raises(ScriptError, match=message):
        make()


def test_bodies_that_contain_themselves_are_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ScriptError, match="more than 100 levels"):
        timeout(endless)


def test_a_result_takes_fields_and_nothing_else() -> None:
    with pytest.raises(ScriptError, match="takes fields of the result, not 'x'; write complete"):
        complete("x")  # type: ignore[arg-type] # what a user may write


@pytest.mark.parametrize("step", [timeout, try_again])
def test_a_misspelt_key_of_a_pause_is_refused_and_a_body_may_hold_it(step: Callable[..., object]) -> None:
    with pytest.raises(ScriptError, match=r"no key 'queue_stat'; did you mean 'queue_state'\? .*give a body"):
        step(queue_stat="paused_capacity")
    assert step({"queue_stat": "paused_capacity"}) != step({})
    assert step(another_key=1) != step({})


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("operation", r"operation belongs to add_script\(…, operation=…\)"),
        ("operaton", r"operation belongs to add_script"),
        ("name", r"name belongs to add_script"),
        ("exhausted", r"write script\(…\)\.exhausted\(…\)"),
        ("zzz", "takes only steps, and no keyword 'zzz'; give none"),
    ],
)
def test_a_keyword_of_add_script_says_where_it_belongs(keyword: str, text: str) -> None:
    with pytest.raises(ScriptError, match=text):
        script(**{keyword: "x"})  # type: ignore[arg-type] # the mistake
