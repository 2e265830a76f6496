"""A run as a whole: what is offered, what is lost, what is kept secret, and what is cleaned up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import pytest

from fake_server import FakeTinker, FakeTinkerServer, Reply, Request, at_most
from tests.broken_servers.declaration import API, BrokenBench, replied
from tests.broken_servers.laboratory import KEY, Bench, InstantClock, fake_server, opened
from tinker_conformance.error_families import ServerUnderTestError, UserError
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.report.conclusion import untested_chapters
from tinker_conformance.report.record_making import MOST_CHARACTERS
from tinker_conformance.report.records import JudgedKind, encode
from tinker_conformance.server.exchanges import NoAnswerError
from tinker_conformance.server.probes import PROBES
from tinker_conformance.server.server_request import Pausing, ServerRequest
from tinker_conformance.server.server_run import open_server_run

TRAINING = (
    *("create_model", "forward", "forward_backward", "optim_step", "save_weights", "load_weights"),
    *("save_weights_for_sampler", "get_info", "unload_model", "weights_info", "training_runs"),
    *("training_runs/", "checkpoints"),
)
SAMPLING = ("asample", "create_sampling_session", "save_weights_for_sampler")
REST = (
    *("healthz", "telemetry", "client/dynamic_config", "get_server_capabilities", "cancel_future"),
    *("session_heartbeat", "training_runs", "training_runs/", "checkpoints", "weights_info", "forward"),
    *("unload_model", "sessions/"),
)


class Small(BrokenBench):
    """A server without some endpoints."""

    def __init__(self, absent: Iterable[str], status: int = 404) -> None:
        super().__init__()
        self._absent = tuple(absent)
        self._status = status

    def before(self, request: Request) -> Request | Reply:
        path = request.path.removeprefix(API)
        absent = any(path == each or (each.endswith("/") and path.startswith(each)) for each in self._absent)
        return replied(self._status, {"detail": "Not Found"}) if absent else request


def _judged(bench: Bench, **options: object) -> list[Judgement]:
    run = opened(bench, **options)
    found = list(run.ask_all(run.asked))
    run.close()
    return found


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize(
    ("absent", "at_least"), [(TRAINING, 50), (SAMPLING, 75), (REST, 85), ((*TRAINING, *REST), 45)]
)
def test_a_small_server_passes_what_it_offers(absent: tuple[str, ...], at_least: int, status: int) -> None:
    judgements = _judged(Small(absent, status))
    counts = Counter(judgement.verdict for judgement in judgements)
    assert counts.keys() == {Verdict.PASSED, Verdict.NOT_OFFERED}
    assert counts[Verdict.PASSED] >= at_least
    assert all(each.note for each in judgements if each.verdict is Verdict.NOT_OFFERED)


def test_a_server_without_sessions_fails_there_and_nothing_else_can_be_tested() -> None:
    judgements = {each.requirement.id: each for each in _judged(Small(["create_session"]))}
    assert [name for name, each in judgements.items() if each.verdict is Verdict.FAILED] == ["session.create"]
    untestable = [each for each in judgements.values() if each.verdict is Verdict.NOT_TESTABLE]
    assert len(untestable) > 90
    assert {each.fix_first for each in untestable} == {("session.create",)}


def test_a_server_that_neither_samples_nor_trains_leaves_out_what_no_server_may() -> None:
    run = opened(Small([*TRAINING, *SAMPLING, "cancel_future"]))
    results = [run.result(judgement) for judgement in run.ask_all(run.asked)]
    assert all(each.verdict in {Verdict.PASSED, Verdict.NOT_OFFERED} for each in results)
    assert "ends" in untested_chapters(results, JudgedKind.SERVER)


def test_the_fake_server_passes_every_probe_on_a_socket() -> None:
    with FakeTinkerServer(fake_server()) as server:
        request = ServerRequest(url=server.url, api_key=KEY)
        run = open_server_run(request, clock=InstantClock())
        verdicts = {each.requirement.id: each.verdict for each in run.ask_all(run.asked)}
        run.close()
    not_passed = {name: verdict for name, verdict in verdicts.items() if verdict is not Verdict.PASSED}
    assert not_passed == dict.fromkeys(
        ("pauses.words", "pauses.reason", "pauses.resumes"), Verdict.NOT_OFFERED
    )


def test_everything_that_was_created_is_deleted() -> None:
    bench = Bench()
    _judged(bench)
    service = bench.engine._service
    assert service is not None
    assert [each.path for each in service.checkpoints.all() if "conformance" in each.path] == []
    loaded = [run for run in service.runs.values() if not run.unloaded and run.session_id in service.sessions]
    assert loaded == []
    assert {session.finish is not None for session in service.sessions.values()} == {True}


class QuotesTheKey(BrokenBench):
    """Quotes the key wherever it can."""

    def after(self, request: Request, reply: Reply) -> Reply:
        key = request.header("x-api-key")
        return replied(418, {"detail": f"the key {key} is a teapot", "key": key, key or "none": key})


def test_the_key_is_in_no_judgement_and_in_no_record() -> None:
    bench = QuotesTheKey()
    run = opened(bench)
    for probe in run.asked:
        judgement = run.ask(probe)
        assert KEY not in repr((judgement.mismatches, judgement.note, judgement.exchanges)), probe.id
        assert KEY not in encode(run.result(judgement)).decode()
    assert KEY not in encode(run.start(run.asked)).decode()
    assert KEY not in repr(run.request)


class QuotesTheKeyOddly(BrokenBench):
    """Quotes the key in other capitals, in headers, and where the text is cut."""

    def after(self, request: Request, reply: Reply) -> Reply:
        key = request.header("x-api-key") or ""
        headers = ((b"content-type", key.encode()), (b"location", b"http://127.0.0.1/" + key.encode()))
        body = b"x" * 195 + key.upper().encode() + json.dumps({key.upper(): key}).encode()
        return Reply(302 if request.method == "GET" else 418, headers, body)


def test_the_key_is_hidden_before_a_text_is_cut_and_in_every_form() -> None:
    run = opened(QuotesTheKeyOddly())
    for probe in run.asked:
        judgement = run.ask(probe)
        shown = f"{judgement.mismatches} {judgement.note} {judgement.exchanges}".lower()
        assert "tml-t" not in shown, probe.id
        assert "tml-t" not in encode(run.result(judgement)).decode().lower()


class Garbage(BrokenBench):
    """Answers everything with the same bytes."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self._reply = Reply(status, (), body)

    def before(self, request: Request) -> Request | Reply:
        return self._reply


