"""Rules: which submissions they take, what those get, and how they are written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_server import FakeTinker, ScriptError, chance, every, nth
from fake_server.operations import Operation
from fake_server.script import Exhausted, Script, advance, complete, drop, fail, script, status, timeout
from fake_server.script.rule_data import decode_rule
from fake_server.script.rules import RuleBook
from fake_server.script.script_yaml import decode_all, load_entries, load_script_file
from fake_server.script.steps import Complete
from fake_server.verify.verified_tinker import VerifiedTinker
from tests.fake_server.service.service_client import DATA, Client, Failed

PAUSED = timeout(queue_state="paused_capacity")


def statuses(engine, request_id, count):
    return [Client(engine).poll(request_id).status for _ in range(count)]


def submit(engine, path="optim_step", **body):
    return Client(engine).submit(path, **body)


class TestPauses:
    def test_a_pause_has_replies_and_steps_that_make_its_length(self):
        rule = every(3).paused("paused_capacity", seconds=90)
        assert rule.script == Script(
            (PAUSED, advance(30), PAUSED, advance(30), PAUSED, advance(30), Complete()),
            Exhausted.REPEAT,
            side_by_side=True,
        )

    @given(st.decimals("0.000001", "1000", places=6), st.integers(1, 100))
    def test_the_steps_are_as_long_as_the_pause_whatever_its_length(self, seconds, apart):
        rule = every(1).paused("paused_capacity", seconds=seconds, poll_seconds=apart)
        moved = [each for turn in rule.script.turns for each in turn.advances]
        assert (
            sum(each.wall_us for each in moved) == sum(each.monotonic_us for each in moved) == seconds * 10**6
        )
        assert max(each.wall_us for each in moved) <= apart * 10**6

    def test_a_pause_can_come_as_try_again_with_a_reason(self):
        rule = every(1).paused("paused_rate_limit", polls=2, signal="try_again", reason="too many")
        body = {"queue_state": "paused_rate_limit", "queue_state_reason": "too many"}
        assert [dict(turn.reply.body) for turn in rule.script.turns[:2]] == [body, body]
        assert not any(turn.advances for turn in rule.script.turns)

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, "give either seconds .* or polls"),
            ({"seconds": 1, "polls": 1}, "give either seconds .* or polls"),
            ({"seconds": 0}, "must be greater than 0"),
            ({"seconds": 10, "poll_seconds": -1}, "must be greater than 0"),
            ({"seconds": 10**6, "poll_seconds": 1}, "increase poll_seconds"),
            ({"seconds": "long"}, "is not a number of seconds"),
            ({"polls": 0}, "give a whole number"),
            ({"polls": 1, "signal": "tryagain"}, "did you mean 'try_again'"),
        ],
    )
    def test_a_pause_that_makes_no_sense_is_an_error_with_its_fix(self, options, expected):
        with pytest.raises(ScriptError, match=expected):
            every(1).paused("paused_capacity", **options)


class TestChoices:
    def test_every_third_future_is_paused(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(3).paused("paused_capacity", polls=1))
        found = [statuses(engine, submit(engine, model_id="m"), 2) for _ in range(6)]
        assert found == [[200, 200], [200, 200], [408, 200]] * 2

    def test_the_nth_are_counted_from_one(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(nth(1, 4).plays(PAUSED))
        assert [statuses(engine, submit(engine), 1)[0] for _ in range(5)] == [408, 200, 200, 408, 200]

    def test_a_rule_counts_its_operation_and_client_only(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(2, operation="optim_step", client="a").plays(PAUSED))
        asked = [("optim_step", "a"), ("forward", "a"), ("optim_step", "b"), ("optim_step", "a")]
        found = [statuses(engine, submit(engine, path, model_id=client), 1)[0] for path, client in asked]
        assert found == [200, 200, 200, 408]

    def test_a_models_creation_is_paused_only_where_it_is_named(self):
        for rule, wanted in ((every(1), 200), (every(1, operation="create_model"), 408)):
            engine = FakeTinker(seed=0)
            engine.add_rule(rule.plays(PAUSED))
            assert statuses(engine, submit(engine, "create_model", base_model="a"), 1) == [wanted]

    def test_computing_logprobs_is_a_sample_that_includes_them(self):
        for operation in ("compute_logprobs", "sample"):
            engine = FakeTinker(seed=0)
            engine.add_rule(every(1, operation=operation).plays(PAUSED))
            assert statuses(engine, submit(engine, "asample", prompt_logprobs=True), 1) == [408]

    def test_the_first_rule_that_wants_it_has_it_and_all_count(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(2).plays(PAUSED))
        engine.add_rule(every(3).plays(status(503)))
        found = [statuses(engine, submit(engine), 1)[0] for _ in range(6)]
        assert found == [200, 408, 503, 408, 200, 408]

    def test_a_script_wins_and_a_rule_does_not_count_it(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(2).plays(PAUSED))
        engine.add_script(script().then(complete()))
        assert [statuses(engine, submit(engine), 1)[0] for _ in range(4)] == [200, 200, 408, 200]
        engine.verify()

    def test_chance_repeats_from_the_seed_and_comes_as_often_as_it_says(self):
        def drawn(seed, clients):
            book = RuleBook(seed, [chance(0.3).plays(PAUSED)])
            asked = [(client, number) for number in range(200) for client in clients]
            return {each: book.script_for((Operation.SAMPLE,), each[0]) is not None for each in asked}

        first = drawn(1, ["a", "b", "c"])
        assert first == drawn(1, ["c", "a", "b"])
        assert first != drawn(2, ["a", "b", "c"])
        assert 130 < sum(first.values()) < 230
        assert not any(drawn(1, ["a"])[each] is not first[each] for each in drawn(1, ["a"]))

    @pytest.mark.parametrize(("probability", "wanted"), [(0, 200), (1, 408)])
    def test_chance_can_be_never_and_always(self, probability, wanted):
        engine = FakeTinker(seed=0)
        engine.add_rule(chance(probability).plays(PAUSED))
        assert {statuses(engine, submit(engine), 1)[0] for _ in range(20)} == {wanted}

    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda: every(0), "give a whole number"),
            (lambda: every(True), "give a whole number"),
            (nth, "give one or more"),
            (lambda: nth(0), "give one or more"),
            (lambda: chance(1.5), "from 0 to 1"),
            (lambda: chance(float("nan")), "from 0 to 1"),
            (lambda: every(1, operation="sampel"), "did you mean 'sample'"),
            (lambda: every(1).plays(), "give it some"),
        ],
    )
    def test_a_choice_that_makes_no_sense_is_an_error_with_its_fix(self, make, expected):
        with pytest.raises(ScriptError, match=expected):
            make()


class TestWhatTheyPlay:
    def test_the_future_completes_after_the_steps(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(2).plays(PAUSED, status(503), PAUSED))
        client = Client(engine)
        model = client.model()
        client.wait(model.forward_backward(*DATA))
        paused = model.forward_backward(*DATA)
        assert statuses(engine, paused, 3) == [408, 503, 408]
        assert client.wait(paused)["metrics"]["loss:sum"] > 0

    def test_a_failure_stays_one(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(1).plays(fail(message="as the rule says")))
        client = Client(engine)
        request_id = client.submit("optim_step", model_id="m")
        for _ in range(2):
            with pytest.raises(Failed, match="as the rule says"):
                client.wait(request_id)

    def test_after_410_a_submission_goes_on_with_the_rules_steps(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(nth(1).plays(status(410), PAUSED))
        assert statuses(engine, submit(engine, "asample", base_model="b"), 1) == [410]
        assert statuses(engine, submit(engine, "asample", base_model="b"), 2) == [408, 200]
        assert statuses(engine, submit(engine, "asample", base_model="b"), 1) == [200]

    def test_a_rule_left_unfinished_is_no_violation(self):
        engine = FakeTinker(seed=0)
        engine.add_rule(every(1).plays(PAUSED))
        submit(engine)
        engine.verify()

    def test_rules_need_submissions_that_may_come_without_a_script(self):
        with pytest.raises(ScriptError, match="create the engine with a seed"):
            FakeTinker().add_rule(every(1).plays(PAUSED))

    def test_a_rule_that_moves_clocks_needs_one_to_move(self):
        with pytest.raises(ScriptError, match="give polls instead of seconds"):
            VerifiedTinker(seed=0).add_rule(every(1).paused("paused_capacity", seconds=90))
        moved = []
        engine = VerifiedTinker(
            seed=0, clock=lambda: sum(moved), move_clock=lambda step: moved.append(step.wall)
        )
        engine.add_rule(every(1).paused("paused_capacity", seconds=90))
        request_id = submit(engine)
        statuses(engine, request_id, 4)
        assert [poll.answered for poll in engine.polls()] == [0, 30, 60, 90]
        assert [poll.status for poll in engine.polls()] == [408, 408, 408, 200]


RULES = """\
- every: 3
  operation: forward_backward
  client: model-1
  paused: {state: paused_capacity, seconds: 90, poll_seconds: 45, reason: because, signal: try_again}
