"""Outages end for all at once; a limit pauses what exceeds it; mistakes in rules do not stay silent."""

import json

import pytest
import yaml

from fake_server import (
    FakeTinker,
    Operation,
    Request,
    ScriptError,
    ScriptViolation,
    VerifiedTinker,
    at_most,
    chance,
    every,
    nth,
    outage,
)
from fake_server.script import advance, complete, fail, script, status, timeout
from fake_server.script.script_yaml import decode_all

SECOND = 1_000_000


class Clock:
    """A clock that a script moves, in seconds."""

    def __init__(self):
        self.now = 1_000.0
        self.engine = VerifiedTinker(clock=lambda: self.now, move_clock=self.move, seed=3)

    def move(self, step):
        self.now += step.monotonic_us / SECOND


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def engine():
    return FakeTinker(seed=3)


def ask(engine, path, body):
    return engine.handle(Request("POST", f"/api/v1/{path}", body=json.dumps(body).encode()))


def submit(engine, number, client="s", path="asample", key="sampling_session_id"):
    return json.loads(ask(engine, path, {key: client, "seq_id": number, "base_model": "b"}).body)[
        "request_id"
    ]


def poll(engine, name):
    return ask(engine, "retrieve_future", {"request_id": name}).status


def rounds(clock, names):
    """Poll all until each is done; the time of each round's end and what it got."""
    seen, left = [], list(names)
    while left:
        got = [(name, poll(clock.engine, name)) for name in left]
        seen.append((clock.now - 1_000, [code for _, code in got]))
        left = [name for name, code in got if code == 408]
    return seen


class TestPausesOfARule:
    def test_sixteen_in_flight_take_as_long_as_one(self, clock):
        clock.engine.add_rule(every(1).paused("paused_capacity", seconds=600))
        seen = rounds(clock, [submit(clock.engine, number) for number in range(16)])
        assert seen == [(30.0 * number, [408] * 16) for number in range(20)] + [(600.0, [200] * 16)]

    def test_one_that_begins_later_ends_later(self, clock):
        clock.engine.add_rule(every(1).paused("paused_capacity", seconds=60))
        first = submit(clock.engine, 0)
        assert [poll(clock.engine, first) for _ in range(2)] == [408, 408]
        second = submit(clock.engine, 1)
        assert rounds(clock, [first, second]) == [(60.0, [200, 408]), (90.0, [408]), (120.0, [200])]

    def test_a_poll_while_another_moves_the_clock_does_not_move_it_again(self, clock):
        clock.engine.add_rule(every(1).paused("paused_capacity", seconds=30))
        first, second = (submit(clock.engine, number) for number in range(2))
        assert [poll(clock.engine, name) for name in (first, second)] == [408, 408]
        move, between = clock.move, []

        def moves(step):
            if not between:
                # As a poll on another thread, before the clock shows what this one moves.
                between.append(poll(clock.engine, second))
            move(step)

        clock.engine._move_clock = moves
        assert (poll(clock.engine, first), between) == (200, [200])
        assert clock.now == 1_030

    def test_steps_that_a_test_writes_move_the_clock_on_their_own(self, clock):
        clock.engine.add_rule(every(1).plays(timeout(), advance(30)))
        names = [submit(clock.engine, number) for number in range(2)]
        assert rounds(clock, names)[-1] == (60.0, [200, 200])