DEEP = b"[" * 100_000
GARBAGE = {
    "empty": b"",
    "not JSON": b"\x00\xff<h1>",
    "a number": b"1",
    "a list": b"[]",
    "deep": DEEP,
    "null fields": b'{"request_id": null, "session_id": null, "supported_models": null, "type": null}',
    "odd fields": b'{"request_id": {}, "session_id": [], "supported_models": [1, null, {}], "type": []}',
    "promises": b'{"request_id": "r", "session_id": "s", "sampling_session_id": "p", "model_id": "m"}',
    "long": b'{"session_id": "' + b"x" * 100_000 + b'"}',
    "half a pair": b'{"request_id": "\\ud800", "session_id": "\\ud800\\u001b"}',
    "invisible": b'{"detail": "\\u001b[31m\\u0000"}',
}


@pytest.mark.parametrize("status", [200, 202, 204, 302, 400, 408, 429, 500])
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_in_verdicts(status: int, body: bytes) -> None:
    run = opened(Garbage(status, body), max_requests=100_000)
    for probe in run.asked:
        judgement = run.ask(probe)
        assert judgement.verdict is not Verdict.KIT_ERROR, (probe.id, judgement.note)
        record = encode(run.result(judgement))
        assert len(record) < 200 * (MOST_CHARACTERS + 500)
    run.close()


class Dies(BrokenBench):
    """Goes away after some requests."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after

    def respond(self, request: Request, seconds: float) -> Reply:
        self._left -= 1
        if self._left < 0:
            raise NoAnswerError("the connection failed (refused)", connected=False)
        return super().respond(request, seconds)


@pytest.mark.parametrize("after", [0, 5, 100, 300])
def test_a_server_that_dies_ends_the_run(after: int) -> None:
    with pytest.raises(ServerUnderTestError, match="start it|find out why it ended"):
        _judged(Dies(after))


class GoesSilent(BrokenBench):
    """Takes every request, and answers only the first ones."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after
        self.asked = 0

    def respond(self, request: Request, seconds: float) -> Reply:
        self.asked += 1
        self._left -= 1
        if self._left < 0:
            self.clock.sleep(seconds)
            raise NoAnswerError(f"nothing came for {seconds:g} s")
        return super().respond(request, seconds)


@pytest.mark.parametrize("after", [0, 5, 100, 300])
def test_a_server_that_falls_silent_ends_the_run_soon(after: int) -> None:
    bench = GoesSilent(after)
    with pytest.raises(ServerUnderTestError, match="start it|find out why it ended"):
        _judged(bench)
    assert bench.asked <= after + 15
    assert bench.clock.now() < 900


class Slow(BrokenBench):
    """Needs 40 s for each reply."""

    def respond(self, request: Request, seconds: float) -> Reply:
        self.clock.sleep(min(seconds, 40.0))
        return super().respond(request, seconds)


def test_a_server_that_is_too_slow_ends_the_run() -> None:
    bench = Slow()
    run = opened(bench, max_minutes=30.0)
    with pytest.raises(ServerUnderTestError, match=r"within 30\.\d min, the limit of --max-minutes"):
        list(run.ask_all(run.asked))
    run.close()
    assert bench.clock.now() < 40 * 60


