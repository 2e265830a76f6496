"""Scripted replies to submissions, before one is accepted, and to requests of the set-up."""

from __future__ import annotations

import json

import httpx
import pytest

from fake_server import (
    FakeTinker,
    Operation,
    Poll,
    Reply,
    Request,
    ScriptError,
    ScriptViolation,
    Submission,
    TransportFault,
    decode_steps,
    encode_steps,
)
from fake_server.core.endpoints import ENDPOINTS, named_endpoint
from fake_server.core.errors import ProblemKind
from fake_server.core.faults import DropKind
from fake_server.core.operations import API_PREFIX, SUBMISSION_PATHS
from fake_server.engine.setup_endpoints import SETUP_PATHS
from fake_server.engine.tinker_api import POLL_MANY_PATH, POLL_PATH
from fake_server.script import complete, drop, fail, script, status, timeout, try_again, wired
from fake_server.script.script_yaml import decode_all
from fake_server.script.steps import Advance
from tests.fake_server.asking import Asker, Transport, outcome


def asked(engine: FakeTinker, path: str = "asample", **body: object) -> int | str:
    request = Request("POST", f"/api/v1/{path}", "", (), json.dumps(body).encode())
    answer = engine.handle(request)
    return answer.status if isinstance(answer, Reply) else answer.name


def test_a_submission_gets_its_scripted_replies_and_is_then_accepted(engine: FakeTinker, ask: Asker) -> None:
    future = engine.add_script(
        script().submission(status(429), timeout(queue_state="paused_capacity"), drop()).then(complete())
    )
    assert [asked(engine) for _ in range(3)] == [429, 408, "reset"]
    assert not future.submitted
    request_id = ask.submit()
    assert (request_id, ask.poll(request_id).status) == (future.name, 200)
    engine.verify()


def test_replies_to_a_submission_may_be_given_beside_a_script(engine: FakeTinker) -> None:
    engine.add_script([complete()], submission=[drop("close")])
    assert [asked(engine), asked(engine)] == ["close", 200]


def test_a_refused_script_keeps_its_place(engine: FakeTinker) -> None:
    first = engine.add_script([complete()], submission=[status(503)])
    second = engine.add_script([complete()])
    assert [asked(engine), asked(engine), asked(engine)] == [503, 200, 200]
    assert (first.request_ids, second.request_ids) == (("future-1",), ("future-2",))


def test_a_script_whose_client_gave_up_after_a_refusal_is_left_to_nobody(engine: FakeTinker) -> None:
    first = engine.add_script([complete()], submission=[status(401)])
    second = engine.add_script([complete()])
    assert asked(engine) == 401
    engine.end(first)
    assert asked(engine) == 200
    assert (first.request_ids, second.request_ids) == ((), ("future-2",))


def test_a_submission_that_was_refused_may_come_again_with_its_number(engine: FakeTinker) -> None:
    engine.add_script([complete()], operation="optim_step", submission=[status(500)])
    sent = [asked(engine, "optim_step", model_id="m", seq_id=1) for _ in range(3)]
    assert sent == [500, 200, 200]
    assert engine.futures[0].request_ids == ("future-1",)