- operation: sample
  steps: [{complete: {}}]
- nth: [2, 5]
  steps: [{drop: reset}, {advance: 1.5}]
- nth: 7
  paused: {state: paused_rate_limit, polls: 4}
- chance: 0.25
  steps: [{fail: {category: server}}]
"""


class TestAsData:
    def test_a_script_file_holds_rules_and_scripts(self, tmp_path):
        path = tmp_path / "rules.yaml"
        path.write_text(RULES)
        first, entry, second, third, fourth = load_entries(path)
        assert first == every(3, operation="forward_backward", client="model-1").paused(
            "paused_capacity", seconds=90, poll_seconds=45, reason="because", signal="try_again"
        )
        assert entry.operation is Operation.SAMPLE
        assert second == nth(2, 5).plays(drop(), advance(1.5))
        assert third == nth(7).paused("paused_rate_limit", polls=4)
        assert fourth == chance(0.25).plays(fail("server"))

    def test_where_scripts_alone_are_read_a_rule_is_an_error(self, tmp_path):
        path = tmp_path / "rules.yaml"
        path.write_text(RULES)
        with pytest.raises(ScriptError, match="rules.yaml, script 1: "):
            load_script_file(path)

    @pytest.mark.parametrize(
        ("item", "expected"),
        [
            ({"every": 3}, "place, script 1: a rule needs either 'paused' or 'steps'"),
            (
                {"every": 3, "paused": {}, "steps": []},
                "needs either 'paused' or 'steps'; give exactly one of them",
            ),
            ({"every": 3, "nth": 1, "steps": []}, "but this one has every and nth; keep one"),
            ({"every": 3, "step": []}, "unknown key 'step'; did you mean 'steps'"),
            ({"every": "three", "steps": []}, "every is 'three'; give a whole number"),
            ({"nth": ["a"], "steps": []}, "give one or more"),
            ({"chance": "often", "steps": []}, "from 0 to 1"),
            ({"every": 3, "operation": 7, "steps": []}, "operation must be a string, not the int 7"),
            ({"every": 3, "operation": "sampel", "steps": []}, "did you mean 'sample'"),
            ({"every": 3, "paused": "paused_capacity"}, "paused must be a mapping"),
            ({"every": 3, "paused": {"seconds": 90}}, "paused: state must be a string, not nothing"),
            ({"every": 3, "paused": {"state": "x", "second": 90}}, "did you mean 'seconds'"),
            ({"every": 3, "paused": {"state": "x", "seconds": "90"}}, "is not a number of seconds"),
            ({"every": 3, "paused": {"state": "x", "polls": 1, "reason": 3}}, "reason must be a string"),
            ({"every": 3, "steps": [{"complet": {}}]}, "place, script 1, step 1: .*did you mean 'complete'"),
            ({"every": 3, "steps": []}, "place, script 1: plays\\(\\) needs at least one step"),
        ],
    )
    def test_an_error_names_place_and_fix(self, item, expected):
        with pytest.raises(ScriptError, match=expected):
            decode_all([item], "place")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
            ),
            max_leaves=5,
        ),
        st.sampled_from(["every", "nth", "chance", "operation", "client", "paused", "steps"]),
    )
    def test_nothing_but_a_script_error_comes_of_strange_data(self, value, key):
        item = {"every": 1, "paused": {"state": "x", "polls": 1}, key: value}
        try:
            decode_rule(item, "place")
        except ScriptError as error:
            assert str(error).startswith("place")  # noqa: PT017 - either is right

    @given(
        st.dictionaries(
            st.sampled_from(["state", "seconds", "polls", "reason", "signal", "poll_seconds"]),
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=5)
            | st.lists(st.none()),
        )
    )
    def test_nothing_but_a_script_error_comes_of_a_strange_pause(self, paused):
        try:
            rule = decode_rule({"every": 1, "paused": paused}, "place")
        except ScriptError as error:
            assert str(error).startswith("place")  # noqa: PT017 - either is right
        else:
            assert json.dumps(paused["state"])
            assert isinstance(rule.script.turns[-1].reply, Complete)