class TestOutage:
    def test_sixteen_in_flight_take_as_long_as_one(self, clock):
        clock.engine.add_rule(outage("paused_capacity", seconds=600))
        names = [submit(clock.engine, number) for number in range(16)]
        seen = rounds(clock, names)
        assert seen[-1] == (600.0, [200] * 16)
        assert [time for time, _ in seen] == [30.0 * number for number in range(21)]
        assert len(clock.engine.polls()) == 16 * 21
        clock.engine.verify()

    def test_the_reply_says_why_and_the_poll_after_it_is_counted_apart(self, clock):
        clock.engine.add_rule(outage("paused_capacity", seconds=60, reason="maintenance", signal="try_again"))
        name = submit(clock.engine, 0)
        body = json.loads(ask(clock.engine, "retrieve_future", {"request_id": name}).body)
        assert (body["type"], body["queue_state"]) == ("try_again", "paused_capacity")
        assert body["queue_state_reason"] == "maintenance"
        assert [poll(clock.engine, name) for _ in range(2)] == [200, 200]
        assert [each.index for each in clock.engine.polls(name)] == [0, 1, 2]
        assert clock.engine.gaps(name) == (0.0, 0.0)
        assert clock.engine.drained_order == (name,)

    def test_it_begins_after_so_many_submissions_and_holds_what_is_in_flight(self, clock):
        clock.engine.add_rule(outage("paused_capacity", seconds=60, after=2))
        first = submit(clock.engine, 0)
        assert poll(clock.engine, first) == 200
        second, third = submit(clock.engine, 1), submit(clock.engine, 2)
        assert [poll(clock.engine, name) for name in (second, third)] == [408, 408]
        assert rounds(clock, [second, third])[-1] == (60.0, [200, 200])
        assert poll(clock.engine, submit(clock.engine, 3)) == 200

    def test_a_test_that_moves_the_clock_ends_it(self, clock):
        clock.engine.add_rule(outage("paused_capacity", seconds=60))
        name = submit(clock.engine, 0)
        assert poll(clock.engine, name) == 408
        clock.now += 60
        assert poll(clock.engine, name) == 200

    def test_polls_end_it_without_a_clock(self, engine):
        engine.add_rule(outage("paused_capacity", polls=3))
        names = [submit(engine, number) for number in range(2)]
        assert [poll(engine, name) for name in [*names, *names, *names[:1]]] == [408, 408, 408, 200, 200]

    def test_its_removal_ends_it(self, engine):
        rule = outage("paused_capacity")
        engine.add_rule(rule)
        names = [submit(engine, number) for number in range(2)]
        assert [poll(engine, name) for name in names * 3] == [408] * 6
        engine.remove_rule(rule)
        assert [poll(engine, name) for name in names] == [200, 200]
        with pytest.raises(ScriptError, match="remove each rule once"):
            engine.remove_rule(rule)

    def test_it_holds_only_what_it_concerns(self, engine):
        engine.add_rule(outage("paused_capacity", operation="optim_step", client="m"))
        step = submit(engine, 1, "m", "optim_step", "model_id")
        other = submit(engine, 1, "n", "optim_step", "model_id")
        assert [poll(engine, name) for name in (step, other, submit(engine, 1))] == [408, 200, 200]
        engine.reset()
        assert poll(engine, submit(engine, 1, "m", "optim_step", "model_id")) == 200

    def test_creating_a_model_is_held_only_if_it_says_so(self, engine):
        engine.add_rule(outage("paused_capacity"))
        assert poll(engine, submit(engine, 0, "s", "create_model", "session_id")) == 200
        engine.add_rule(outage("paused_capacity", operation="create_model"))
        assert poll(engine, submit(engine, 1, "s", "create_model", "session_id")) == 408

    def test_scripts_win_and_other_rules_wait(self, engine):
        engine.add_rule(outage("paused_capacity", polls=1))
        engine.add_rule(every(1, operation="sample").plays(timeout(), fail()))
        scripted = engine.add_script(script(complete()))
        assert poll(engine, submit(engine, 0)) == 200
        assert not scripted.left
        name = submit(engine, 1)
        assert [poll(engine, name) for _ in range(3)] == [408, 408, 200]

    def test_time_of_it_passes_for_the_service(self, clock):
        clock.engine.add_rule(outage("paused_capacity", seconds=3_600))
        rounds(clock, [submit(clock.engine, 0)])
        assert clock.engine._service.clock.now.hour == 1

    def test_without_a_clock_seconds_are_refused(self):
        engine = VerifiedTinker(seed=3)
        for rule in (outage("paused_capacity", seconds=9), at_most(1, "paused_capacity", poll_seconds=9)):
            with pytest.raises(ScriptError, match="no clock is frozen here"):
                engine.add_rule(rule)
        engine.add_rule(outage("paused_capacity"), optional=True)


class TestAtMost:
    def test_what_exceeds_it_is_paused_in_the_order_of_submission(self, engine):
        engine.add_rule(at_most(2, "paused_rate_limit"))
        engine.add_rule(every(1).plays(timeout(queue_state="active")))
        names = [submit(engine, number) for number in range(4)]
        states = []
        for name in (*reversed(names), *names):
            body = json.loads(ask(engine, "retrieve_future", {"request_id": name}).body)
            states.append(body.get("queue_state", "done"))
        limited = "paused_rate_limit"
        # Two may run: their first reply is the rule's, and with their last one the next two may.
        assert states == [limited, limited, "active", "active", "done", "done", "active", "active"]
        engine.verify()

    def test_a_future_that_nobody_polls_gives_up_its_place(self, engine):
        engine.add_rule(at_most(1, "paused_rate_limit"))
        submit(engine, 0)
        name = submit(engine, 1)
        codes = [poll(engine, name) for _ in range(103)]
        assert codes[:101] == [408] * 101
        assert codes[101] == 200

    @pytest.mark.parametrize("how", ["cancel_future", "410"])
    def test_a_future_that_is_given_up_makes_room(self, engine, how):
        engine.add_rule(at_most(1, "paused_rate_limit"))
        if how == "410":
            engine.add_rule(nth(1).plays(status(410)))
        first, second = submit(engine, 0), submit(engine, 1)
        assert poll(engine, second) == 408
        if how == "410":
            assert poll(engine, first) == 410
            assert poll(engine, second) == 408  # its script goes on with the next submission
            poll(engine, submit(engine, 2))
        else:
            ask(engine, "cancel_future", {"request_id": first})
        assert poll(engine, second) == 200

    def test_the_clock_moves_if_asked(self, clock):
        clock.engine.add_rule(at_most(1, "paused_rate_limit", poll_seconds=30))
        names = [submit(clock.engine, number) for number in range(2)]
        assert [poll(clock.engine, name) for name in reversed(names)] == [408, 200]
        assert (poll(clock.engine, names[1]), clock.now) == (200, 1_030.0)