def test_the_creation_of_a_model_is_refused_as_scripted(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script([complete()], operation=Operation.CREATE_MODEL, submission=[status(409)])
    assert asked(engine, "create_model", base_model="b") == 409
    assert ask.json("create_model", {"base_model": "b"})["model_id"] == "model-1"


def test_what_is_left_of_the_replies_to_a_submission_is_reported(engine: FakeTinker) -> None:
    engine.add_script([complete()], submission=[status(429), status(503)])
    asked(engine)
    with pytest.raises(ScriptViolation, match="its submission got status 429; left: status 503"):
        engine.verify()


@pytest.mark.parametrize("reply", [complete(), try_again(), fail(), wired(complete(), delay=1)])
def test_a_reply_that_only_a_poll_can_get_is_refused(engine: FakeTinker, reply: object) -> None:
    with pytest.raises(ScriptError, match="the request after these replies is accepted"):
        engine.add_script([complete()], submission=[reply])  # type: ignore[list-item]


LOST = drop(after="accepted")
AS_DATA = {"drop": "reset", "after": "accepted"}


def test_the_reply_to_an_accepted_submission_is_lost_and_the_same_future_comes_with_its_number(
    engine: FakeTinker,
) -> None:
    future = engine.add_script([complete()], operation="optim_step", submission=[LOST])
    sent = [asked(engine, "optim_step", model_id="m", seq_id=1) for _ in range(3)]
    assert sent == ["reset", 200, 200]
    assert future.request_ids == ("future-1",)
    assert asked(engine, "retrieve_future", request_id="future-1") == 200
    engine.verify()


def test_replies_around_the_lost_one_answer_each_attempt_in_order(engine: FakeTinker) -> None:
    replies = [status(429), LOST, status(503), LOST]
    future = engine.add_script([complete()], operation="optim_step", submission=replies)
    sent = [(asked(engine, "optim_step", model_id="m", seq_id=1), future.submitted) for _ in range(5)]
    assert sent == [(429, False), ("reset", True), (503, True), ("reset", True), (200, True)]


def test_without_a_number_a_submission_that_is_sent_again_is_another_one(engine: FakeTinker) -> None:
    engine.add_script([complete()], submission=[LOST])
    assert [asked(engine), asked(engine)] == ["reset", 404]


def test_a_lost_reply_that_no_client_asked_for_again_is_reported(engine: FakeTinker) -> None:
    engine.add_script([complete()], submission=[LOST, status(503)])
    asked(engine)
    text = "its submission got drop reset after it was accepted; left: status 503; polls: complete; send"
    with pytest.raises(ScriptViolation, match=text):
        engine.verify()


def test_a_lost_reply_moves_the_clock_before_it(engine: FakeTinker) -> None:
    listener = Notified()
    engine = FakeTinker(listener=listener)
    steps = decode_steps([{"advance": 5}, AS_DATA], "test")
    engine.add_script([complete()], operation="optim_step", submission=steps)
    for _ in range(2):
        asked(engine, "optim_step", model_id="m", seq_id=1)
    assert listener.lines == [
        "submission future-1",
        "clock 5 of future-1",
        "refused future-1 reset",
        "submission future-1",
    ]


def test_the_set_up_is_done_and_its_reply_lost(engine: FakeTinker, ask: Asker) -> None:
    engine.on("create_session").replies(LOST)
    engine.on("sample").replies(LOST)
    future = engine.add_script([complete()])
    assert asked(engine, "create_session") == "reset"
    assert ask.json("create_session", {})["session_id"] == "session-2"
    assert asked(engine, sampling_session_id="s", seq_id=0) == "reset"
    assert future.submitted
    assert asked(engine, sampling_session_id="s", seq_id=0) == 200
    engine.on("/api/v1/nosuch").replies(LOST)
    assert asked(engine, "nosuch") == 404


def test_a_service_s_refusal_can_be_lost_too() -> None:
    engine = FakeTinker(seed=1, strict=True)
    engine.on("sample").replies(LOST)
    assert [asked(engine), asked(engine)] == ["reset", 422]


def test_only_submissions_and_the_set_up_have_a_reply_to_lose_after_the_work(engine: FakeTinker) -> None:
    with pytest.raises(ScriptError, match="use drop.. for a poll"):
        engine.add_script([LOST, complete()])
    assert encode_steps((LOST,)) == [AS_DATA]
    assert decode_steps([AS_DATA], "test") == (LOST,)


def test_an_advance_without_a_reply_after_it_is_refused(engine: FakeTinker) -> None:
    with pytest.raises(ScriptError, match="no reply follows it"):
        engine.add_script([complete()], submission=[Advance(1, 1)])


def test_faults_of_a_submission_reach_every_transport(engine: FakeTinker, transport: Transport) -> None:
    engine.add_script([complete()], submission=[drop(), status(429, headers={"retry-after": "7"})])
    with transport(engine) as client:

        def submit() -> httpx.Response:
            return client.post("/api/v1/asample", json={})

        assert outcome(submit) in {"ReadError", "RemoteProtocolError"}
        refused = submit()
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
        assert outcome(submit) == "200"


def test_the_set_up_gets_its_scripted_replies_first(engine: FakeTinker, ask: Asker) -> None:
    engine.on("create_session").replies(status(503), drop())
    engine.on("client/config").replies(status(404))
    assert [asked(engine, "create_session") for _ in range(3)] == [503, "reset", 200]
    assert asked(engine, "client/config") == 404
    assert ask.json("create_session", {})["session_id"] == "session-2"
    engine.verify()


def test_the_first_submissions_of_a_path_or_an_operation_are_refused(engine: FakeTinker) -> None:
    engine.add_script([complete()])
    engine.on("asample").replies(status(400, {"detail": "no such prompt"}))
    engine.on("compute_logprobs").replies(status(402))
    engine.on("forward").replies(status(500))
    engine.on("optim_step").replies(drop())
    assert asked(engine) == 400
    # The same path, another operation.
    assert asked(engine, "forward_backward") != 500
    assert asked(engine, prompt_logprobs=True) == 402
    assert asked(engine, "forward_backward", forward_only=True) == 500
    with pytest.raises(ScriptViolation, match=r"optim_step: 1 scripted reply left over \(drop"):
        engine.verify()
    assert asked(engine, "optim_step") == "reset"


def test_a_script_for_a_client_that_submitted_nothing_names_the_nearest(engine: FakeTinker) -> None:
    engine.add_script([complete()], client="sampler-1")
    engine.add_script([complete()], client="smapler-1")
    engine.add_script([complete()], client="xyz")
    asked(engine, sampling_session_id="sampler-1")
    with pytest.raises(ScriptViolation) as caught:
        engine.verify()
    text = str(caught.value)
    assert (
        "of client 'smapler-1'): no submission took it; scripted: complete; did you mean 'sampler-1'?" in text
    )
    assert "client 'xyz'): no submission took it; scripted: complete; submit such a request, or" in text


def test_what_is_left_of_the_set_up_s_replies_is_reported(engine: FakeTinker) -> None:
    engine.on("create_session").replies(status(503), status(500))
    asked(engine, "create_session")
    with pytest.raises(ScriptViolation, match=r"create_session: 1 scripted reply left over \(status 500\)"):
        engine.verify()


@pytest.mark.parametrize(
    ("path", "steps", "expected"),
    [
        ("retrieve_future", [status(500)], "give its future a script"),
        ("create_session", [], "has no replies"),
        ("create_session", [Advance(1, 1), status(500)], "cannot move the clocks"),
        ("create_session", [complete()], "refuse or lose"),
        ("create_sesion", [status(500)], "did you mean 'create_session'"),
        ("client/confg", [status(500)], "did you mean 'client/config'"),
        ("smaple", [status(500)], "did you mean 'sample'"),
        ("nosuch", [status(500)], "the operations are sample, .* write all of it: /api/v1/nosuch"),
        ("sessions/s-1/finnish", [status(500)], "did you mean 'sessions/{session}/finish'"),
        (3, [status(500)], "such as create_session, not the int 3"),
    ],
)
def test_replies_that_the_set_up_cannot_get_are_refused(
    engine: FakeTinker, path: str, steps: list[object], expected: str
) -> None:
    with pytest.raises(ScriptError, match=expected):
        engine.on(path).replies(*steps)  # type: ignore[arg-type]


def test_a_name_that_is_unknown_is_refused_before_any_reply_is_given(engine: FakeTinker) -> None:
    with pytest.raises(ScriptError, match="no endpoint or operation 'nosuch'"):
        engine.on("nosuch")
    engine.on("/elsewhere").replies(status(418))
    assert engine.handle(Request("GET", "/elsewhere")).status == 418  # type: ignore[union-attr]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_engine_knows_each_endpoint_by_its_name(endpoint: str) -> None:
    """Whatever it makes of an empty request: an unknown path would be a problem of its own kind."""
    path, _ = named_endpoint(endpoint.replace("{kind}", "weights"))
    engines = [FakeTinker(seed=1) for _ in range(5)]
    for engine, method in zip(engines, ("GET", "POST", "PUT", "DELETE", "PATCH"), strict=True):
        engine.handle(Request(method, path, body=b"{}"))
    unknown = [[p for p in engine.problems if p.kind is ProblemKind.UNEXPECTED_REQUEST] for engine in engines]
    assert [] in unknown


def test_every_path_of_the_engine_has_a_name() -> None:
    for path in (*SUBMISSION_PATHS, *SETUP_PATHS, POLL_PATH, POLL_MANY_PATH):
        assert path.endswith("/") or path.removeprefix(API_PREFIX) in ENDPOINTS


def test_script_files_have_both_kinds_of_replies(engine: FakeTinker, ask: Asker) -> None:
    entries = decode_all(
        [
            {"operation": "sample", "submission": [{"status": 429}], "steps": [{"complete": {}}]},
            {"setup": "create_session", "steps": [{"status": 503, "times": 2}]},
        ],
        "file",
    )
    for entry in entries:
        engine.add_entry(entry)
    assert [asked(engine), asked(engine)] == [429, 200]
    assert [asked(engine, "create_session") for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"steps": [], "submission": [{"complete": {}}]}, "file, script 1: submission= takes only replies"),
        ({"steps": [], "submission": [{"stats": 1}]}, "file, script 1, submission, step 1: .*status"),
        ({"setup": 3, "steps": []}, "file, script 1: setup must be a path"),
        ({"setup": "smaple", "steps": [{"status": 1}]}, "file, script 1, step 1"),
        ({"setup": "smaple", "steps": [{"status": 500}]}, "file, script 1: .* did you mean 'sample'"),
        (
            {"steps": [{"drop": "reset", "after": "accepted"}]},
            "script 1: drop.* give it as submission=",
        ),
        (
            {"steps": [], "submission": [{"drop": "reset", "after": "acepted"}]},
            "submission, step 1: drop: after: 'acepted' is not one of accepted; did you mean 'accepted'",
        ),
        ({"setup": "create_session", "step": []}, "file, script 1: .*steps"),
        ({"setup": "create_session", "steps": [{"stats": 1}]}, "file, script 1, step 1: .*status"),
    ],
)
def test_an_entry_that_is_wrong_names_its_place(entry: object, expected: str) -> None:
    with pytest.raises(ScriptError, match=expected):
        decode_all([entry], "file")


