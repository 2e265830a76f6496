"""The engine, asked without any transport."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import zstandard

from fake_server import (
    FakeTinker,
    Operation,
    Poll,
    ProblemKind,
    Reply,
    Request,
    ScriptError,
    ScriptViolation,
    Submission,
    TransportFault,
    Unscripted,
)
from fake_server.core.http_messages import DropKind
from fake_server.protobuf.codec import bytes_field, varint_field
from fake_server.script import complete, drop, fail, script, status, timeout, try_again
from fake_server.script.steps import Advance
from fake_server.verify.verified_tinker import VerifiedTinker
from tests.fake_server.asking import Asker

RETRYABLE_SOMEWHERE = {400, 402, 408, 409, 410, 429, *range(500, 600)}
TRAINING_PATHS = {
    operation: operation.path.removeprefix("/api/v1/")
    for operation in Operation
    if operation not in (Operation.SAMPLE, Operation.COMPUTE_LOGPROBS)
}


class Recorder:
    """A listener that records its notifications."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        self.events.append(("set-up", request.path, _short(reply)))

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        self.events.append(("refused", submission.future.name, _short(reply)))

    def submission_arrived(self, submission: Submission) -> None:
        future = submission.future.name
        self.events.append(("submission", future, submission.operation, submission.resubmitted))

    def request_arrived(self, poll: Poll) -> None:
        self.events.append(("poll", poll.future.name, poll.index, poll.iteration, poll.request_type))

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        index = poll.index if isinstance(poll, Poll) else None
        self.events.append(("clock", index, advance.wall, advance.monotonic))

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        self.events.append(("reply", poll.index, reply.status if isinstance(reply, Reply) else reply.kind))


def _short(reply: Reply | TransportFault) -> object:
    return reply.status if isinstance(reply, Reply) else reply.kind


def statuses(ask: Asker, request_id: str, count: int) -> list[int]:
    return [ask.poll(request_id).status for _ in range(count)]


def test_polls_get_the_replies_in_order(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(timeout(queue_state="active"), try_again(a=1), status(503), complete()))
    request_id = ask.submit()
    assert ask.poll(request_id).body == b'{"queue_state":"active"}'
    assert json.loads(ask.poll(request_id).body) == {"type": "try_again", "request_id": request_id, "a": 1}
    assert ask.poll(request_id) == Reply(503, (), b"")
    assert "sequences" in json.loads(ask.poll(request_id).body)
    engine.verify()


def test_a_listener_is_notified_in_order(engine: FakeTinker, ask: Asker) -> None:
    recorder = engine.listener = Recorder()
    engine.add_script(script().advance(1).advance(-2).then(timeout()).advance(3).exhausted("fail"), name="f")
    ask.submit()
    for iteration in ("0", "1", "2"):
        ask(
            "retrieve_future",
            {"request_id": "f"},
            X_Tinker_Request_Iteration=iteration,
            x_tinker_request_type="Sample",
        )
    assert recorder.events == [
        ("submission", "f", Operation.SAMPLE, False),
        ("poll", "f", 0, "0", "Sample"),
        ("clock", 0, 1.0, 1.0),
        ("clock", 0, -2.0, 0.0),
        ("reply", 0, 408),
        ("poll", "f", 1, "1", "Sample"),
        ("clock", 1, 3.0, 3.0),
        ("reply", 1, 200),
        ("poll", "f", 2, "2", "Sample"),
        ("reply", 2, 200),
    ]


def test_listener_may_ask_the_engine_and_its_exception_becomes_a_problem(
    ask: Asker, engine: FakeTinker
) -> None:
    class Meddler(Recorder):
        def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
            engine.add_script(script())
            raise RuntimeError("oops")

    engine.listener = Meddler()
    engine.add_script(script().then(complete()))
    assert ask.poll(ask.submit()).status == 404
    assert engine.problems[0].kind is ProblemKind.INTERNAL
    assert "RuntimeError('oops')" in engine.problems[0].message