class TestAsData:
    def test_both_can_be_read(self):
        text = """
        - outage: {state: paused_capacity, seconds: 600, after: 20, reason: r, signal: try_again,
                   poll_seconds: 10}
        - at_most: {count: 4, state: paused_rate_limit}
          operation: sample
          client: s
        """
        assert decode_all(yaml.safe_load(text), "x") == (
            outage("paused_capacity", seconds=600, after=20, reason="r", signal="try_again", poll_seconds=10),
            at_most(4, "paused_rate_limit", operation="sample", client="s"),
        )

    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            ({"outage": {"state": "p", "seconds": 1, "polls": 1}}, "seconds or polls, not both"),
            ({"outage": {"state": "p", "secnds": 1}}, "did you mean 'seconds'"),
            ({"outage": {"seconds": 1}}, "state must be a string"),
            ({"outage": 3}, "outage must be a mapping"),
            ({"outage": {"state": "p"}, "at_most": {}}, "this has both"),
            ({"outage": {"state": "p"}, "operation": "smaple"}, "did you mean 'sample'"),
            ({"outage": {"state": "p"}, "client": 3}, "client must be a string"),
            ({"outage": {"state": "p", "after": -1}}, "after is -1"),
            ({"outage": {"state": "p", "seconds": 0}}, "seconds is 0"),
            ({"outage": {"state": "p", "signal": "tiemout"}}, "did you mean 'timeout'"),
            ({"at_most": {"state": "p"}}, "count is None"),
            ({"at_most": {"state": "p", "count": True}}, "count is True"),
            ({"outage": {"state": "p"}, "steps": []}, "unknown key 'steps'"),
        ],
    )
    def test_mistakes_are_named_with_their_place(self, entry, expected):
        with pytest.raises(ScriptError, match=expected) as error:
            decode_all([entry], "file.yaml")
        assert "file.yaml" in str(error.value)


class TestSilentMistakes:
    def test_a_script_for_no_operation_is_refused(self, engine):
        with pytest.raises(ScriptError, match="unknown operation 'smaple'; did you mean 'sample'"):
            engine.add_script(script(complete()), operation="smaple")
        assert engine.add_script(script(complete()), operation="sample").operation is Operation.SAMPLE

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (
                every(1, client="sampler").plays(fail()),
                "counted 0 submissions; did you mean 'sampler-1'",
            ),
            (every(1, client="x").plays(fail()), "no such client submitted anything"),
            (nth(99).plays(fail()), r"Nth\(numbers=\(99,\)\) for any operation of any client never applied"),
            (nth(99).plays(fail()), "it counted 1 submission; submit more"),
            (chance(0.5, operation="optim_step").plays(fail()), "optim_step of any client never applied"),
            (outage("paused_capacity", after=5), "the outage after 5 submissions for any operation"),
            (
                at_most(5, "paused_capacity", client="c"),
                "the limit of 5 for any operation of client 'c' held nothing",
            ),
        ],
    )
    def test_a_rule_that_never_applies_is_reported_at_the_end(self, engine, rule, expected):
        engine.add_rule(rule)
        poll(engine, submit(engine, 0, "sampler-1"))
        with pytest.raises(ScriptViolation, match=expected):
            engine.verify()

    def test_an_optional_one_and_bad_luck_are_no_mistakes(self, engine):
        engine.add_rule(nth(99).plays(fail()), optional=True)
        engine.add_rule(at_most(9, "paused_capacity"), optional=True)
        engine.add_rule(chance(0.0).plays(fail()))
        poll(engine, submit(engine, 0))
        engine.verify()


def test_a_clock_that_the_test_moves_lets_checkpoints_expire(clock):
    engine = clock.engine
    made = json.loads(
        ask(engine, "create_model", {"session_id": "x", "model_seq_id": 0, "base_model": "b"}).body
    )
    body = {"model_id": made["model_id"], "seq_id": 1, "path": "a", "ttl_seconds": 3_600}
    poll(engine, json.loads(ask(engine, "save_weights", body).body)["request_id"])
    path = {"tinker_path": f"tinker://{made['model_id']}/weights/a"}
    assert ask(engine, "weights_info", path).status == 200
    clock.now += 3_600
    assert ask(engine, "weights_info", path).status == 404


def test_a_clock_that_is_frozen_late_does_not_jump():
    frozen = [False]
    engine = VerifiedTinker(clock=lambda: 50_000.0, seed=3)
    engine.moves_clock = lambda: frozen[0]
    ask(engine, "create_session", {})
    frozen[0] = True
    ask(engine, "create_session", {})
    assert engine._service.clock.now.hour == 0