class Notified:
    """A listener that records its notifications of submissions and of the set-up."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def submission_arrived(self, submission: Submission) -> None:
        self.lines.append(f"submission {submission.request_id or 'without an id'}")

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        shown = reply.status if isinstance(reply, Reply) else reply.name
        self.lines.append(f"refused {submission.future.name or 'nobody'} {shown}")

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        self.lines.append(f"set-up {request.path} {reply.status if isinstance(reply, Reply) else reply.name}")

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        self.lines.append(f"clock {advance.wall:g} of {poll.future.name}")

    def request_arrived(self, poll: Poll) -> None: ...

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None: ...


def test_a_listener_is_notified_of_refusals_in_order() -> None:
    listener = Notified()
    engine = FakeTinker(listener=listener)
    engine.on("create_session").replies(status(503))
    steps = decode_steps([{"advance": 5}, {"status": 429}, {"drop": "reset"}], "test")
    engine.add_script([complete()], submission=steps)
    for path in ("create_session", "create_session", "client/config", *["asample"] * 4):
        asked(engine, path)
    assert listener.lines == [
        "set-up /api/v1/create_session 503",
        "set-up /api/v1/create_session 200",
        "submission without an id",
        "clock 5 of future-1",
        "refused future-1 429",
        "submission without an id",
        f"refused future-1 {DropKind.RESET}",
        "submission future-1",
        "refused nobody 404",
    ]


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=0.5, GZIP;q=1.0", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0, br", False),
    ],
)
def test_a_reply_is_compressed_only_for_a_client_that_accepts_it(
    engine: FakeTinker, ask: Asker, accepted: str, compressed: bool
) -> None:
    engine.add_script(
        [
            wired(timeout(a=1), compress="gzip", if_accepted=True),
            wired(complete(), compress="gzip", if_accepted=True, chunked="whole"),
        ]
    )
    request_id = ask.submit()
    body = json.dumps({"request_id": request_id}).encode()
    headers = ((b"accept-encoding", accepted.encode()),)
    first, second = (
        engine.handle(Request("POST", "/api/v1/retrieve_future", "", headers, body)) for _ in range(2)
    )
    assert isinstance(first, TransportFault) is compressed
    assert isinstance(second, TransportFault)
    assert ("gzip" in second.name, "chunked" in second.name) == (compressed, True)


def test_a_condition_without_a_coding_is_refused() -> None:
    with pytest.raises(ScriptError, match="if_accepted needs a coding"):
        wired(complete(), if_accepted=True)


def test_polls_of_a_session_get_their_scripted_replies_and_are_then_answered_as_usual() -> None:
    engine = FakeTinker()
    engine.on("retrieve_futures").replies(status(503), drop())
    assert [asked(engine, "retrieve_futures", target={}, prev_cursor=0) for _ in range(3)] == [
        503,
        "reset",
        200,
    ]
    with pytest.raises(ScriptError, match="retrieve_future is a poll; give its future a script"):
        engine.on("retrieve_future").replies(status(503))