@pytest.fixture
def eager_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_threads")
def test_500_concurrent_polls_see_exactly_the_scripted_replies(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script([timeout(number) for number in range(500)])
    request_id = ask.submit()
    barrier = threading.Barrier(50)

    def ten() -> list[bytes]:
        barrier.wait(timeout=10)
        return [ask.poll(request_id).body for _ in range(10)]

    with ThreadPoolExecutor(50) as pool:
        seen = [body for bodies in pool.map(lambda _: ten(), range(50)) for body in bodies]
    assert Counter(seen) == Counter(str(number).encode() for number in range(500))


def test_exhausted_fail_is_a_failure_of_the_user(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(timeout()), name="short")
    request_id = ask.submit()
    ask.poll(request_id)
    body = json.loads(ask.poll(request_id).body)
    assert body["category"] == "user"
    assert "poll 2 of future 'short' came after the end of its script (timeout)" in body["error"]
    engine.verify()


def test_exhausted_repeat_repeats_the_reply_without_its_advances(engine: FakeTinker, ask: Asker) -> None:
    recorder = engine.listener = Recorder()
    engine.add_script(script().advance(1).then(timeout("x")).exhausted("repeat"))
    request_id = ask.submit()
    assert [ask.poll(request_id).body for _ in range(3)] == [b'"x"'] * 3
    assert sum(event[0] == "clock" for event in recorder.events) == 1


def test_an_exhausted_script_is_reported_to_client_and_test(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(complete()).exhausted("error"), name="strict")
    request_id = ask.submit()
    assert statuses(ask, request_id, 2) == [200, 404]
    with pytest.raises(ScriptViolation, match=r"script_exhausted: poll 2 of future 'strict'.*lengthen it"):
        engine.verify()


def test_a_request_submitted_again_goes_on_with_its_script(engine: FakeTinker, ask: Asker) -> None:
    recorder = engine.listener = Recorder()
    engine.add_script(script().then(timeout(), status(410), complete()), name="expires")
    engine.add_script(script().then(fail()), name="next")
    first = ask.submit(sampling_session_id="s")
    assert statuses(ask, first, 2) == [408, 410]
    again = ask.submit(sampling_session_id="s")
    assert again not in (first, "next")
    assert "sequences" in json.loads(ask.poll(again).body)
    assert [event[:3] for event in recorder.events if event[0] == "poll"][-1] == ("poll", "expires", 2)
    assert ask.submit(sampling_session_id="s") == "next"


def test_requests_submitted_again_keep_the_order_of_their_410s(engine: FakeTinker, ask: Asker) -> None:
    for name in ("a", "b"):
        engine.add_script(script().then(status(410), timeout(name)), name=name)
    first, second = ask.submit(), ask.submit()
    ask.poll(second)
    ask.poll(first)
    assert [ask.poll(ask.submit()).body for _ in range(2)] == [b'"b"', b'"a"']


def test_410_of_one_client_is_not_taken_up_by_another(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(status(410)), name="a")
    engine.add_script(script().then(complete()), name="b")
    ask.poll(ask.submit(sampling_session_id="s"))
    assert ask.submit(sampling_session_id="other") == "b"


def test_an_ended_future_is_not_taken_up_again(engine: FakeTinker, ask: Asker) -> None:
    future = engine.add_script(script().then(status(410)), name="a")
    engine.add_script(script().then(complete()), name="b")
    ask.poll(ask.submit("optim_step", model_id="m"))
    engine.end(future)
    assert ask.submit("optim_step", model_id="m") == "b"


def test_scripts_go_to_the_operation_and_client_they_name(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script(), operation=Operation.OPTIM_STEP, client="m2", name="m2 optim")
    engine.add_script(script(), operation=Operation.OPTIM_STEP, name="any optim")
    engine.add_script(script(), client="m1", name="m1 anything")
    engine.add_script(script(), name="anything")
    assert ask.submit("optim_step", model_id="m1") == "any optim"
    assert ask.submit("optim_step", model_id="m1") == "m1 anything"
    assert ask.submit("optim_step", model_id="m2") == "m2 optim"
    assert ask.submit("save_weights", model_id="m2") == "anything"


@pytest.mark.parametrize(
    ("body", "client"),
    [
        ({"sampling_session_id": "s", "seq_id": 1}, "s"),
        ({"model_path": "tinker://a/b", "base_model": None}, "tinker://a/b"),
        ({"base_model": "Q"}, "Q"),
    ],
)
def test_a_sampling_client_is_known_in_every_release(
    engine: FakeTinker, ask: Asker, body: dict[str, object], client: str
) -> None:
    engine.add_script(script(), client="somebody else", name="other")
    engine.add_script(script(), client=client, name="mine")
    assert ask.submit(**body) == "mine"


def test_log_probabilities_and_samples_are_with_builds(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script(), operation=Operation.SAMPLE, name="sample")
    engine.add_script(script(), operation=Operation.COMPUTE_LOGPROBS, name="logprobs")
    engine.add_script(script(), operation=Operation.SAMPLE, name="sample with logprobs")
    assert ask.submit(prompt_logprobs=True) == "logprobs"
    assert ask.submit(prompt_logprobs=False) == "sample"
    assert ask.submit(prompt_logprobs=True) == "sample with logprobs"


def test_every_operation_comes_to_a_result(engine: FakeTinker, ask: Asker) -> None:
    for operation, path in TRAINING_PATHS.items():
        engine.add_script(script().then(timeout(), complete()), operation=operation, name=operation)
        request_id = ask.submit(path, model_id="m", path="p")
        assert request_id == operation
        assert statuses(ask, request_id, 2) == [408, 200]
    engine.verify()


def test_overrides_replace_fields_of_the_result(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(complete(path="tinker://mine")))
    assert json.loads(ask.poll(ask.submit("save_weights", model_id="m")).body)["path"] == "tinker://mine"


def forward_request(*, forward_only: bool) -> bytes:
    return bytes_field(1, b"model-7") + varint_field(2, 3 + forward_only) + varint_field(6, int(forward_only))


@pytest.mark.parametrize("encoding", [None, "zstd"])
def test_protobuf_requests_are_understood(engine: FakeTinker, encoding: str | None) -> None:
    engine.add_script(
        script().then(complete()), operation=Operation.FORWARD_BACKWARD, client="model-7", name="b"
    )
    engine.add_script(script().then(complete()), operation=Operation.FORWARD, client="model-7", name="f")
    headers = [(b"Content-Type", b"application/x-protobuf")]
    if encoding is not None:
        headers.append((b"content-encoding", encoding.encode()))
    for forward_only, name in ((True, "f"), (False, "b")):
        body = forward_request(forward_only=forward_only)
        if encoding is not None:
            body = zstandard.ZstdCompressor().compress(body)
        reply = engine.handle(Request("POST", "/api/v1/forward_backward", "", tuple(headers), body))
        assert isinstance(reply, Reply)
        assert json.loads(reply.body)["request_id"] == name
        poll = Request(
            "POST",
            "/api/v1/retrieve_future",
            "",
            ((b"accept", b"application/json, application/x-protobuf"),),
            json.dumps({"request_id": name}).encode(),
        )
        result = engine.handle(poll)
        assert isinstance(result, Reply)
        assert result.headers == ((b"content-type", b"application/x-protobuf"),)


BROKEN = {
    "json": (b"{", (), "not valid JSON"),
    "array": (b"[]", (), "the body is a list; send a JSON object"),
    "zstd": (b"{}", ((b"content-encoding", b"zstd"),), "zstd body cannot be decoded"),
    "encoding": (b"{}", ((b"content-encoding", b"br"),), "'br' is not supported"),
    "protobuf": (
        b"\x0a\x50a",
        ((b"content-type", b"application/x-protobuf"),),
        "protobuf body cannot be decoded",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("path", ["asample", "retrieve_future", "create_session"])
def test_a_body_that_cannot_be_read_is_a_problem(engine: FakeTinker, name: str, path: str) -> None:
    body, headers, message = BROKEN[name]
    reply = engine.handle(Request("POST", f"/api/v1/{path}", "", headers, body))
    assert isinstance(reply, Reply)
    assert reply.status == 422
    assert message in json.loads(reply.body)["error"]
    assert engine.problems[0].kind is ProblemKind.UNREADABLE_BODY


@pytest.mark.parametrize("body", [{}, {"request_id": 3}])
def test_a_poll_without_an_id_is_a_problem(engine: FakeTinker, ask: Asker, body: dict[str, object]) -> None:
    assert ask("retrieve_future", body).status == 422
    assert "a poll's request_id must be a string" in engine.problems[0].message


def test_nan_in_a_request_is_read_as_python_writes_it(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script())
    assert ask("asample", {"temperature": float("nan")}).status == 200


def test_the_error_for_an_unknown_future_names_the_nearest(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(complete()), name="debounce-boundary")
    engine.add_script(script().then(complete()), name="other")
    ask.submit()
    reply = ask.poll("debounce-bondary")
    assert reply.status == 404
    assert "the nearest future is 'debounce-boundary'" in json.loads(reply.body)["error"]
    assert "before it was submitted" in json.loads(ask.poll("other").body)["error"]
    assert [problem.kind for problem in engine.problems] == [ProblemKind.UNKNOWN_FUTURE] * 2


def test_the_error_for_a_submission_without_a_script_lists_the_scripts_that_wait(
    engine: FakeTinker, ask: Asker
) -> None:
    engine.add_script(script(), operation=Operation.SAMPLE, client="sampler-1", name="one")
    engine.add_script(script(), operation=Operation.OPTIM_STEP, client="model-1", name="two")
    reply = ask("asample", {"sampling_session_id": "sampler-2"})
    text = json.loads(reply.body)["error"]
    assert reply.status == 404
    assert text.startswith("POST /api/v1/asample came (sample of client 'sampler-2')")
    assert "1 x optim_step of client 'model-1'" in text
    assert "the nearest is future 'one' (sample of client 'sampler-1')" in text


def test_the_error_for_a_submission_after_all_scripts_says_so(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script())
    ask.submit()
    assert "1 script added, all taken" in ask.json("asample", {})["error"]


def test_the_error_for_a_submission_that_no_rule_fits_names_the_nearest_condition() -> None:
    engine = VerifiedTinker()
    engine.samples({"2+2=": "4", "1+1=": "2"})
    prompt = {"chunks": [{"type": "encoded_text", "tokens": list(b"3+3=")}]}
    text = Asker(engine).json("asample", {"num_samples": 1, "prompt": prompt})["error"]
    assert "no rule fits: the nearest is for requests where prompt '2+2='" in text
    assert "which this one misses by prompt: wanted '2+2=', got '3+3='; change the request" in text


def test_the_error_without_any_script_says_how_to_do_without() -> None:
    text = Asker(FakeTinker()).json("asample", {})["error"]
    assert "none was added; add a script, or let submissions without a script complete" in text
    assert "None" not in text


def test_unscripted_submissions_complete_if_asked() -> None:
    engine = FakeTinker(unscripted=Unscripted.COMPLETE)
    ask = Asker(engine)
    request_id = ask.submit()
    assert statuses(ask, request_id, 2) == [200, 200]
    assert [future.scripted for future in engine.futures] == [False]
    engine.verify()


def test_creating_a_model_completes_and_spends_no_script_for_anything(engine: FakeTinker, ask: Asker) -> None:
    engine.expect_model("model-a")
    engine.add_script(script().then(timeout(), complete()), name="anything")
    ids = [
        json.loads(ask.poll(ask.submit("create_model", base_model="Q")).body)["model_id"] for _ in range(2)
    ]
    assert ids == ["model-a", "model-1"]
    assert ask.submit("optim_step", model_id="model-a") == "anything"
    assert ask.json("get_info", {"model_id": "model-a"})["model_data"]["model_name"] == "Q"


def test_creating_a_model_can_be_scripted(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(
        script().then(timeout(), status(410), complete()), operation=Operation.CREATE_MODEL, client="Q"
    )
    reply = ask.json("create_model", {"base_model": "Q"})
    assert statuses(ask, reply["request_id"], 2) == [408, 410]
    again = ask.json("create_model", {"base_model": "Q"})
    assert again["model_id"] == reply["model_id"] == "model-1"
    assert json.loads(ask.poll(again["request_id"]).body)["model_id"] == "model-1"


def test_a_load_that_creates_a_model_is_known_by_the_id_that_the_sdk_derives(
    engine: FakeTinker, ask: Asker
) -> None:
    engine.add_script(script(), operation=Operation.LOAD_STATE, client="session-1:train:4")
    reply = ask.json("load_weights", {"session_id": "session-1", "model_seq_id": 4, "path": "p"})
    assert reply["model_id"] == "session-1:train:4"


def test_samplers_get_the_expected_ids_and_are_remembered(engine: FakeTinker, ask: Asker) -> None:
    engine.expect_sampler("sampler-a")
    first = ask.json("create_sampling_session", {"session_id": "s", "base_model": "Q"})["sampling_session_id"]
    second = ask.json("create_sampling_session", {"session_id": "s"})["sampling_session_id"]
    assert (first, second) == ("sampler-a", "sampler-1")
    assert ask.json("samplers/sampler-a", method="GET")["base_model"] == "Q"


def test_weights_saved_without_a_name_become_the_next_sampler(ask: Asker, engine: FakeTinker) -> None:
    engine.expect_sampler("mine")
    engine.add_script(script().then(complete()))
    request_id = ask.submit("save_weights_for_sampler", model_id="m", sampling_session_seq_id=0)
    assert json.loads(ask.poll(request_id).body)["sampling_session_id"] == "mine"


def test_sessions_differ_and_the_client_configuration_can_be_set() -> None:
    ask = Asker(FakeTinker(client_config={"sample_no_retries": True}))
    assert len({ask.json("create_session", {})["session_id"] for _ in range(3)}) == 3
    config = ask.json("client/config", {})
    assert (config["use_pyqwest_transport"], config["sample_no_retries"]) == (False, True)
    assert ask.json("sessions/session-1/finish", {}) == {}
    assert ask.json("training_runs/model-1", method="GET")["training_run_id"] == "model-1"


def test_a_session_poll_names_each_future_once(engine: FakeTinker, ask: Asker) -> None:
    for _ in range(3):
        engine.add_script(script())
    ask.submit(sampling_session_id="s")
    ask.submit(sampling_session_id="t")
    target = {"type": "sampling_session", "sampling_session_id": "s"}
    found = ask.json("retrieve_futures", {"target": target, "prev_cursor": 0})
    assert [done["request_id"] for done in found["completions"]] == ["future-1"]
    ask.submit(sampling_session_id="s")
    later = ask.json("retrieve_futures", {"target": target, "prev_cursor": found["cursor"]})
    assert [done["request_id"] for done in later["completions"]] == ["future-3"]


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", "asmple", "did you mean '/api/v1/asample'"),
        ("GET", "asample", "use the other HTTP method for that path"),
        ("DELETE", "???", "knows submissions"),
        ("GET", "samplers/", "does not know"),
    ],
)
def test_a_request_that_is_not_of_the_api_is_a_problem(
    engine: FakeTinker, ask: Asker, method: str, path: str, message: str
) -> None:
    reply = ask(path, method=method)
    assert reply.status == 404
    assert message in json.loads(reply.body)["error"]
    with pytest.raises(ScriptViolation, match="unexpected_request"):
        engine.verify()


def test_no_error_reply_is_one_that_some_release_retries(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().exhausted("error"))
    replies = [ask.poll(ask.submit()), ask("asample", {}), ask.poll("x"), ask("nothing"), ask("asample", [])]
    assert len(engine.problems) == len(replies)
    assert not {reply.status for reply in replies} & (RETRYABLE_SOMEWHERE | {200})


def test_verify_lists_what_was_served_and_what_is_left(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(timeout()).times(2).then(complete()), name="half", client="s")
    engine.add_script(script().then(drop()), name="untouched")
    engine.add_script(script().advance(1), name="empty")
    ask.poll(ask.submit(sampling_session_id="s"))
    with pytest.raises(ScriptViolation) as caught:
        engine.verify()
    assert str(caught.value).splitlines() == [
        "2 differences from the script:",
        (
            "future 'half' (sample of client 's'): served 1 of 3 replies (timeout); left: timeout, complete; "
            "poll it to its end, or shorten the script"
        ),
        (
            "future 'untouched' (any operation of any client): no submission took it; scripted: drop reset; "
            "submit such a request, or do not register the script"
        ),
    ]


def test_reset_forgets_everything_but_the_settings(ask: Asker, engine: FakeTinker) -> None:
    engine.add_script(script().then(complete()), name="f")
    ask("nothing")
    ask.json("create_sampling_session", {})
    engine.reset()
    engine.verify()
    assert (engine.futures, len(engine.journal)) == ((), 0)
    assert ask.json("create_sampling_session", {})["sampling_session_id"] == "sampler-1"
    engine.add_script(script(), name="f")


@pytest.mark.parametrize("name", ["", "taken"])
def test_names_are_unique(engine: FakeTinker, name: str) -> None:
    engine.add_script(script(), name="taken")
    with pytest.raises(ScriptError, match="give each its own"):
        engine.add_script(script(), name=name)


def test_request_ids_are_unique_whatever_the_names(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(status(410)), name="a")
    engine.add_script(script(), name="a~2")
    engine.add_script(script(), name="future-3")
    engine.add_script(script())
    first = ask.submit(sampling_session_id="s")
    ids = [first, ask.submit(sampling_session_id="t")]
    ask.poll(first)
    ids += [ask.submit(sampling_session_id="s"), ask.submit(), ask.submit()]
    assert len(set(ids)) == 5


def test_transport_faults_come_out_as_such(engine: FakeTinker, ask: Asker) -> None:
    engine.add_script(script().then(drop("close")))
    body = json.dumps({"request_id": ask.submit()}).encode()
    answer = engine.handle(Request("POST", "/api/v1/retrieve_future", body=body))
    assert answer == TransportFault(DropKind.CLOSE)


def test_finding_a_future_does_not_slow_down_with_their_number(ask: Asker, engine: FakeTinker) -> None:
    shared = script().then(timeout(), complete()).build()
    for number in range(20_000):
        engine.add_script(shared, operation=Operation.SAMPLE, client=f"s{number}")
    body = msgspec.json.encode({"sampling_session_id": "s19999"})
    request = Request("POST", "/api/v1/asample", body=body)
    touched: list[str] = []

    class Watched(dict[object, object]):
        def __iter__(self) -> object:  # type: ignore[override]
            touched.append("iterated")
            return super().__iter__()

    engine._book.by_name = Watched(engine._book.by_name)  # type: ignore[assignment]
    reply = engine.handle(request)
    assert isinstance(reply, Reply)
    assert json.loads(reply.body)["request_id"] == "future-20000"
    assert not touched
