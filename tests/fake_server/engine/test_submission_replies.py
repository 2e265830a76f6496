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
)
from fake_server.core.faults import DropKind
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
    with pytest.raises(ScriptError, match="the submission after the last of them is accepted"):
        engine.add_script([complete()], submission=[reply])  # type: ignore[list-item]


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
    with pytest.raises(ScriptViolation, match=r"optim_step left 1 replies unused \(drop"):
        engine.verify()
    assert asked(engine, "optim_step") == "reset"


def test_what_is_left_of_the_set_up_s_replies_is_reported(engine: FakeTinker) -> None:
    engine.on("create_session").replies(status(503), status(500))
    asked(engine, "create_session")
    with pytest.raises(ScriptViolation, match=r"create_session left 1 replies unused \(status 500\)"):
        engine.verify()


@pytest.mark.parametrize(
    ("path", "steps", "expected"),
    [
        ("retrieve_future", [status(500)], "give its future a script"),
        ("create_session", [], "has no replies"),
        ("create_session", [Advance(1, 1), status(500)], "cannot move the clocks"),
        ("create_session", [complete()], "refuse or lose"),
    ],
)
def test_replies_that_the_set_up_cannot_get_are_refused(
    engine: FakeTinker, path: str, steps: list[object], expected: str
) -> None:
    with pytest.raises(ScriptError, match=expected):
        engine.on(path).replies(*steps)  # type: ignore[arg-type]


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
        ({"steps": [], "submission": [{"complete": {}}]}, "file, script 1: submission takes replies"),
        ({"steps": [], "submission": [{"stats": 1}]}, "file, script 1, submission, step 1: .*status"),
        ({"setup": 3, "steps": []}, "file, script 1: setup must be a path"),
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
