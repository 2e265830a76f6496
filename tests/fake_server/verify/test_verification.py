"""What the engine remembers of polls, and what its assertions say when they fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import httpx
import pytest

from fake_server.core.errors import ScriptError, ScriptViolation
from fake_server.core.http_messages import Reply, Request
from fake_server.engine.tinker_api import Unscripted
from fake_server.http.http_server import FakeTinkerServer
from fake_server.operations import Operation
from fake_server.script import complete, drop, fail, script, timeout, wired
from fake_server.script.rules import every
from fake_server.script.steps import Advance, HttpStep, Wired
from fake_server.verify.verified_tinker import VerifiedTinker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now

    def move(self, step: Advance) -> None:
        self.now += step.monotonic_us / 1e6


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tinker(clock: Clock) -> VerifiedTinker:
    return VerifiedTinker(clock=clock, move_clock=clock.move)


def _post(tinker: VerifiedTinker, path: str, body: Mapping[str, object]) -> Reply:
    headers = ((b"content-type", b"application/json"),)
    reply = tinker.handle(Request("POST", f"/api/v1/{path}", "", headers, json.dumps(body).encode()))
    return reply if isinstance(reply, Reply) else Reply(0, (), b"")


def _submit(tinker: VerifiedTinker, session: str = "s") -> str:
    reply = _post(tinker, "asample", {"num_samples": 1, "sampling_session_id": session})
    assert reply.status == 200
    return str(json.loads(reply.body)["request_id"])


def _poll(tinker: VerifiedTinker, future: str) -> None:
    _post(tinker, "retrieve_future", {"request_id": future})


def test_a_gap_is_what_the_client_waited_not_what_the_script_moved(
    tinker: VerifiedTinker, clock: Clock
) -> None:
    tinker.add_script(script().then(timeout()).advance(59.999).then(timeout(), complete()), name="f")
    future = _submit(tinker)
    for seconds in (0, 2, 4):
        clock.now += seconds
        _poll(tinker, future)
    assert tinker.gaps("f") == (2, 4)
    assert [(poll.index, poll.status) for poll in tinker.polls("f")] == [(0, 408), (1, 408), (2, 200)]
    tinker.assert_gaps("f", [2, 4])
    with pytest.raises(ScriptViolation) as caught:
        tinker.assert_gaps("f", [2, 5])
    assert "before poll 3: wanted 5 s, got 4 s (all gaps: 2, 4)" in str(caught.value)
    with pytest.raises(ScriptViolation, match="wanted 1 gap, got 2"):
        tinker.assert_gaps("f", [2])
    tinker.assert_gaps("f", [2.0004, 4])
    with pytest.raises(ScriptViolation):
        tinker.assert_gaps("f", [2.001, 4])


def test_polls_are_counted_and_listed_with_their_answers(tinker: VerifiedTinker) -> None:
    tinker.add_script([timeout(), drop(), complete()], name="f")
    future = _submit(tinker)
    _poll(tinker, future)
    _poll(tinker, future)
    tinker.assert_polls("f", 2)
    with pytest.raises(ScriptViolation, match="wanted 3 polls, got 2: 408, reset; lengthen"):
        tinker.assert_polls("f", 3)
    with pytest.raises(ScriptViolation, match="find out why it continues to poll"):
        tinker.assert_polls("f", 1)


@pytest.mark.parametrize(
    ("steps", "exhausted"),
    [
        ([timeout(), complete()], "fail"),
        ([timeout(), fail()], "fail"),
        ([timeout()], "fail"),
        ([complete()], "repeat"),
    ],
)
def test_the_fix_for_a_future_that_has_ended_is_not_to_wait(
    tinker: VerifiedTinker, steps: list[HttpStep], exhausted: str
) -> None:
    tinker.add_script(script(*steps).exhausted(exhausted), name="f")
    future = _submit(tinker)
    _poll(tinker, future)
    _poll(tinker, future)
    with pytest.raises(ScriptViolation, match=r"the future has ended; lengthen its script$"):
        tinker.assert_polls("f", 3)


@pytest.mark.parametrize("last", [timeout(), wired(complete(), cut="body")])
def test_a_reply_after_which_a_client_polls_again_is_no_end(
    tinker: VerifiedTinker, last: HttpStep | Wired
) -> None:
    tinker.add_script(script(timeout(), last).exhausted("repeat"), name="f")
    future = _submit(tinker)
    for _ in range(3):
        _poll(tinker, future)
    with pytest.raises(ScriptViolation, match=r"or wait until the future has ended$"):
        tinker.assert_polls("f", 4)


def test_drained_is_checked_for_each_future(tinker: VerifiedTinker) -> None:
    tinker.add_script([complete()], name="done")
    tinker.add_script([timeout(), complete()], name="half")
    _poll(tinker, _submit(tinker))
    _poll(tinker, _submit(tinker))
    tinker.assert_drained("done")
    with pytest.raises(ScriptViolation, match=r"'half' .*served 1 of 2 replies"):
        tinker.assert_drained()
    with pytest.raises(ScriptViolation, match="half"):
        tinker.assert_drained("done", "half")


def test_the_order_of_ends_is_compared_and_shown(tinker: VerifiedTinker) -> None:
    for name in ("a", "b", "c"):
        tinker.add_script([timeout(), complete()], name=name)
    for _ in "abc":
        _submit(tinker)
    for name in "abbca":
        _poll(tinker, name)
    assert tinker.poll_order == tuple("abbca")
    assert tinker.drained_order == ("b", "a")
    tinker.assert_order("b", "a")
    with pytest.raises(ScriptViolation, match="wanted a then b, got b then a; wait"):
        tinker.assert_order("a", "b")
    with pytest.raises(ScriptViolation, match="not ended: c"):
        tinker.assert_order("b", "a", "c")


def test_a_request_that_was_not_sent_is_reported_with_the_nearest_miss(tinker: VerifiedTinker) -> None:
    with pytest.raises(ScriptViolation, match="and neither did any other request"):
        tinker.assert_sent("asample")
    for name in ("one", "two"):
        tinker.add_script([complete()], name=name)
    _submit(tinker, "s-1")
    _submit(tinker, "s-2")
    assert tinker.assert_sent(Operation.SAMPLE, sampling_session_id="s-2").index == 1
    assert tinker.assert_sent("/api/v1/asample").index == 0
    with pytest.raises(ScriptViolation) as caught:
        tinker.assert_sent("asample", sampling_session_id="s-2", num_samples=4)
    assert "the nearest is request 1" in str(caught.value)
    assert "num_samples: wanted 4, got 1" in str(caught.value)
    assert "sampling_session_id:" not in str(caught.value)
    with pytest.raises(ScriptViolation, match="operation: wanted forward, got sample"):
        tinker.assert_sent("forward")
    with pytest.raises(ScriptViolation, match="path: wanted /api/v1/sessions, got /api/v1/asample"):
        tinker.assert_sent("sessions")


def test_sent_requests_are_selected_by_operation_path_and_fields() -> None:
    tinker = VerifiedTinker(seed=7)
    for path, body in (
        ("asample", _sample([1, 2], max_tokens=16)),
        ("asample", _sample([50, 43, 50], max_tokens=128)),
        ("asample", _sample([1, 2], max_tokens=1) | {"prompt_logprobs": True}),
        ("forward_backward", {"model_id": "m", "forward_only": True}),
        ("create_session", {"tags": []}),
    ):
        tinker.handle(Request("POST", f"/api/v1/{path}", body=json.dumps(body).encode()))
    limits = [body["sampling_params"]["max_tokens"] for body in tinker.sent("sample")]
    assert limits == [16, 128, 1]
    assert tinker.sent("asample") == tinker.sent(Operation.SAMPLE) == tinker.sent("/api/v1/asample")
    (found,) = tinker.sent("sample", where={"sampling_params.max_tokens": lambda limit: limit > 16})
    assert found == tinker.sent("sample", prompt="2+2")[0]
    assert len(tinker.sent("compute_logprobs")) == len(tinker.sent("forward")) == 1
    assert tinker.sent("forward_backward") == tinker.sent("optim_step") == ()
    assert tinker.sent("create_session") == ({"tags": []},)
    assert tinker.assert_sent("sample", where={"sampling_params.max_tokens": 128}).index == 1
    with pytest.raises(ScriptViolation, match=r"sampling_params.max_tokens: wanted 5, got 16") as caught:
        tinker.assert_sent("sample", where={"sampling_params.max_tokens": 5})
    assert str(caught.value).startswith("no POST /api/v1/asample with sampling_params.max_tokens 5 came")


def test_a_misspelt_field_is_not_taken_for_no_request(tinker: VerifiedTinker) -> None:
    body = {"model_id": "m", "forward_backward_input": {"data": [], "loss_fn": "ppo"}}
    assert tinker.sent("forward_backward", los_fn="ppo") == ()
    tinker.handle(Request("POST", "/api/v1/forward_backward", body=json.dumps(body).encode()))
    assert tinker.sent("forward_backward", loss_fn="cispo") == tinker.sent("forward_backward", zz=1) == ()
    for where in ({"los_fn": "ppo"}, {"model_di": "m"}):
        with pytest.raises(
            ScriptError, match=r"no such request has a field .*; did you mean '(loss_f|model_i)"
        ):
            tinker.sent("forward_backward", where=where)


@pytest.mark.parametrize("ask", [VerifiedTinker.sent, VerifiedTinker.assert_sent])
def test_the_name_of_a_request_is_checked(
    tinker: VerifiedTinker, ask: Callable[[VerifiedTinker, str], object]
) -> None:
    with pytest.raises(ScriptError, match="operation 'smaple'; did you mean 'sample'"):
        ask(tinker, "smaple")
    assert tinker.sent("/api/v1/smaple") == ()


def _sample(prompt: list[int], *, max_tokens: int) -> dict[str, object]:
    chunk = {"type": "encoded_text", "tokens": prompt}
    return {
        "prompt": {"chunks": [chunk]},
        "num_samples": 1,
        "sampling_params": {"max_tokens": max_tokens},
    }


def test_an_unknown_name_gets_the_nearest(tinker: VerifiedTinker) -> None:
    tinker.add_script([complete()], name="first-sample")
    with pytest.raises(ScriptError, match="did you mean 'first-sample'"):
        tinker.polls("frist-sample")


def test_a_script_that_moves_clocks_needs_one() -> None:
    with pytest.raises(ScriptError, match="pass move_clock"):
        VerifiedTinker().add_script(script().advance(1).then(complete()))


def test_reset_forgets_the_polls(tinker: VerifiedTinker) -> None:
    tinker.add_script([complete()], name="f")
    _poll(tinker, _submit(tinker))
    tinker.reset()
    assert (tinker.polls(), tinker.drained_order, tinker.futures) == ((), (), ())


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (lambda tinker: tinker.assert_gaps("a", [float("nan")]), "a gap is nan; give seconds from 0"),
        (lambda tinker: tinker.assert_gaps("a", [0], tolerance=float("nan")), "tolerance is nan"),
        (lambda tinker: tinker.assert_order(), "an order is about two futures or more"),
        (lambda tinker: tinker.assert_order("a"), "an order is about two futures or more"),
        (lambda tinker: tinker.add_script([]), "the script is empty"),
        (lambda tinker: tinker.add_script([complete()], name=3), "name is 3; give it as a text"),
        (lambda tinker: tinker.add_script([complete()], client=object()), "client is <object"),
        (
            lambda tinker: tinker.add_rule(every(1).paused("paused_capacity", polls=10**9)),
            "polls is 1000000000; give a whole number of replies from 1 to 999999",
        ),
    ],
)
def test_what_no_client_could_fail_is_refused(
    check: Callable[[VerifiedTinker], object], expected: str
) -> None:
    tinker = VerifiedTinker(unscripted=Unscripted.COMPLETE)
    tinker.add_script([complete()], name="a")
    with pytest.raises(ScriptError, match=expected):
        check(tinker)


def test_a_test_that_fails_inside_a_function_of_the_fake_is_found_at_its_end() -> None:
    """The client may take the lost connection for an outage, and the test would pass."""

    def refuses(_: object) -> bool:
        pytest.fail("unexpected prompt")

    tinker = VerifiedTinker()
    tinker.add_script([complete()], where={"prompt": refuses})
    with (
        FakeTinkerServer(tinker) as server,
        httpx.Client(base_url=server.url) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.post("/api/v1/asample", json={"num_samples": 1, "prompt": {}})
    assert any("unexpected prompt" in problem.message for problem in tinker.problems)