class Breaks(BrokenBench):
    """Ends the connection of every request of one path without a reply."""

    def respond(self, request: Request, seconds: float) -> Reply:
        if request.path == f"{API}asample" and request.body.startswith(b'{"type'):
            raise NoAnswerError("the connection broke (reset)")
        return super().respond(request, seconds)


def test_broken_connections_are_failures_and_the_run_goes_on() -> None:
    judgements = _judged(Breaks())
    failed = [each for each in judgements if each.verdict is Verdict.FAILED]
    assert len(judgements) == len(PROBES)
    assert len(failed) > 20
    mismatches = {str(each.mismatches[0]) for each in failed}
    assert any(
        "wanted a reply to POST /api/v1/asample, got no reply: the connection broke" in each
        for each in mismatches
    )


def test_a_run_stops_when_its_budget_is_spent() -> None:
    run = opened(Bench(), max_requests=60)
    with pytest.raises(UserError, match="more requests than the 60 that --max-requests allows; raise"):
        list(run.ask_all(run.asked))
    assert run.budget.sent == 60
    run.close()


def test_a_run_needs_fewer_requests_than_its_default_budget_by_half() -> None:
    run = opened(Bench())
    list(run.ask_all(run.asked))
    assert 300 < run.budget.sent < 500
    run.close()


def test_a_refused_key_is_a_usage_error() -> None:
    with pytest.raises(UserError, match="refuses the API key .* give it with --api-key") as caught:
        open_server_run(
            ServerRequest(url="http://127.0.0.1", api_key="tml-wrong"),
            sender=_Wrong(),
            clock=InstantClock(),
        )
    assert "tml-wrong" not in str(caught.value)


class _Wrong(Bench):
    def request(self, question: object) -> Request:
        asked = super().request(question)  # type: ignore[arg-type]
        headers = tuple(
            (name, b"tml-wrong") if name == b"x-api-key" else (name, v) for name, v in asked.headers
        )
        return Request(asked.method, asked.path, asked.query, headers, asked.body)


@pytest.mark.parametrize("probe", ["submission.model", "submission.sampler", "submission.json_pass"])
def test_a_base_model_that_the_server_lacks_is_a_usage_error_that_lists_its_models(probe: str) -> None:
    # The fake refuses models that it does not list, with HTTP 400.
    served = "Qwen/Qwen3-8B"
    for named, hint in (("Qwen/Qwen3-9B", f"did you mean '{served}'?"), ("small-model", "name one of them")):
        run = opened(BrokenBench(), base_model=named, only=(probe,))
        with pytest.raises(
            UserError, match=f"^--base-model {named}: the server refuses it .HTTP 400"
        ) as found:
            list(run.ask_all(run.asked))
        assert f"Its capabilities list {served}, " in str(found.value)
        assert str(found.value).endswith(hint)
        run.close()
    run = opened(BrokenBench(), base_model=served, only=(probe,))
    assert [each.verdict for each in run.ask_all(run.asked)] == [Verdict.PASSED]
    run.close()


def test_a_server_that_lists_nothing_needs_a_base_model() -> None:
    run = opened(Small(["get_server_capabilities"]), base_model=None)
    with pytest.raises(UserError, match="--base-model"):
        list(run.ask_all(run.asked))
    run.close()


def test_a_server_can_be_made_to_pause_by_models() -> None:
    engine = FakeTinker(seed=1)
    engine.add_rule(at_most(2, "paused_capacity", operation="forward_backward"))
    chapter = tuple(probe.id for probe in PROBES if probe.chapter == "pauses")
    run = opened(Bench(engine), pausing=Pausing(models=2), only=chapter)
    assert {each.verdict for each in run.ask_all(run.asked)} == {Verdict.PASSED}


def test_a_server_that_does_not_pause_as_the_option_says_fails() -> None:
    run = opened(Bench(FakeTinker(seed=1)), only=("pauses.words",))
    (judgement,) = run.ask_all(run.asked)
    assert "wanted a pending reply while too much is in flight" in str(judgement.mismatches[0])


def test_an_unknown_probe_is_a_usage_error() -> None:
    with pytest.raises(UserError, match=r"polling\.agian.*polling\.again"):
        opened(Bench(), only=("polling.agian",))


def test_a_chapter_of_probes_can_be_asked_alone() -> None:
    run = opened(Bench(FakeTinker(seed=1)), only=("polling", "session.create"))
    run.close()
    assert {probe.id for probe in run.asked if probe.chapter != "polling"} == {"session.create"}
    assert sum(probe.chapter == "polling" for probe in run.asked) > 5


def test_only_the_asked_probe_runs() -> None:
    run = opened(Bench(FakeTinker(seed=1, api_keys=[KEY])), only=("polling.again",))
    assert [each.verdict for each in run.ask_all(run.asked)] == [Verdict.PASSED]
    assert run.budget.sent < 40
    run.close()
