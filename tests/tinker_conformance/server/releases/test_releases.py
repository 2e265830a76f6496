"""Real releases of the official SDK against the fake server, and against broken servers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fake_server import FakeTinker, FakeTinkerServer, Reply, Request, TransportFault, Wire
from tinker_conformance.error_families import UserError
from tinker_conformance.report.release_matrix import ReleaseMatrix
from tinker_conformance.report.verb_outcome import VerbOutcome
from tinker_conformance.sdk.official.environments import lean_environment
from tinker_conformance.server.releases import VERBS, chosen_releases, judge_releases, release_judge
from tinker_conformance.server.releases.exchange_log import FREE_REQUESTS, PACE_SECONDS
from tinker_conformance.server.releases.release_failures import says_nothing
from tinker_conformance.server.target import server_under_test

NEWEST = chosen_releases("newest")[0]
KEY = "tml-secret-of-the-user"
SHORT = 5.0
"""A time limit for servers that hang; verbs of a server that answers end in a fraction of it."""

Answer = Reply | TransportFault
Change = Callable[[Request, Answer], Answer]


class AlteredTinker(FakeTinker):
    """A simulated service whose answers on some paths are others."""

    def __init__(self, changes: Mapping[str, Change]) -> None:
        super().__init__(seed=7)
        self.changes = changes

    def handle(self, request: Request) -> Answer:
        answer = super().handle(request)
        name = request.path.removeprefix("/api/v1/").split("/")[0]
        return self.changes[name](request, answer) if name in self.changes else answer


def status(number: int, body: object) -> Change:
    """Answer with a status and a JSON body."""
    return lambda _request, _answer: Reply(
        number, ((b"content-type", b"application/json"),), json.dumps(body).encode()
    )


def silence(_request: Request, answer: Answer) -> Answer:
    """Never answer."""
    assert isinstance(answer, Reply)
    return TransportFault(Wire(delay=3_600), answer)


def matrix_of(
    server: FakeTinkerServer,
    *verbs: str,
    releases: tuple[str, ...] = (NEWEST,),
    seconds: float = 30,
    base_model: str | None = None,
) -> ReleaseMatrix:
    """The matrix of some verbs, or of all."""
    chosen = [verb for verb in VERBS if not verbs or verb.name in verbs]
    target = server_under_test(server.url, api_key=KEY, base_model=base_model)
    return judge_releases(target, releases, seconds=seconds, verbs=chosen)


def requests(engine: FakeTinker, method: str, part: str) -> int:
    """How many requests with this method came for paths with this part."""
    return sum(exchange.method == method and part in exchange.path for exchange in engine.journal.exchanges())


def check_whole(found: ReleaseMatrix, releases: tuple[str, ...]) -> None:
    assert [str(note) for note in found.notes()] == []
    assert {record.outcome for record in found.records} <= {VerbOutcome.WORKS, VerbOutcome.ABSENT}
    assert found.releases == releases
    assert found.verbs == tuple(verb.name for verb in VERBS)


def test_the_fake_server_serves_an_old_and_the_newest_release_whole_and_keeps_nothing() -> None:
    releases = ("0.6.3", NEWEST)
    engine = FakeTinker(seed=7)
    with FakeTinkerServer(engine) as server:
        found = matrix_of(server, releases=releases, seconds=30)
        check_whole(found, releases)
    assert engine.problems == []
    absent = {verb for verb, record in found.of(NEWEST).items() if record.outcome is VerbOutcome.ABSENT}
    assert absent == {"get_checkpoint_archive_url", "unload_model"}
    assert found.conclusion.endswith(f"tinker 0.6.3 to {NEWEST}: all 2 releases driven work whole.")
    assert requests(engine, "POST", "save_weights") == 4
    assert requests(engine, "DELETE", "/checkpoints/") == 4 + requests(engine, "DELETE", "/publish")
    assert len(engine.journal) < 100 * len(releases)


def check_served_whole(releases: tuple[str, ...]) -> None:
    with FakeTinkerServer(FakeTinker(seed=7)) as server:
        check_whole(matrix_of(server, releases=releases, seconds=60), releases)


@pytest.mark.slow
def test_the_fake_server_serves_every_sixth_revision_whole() -> None:
    check_served_whole(chosen_releases("revisions")[::6])


@pytest.mark.nightly
def test_the_fake_server_serves_every_revision_whole() -> None:
    check_served_whole(chosen_releases("revisions"))


def echo_of_headers(request: Request, answer: Answer) -> Answer:
    """Refuse, and quote the key."""
    return status(403, {"detail": request.header("x-api-key")})(request, answer)


@pytest.mark.slow
def test_errors_a_hang_and_a_missing_endpoint_are_with_builds_and_the_run_goes_on() -> None:
    changes = {
        "get_server_capabilities": echo_of_headers,
        "optim_step": status(422, {"detail": "the step is broken"}),
        "save_weights": silence,
        "sessions": status(404, {"detail": "Not Found"}),
        "training_runs": status(200, {"training_runs": 5}),
    }
    with FakeTinkerServer(AlteredTinker(changes)) as server:
        found = matrix_of(server, seconds=SHORT, base_model="Qwen/Qwen3-8B").of(NEWEST)
    refused, unreadable, hang = found["optim_step"], found["list_training_runs"], found["save_state"]
    assert refused.outcome is unreadable.outcome is VerbOutcome.ERROR
    assert refused.note.startswith("server: POST /api/v1/optim_step: HTTP 422")
    assert "the step is broken" in refused.note
    assert unreadable.note.startswith(
        "server: GET /api/v1/training_runs: HTTP 200, but the SDK cannot read the reply: 2 validation errors"
    )
    assert hang.outcome is VerbOutcome.HANG
    assert hang.note.startswith("POST /api/v1/save_weights was not answered for ")
    assert found["list_sessions"].outcome is VerbOutcome.NOT_OFFERED
    assert found["list_sessions"].note == "GET /api/v1/sessions: HTTP 404"
    assert found["get_sampler"].outcome is VerbOutcome.NOT_OFFERED
    assert found["get_sampler"].note == "needs get_session, which is not offered"
    assert found["load_state"].outcome is VerbOutcome.NOT_TESTABLE
    assert found["load_state"].note == "needs save_state, which hangs"
    # These were driven in a second process, which knows what the first has made.
    for verb in ("forward", "save_weights_for_sampler", "sample", "compute_logprobs", "cancel"):
        assert found[verb].outcome is VerbOutcome.WORKS, found[verb]
    key = found["get_server_capabilities"]
    assert key.outcome is VerbOutcome.ERROR
    assert "HTTP 403" in key.note
    assert "[api key]" in key.note
    assert KEY not in str(found)


def test_an_endpoint_that_no_release_can_do_without_is_an_error() -> None:
    changes = {"client": status(404, {"detail": "Not Found"})}
    with FakeTinkerServer(AlteredTinker(changes)) as server:
        found = matrix_of(server, "connect", "create_model", seconds=SHORT)
    connect = found.of(NEWEST)["connect"]
    assert connect.outcome is VerbOutcome.ERROR
    assert connect.note == "server: POST /api/v1/client/config: HTTP 404"
    assert found.conclusion.endswith(f"None that was driven: tinker {NEWEST} does not work whole.")


def _redirect(location: str) -> Change:
    return lambda _request, _answer: Reply(307, ((b"location", location.encode()),), b"")


@pytest.mark.slow
def test_a_redirect_to_another_server_is_not_followed_and_one_to_this_server_is() -> None:
    with FakeTinkerServer(engine := FakeTinker(seed=7)) as other:
        elsewhere = f"{other.url}/x"
        altered = AlteredTinker(
            {"client": _redirect("/api/v1/v2/config"), "get_server_capabilities": _redirect(elsewhere)}
        )
        moved = {"v2": lambda request, _answer: FakeTinker.handle(altered, _config(request))}
        altered.changes = {**altered.changes, **moved}
        with FakeTinkerServer(altered) as server:
            found = matrix_of(server, "connect", "get_server_capabilities", seconds=SHORT).of(NEWEST)
        assert len(engine.journal) == 0
    assert found["connect"].outcome is VerbOutcome.WORKS, found
    refused = found["get_server_capabilities"]
    assert refused.note.endswith(f"HTTP 307, a redirect to {elsewhere}, not followed")


def _config(request: Request) -> Request:
    return Request("POST", "/api/v1/client/config", "", request.headers, request.body)


def test_a_server_that_lists_no_models_needs_one_named() -> None:
    changes = {"get_server_capabilities": status(200, {"supported_models": []})}
    with FakeTinkerServer(AlteredTinker(changes)) as server:
        found = matrix_of(server, "connect", "create_model").of(NEWEST)
    assert found["create_model"].outcome is VerbOutcome.NOT_TESTABLE
    assert found["create_model"].note.endswith("name one with --base-model")


@pytest.mark.slow
def test_polls_without_an_end_are_paced_so_that_they_are_no_load() -> None:
    engine = AlteredTinker({"retrieve_future": status(408, {"detail": "not yet"})})
    with FakeTinkerServer(engine) as server:
        found = matrix_of(server, "connect", "create_model", "list_sessions", seconds=SHORT).of(NEWEST)
    made = found["create_model"]
    assert made.outcome is VerbOutcome.HANG
    assert "POST /api/v1/retrieve_future" in made.note
    assert found["list_sessions"].outcome is VerbOutcome.WORKS
    polls = requests(engine, "POST", "retrieve_future")
    assert FREE_REQUESTS - 10 < polls <= FREE_REQUESTS + SHORT / PACE_SECONDS


def test_a_worker_that_ends_is_a_finding_of_each_verb(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = lean_environment(NEWEST)
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    program = folder / "python"
    program.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    broken = dataclasses.replace(there, folder=tmp_path)
    monkeypatch.setattr(release_judge, "lean_environment", lambda _version, report: broken)
    with FakeTinkerServer(FakeTinker(seed=7)) as server:
        found = matrix_of(server, "connect", "list_sessions", seconds=SHORT).of(NEWEST)
    assert found["connect"].outcome is VerbOutcome.ERROR
    assert found["connect"].note.startswith("SDK: the process ended with exit code 3")
    assert found["connect"].note.endswith("(no such library)")
    assert found["list_sessions"].note == "needs connect, which failed"


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ("newest", (NEWEST,)),
        ("0.25.0, newest ,0.6.3", ("0.6.3", "0.25.0", NEWEST)),
        ("0.9.0,0.10.0,0.9.0", ("0.9.0", "0.10.0")),
    ],
)
def test_releases_are_chosen(chosen: str, wanted: tuple[str, ...]) -> None:
    assert chosen_releases(chosen) == wanted


def test_groups_of_releases_are_chosen() -> None:
    everything, revisions = chosen_releases("all"), chosen_releases("revisions")
    assert (everything[0], everything[-1]) == (revisions[0], revisions[-1]) == ("0.1.0", NEWEST)
    assert set(revisions) < set(everything)


@pytest.mark.parametrize("chosen", ["", "newset", "0.25.0,", "latest,0.1.0"])
def test_a_choice_of_nothing_is_an_error_that_says_what_to_write(chosen: str) -> None:
    with pytest.raises(UserError, match="write newest, revisions, all, or releases such as"):
        chosen_releases(chosen)


@pytest.mark.parametrize(
    ("body", "nothing"),
    [
        ('{"detail":"Not Found"}', True),
        ("404 page not found", True),
        ("[]", True),
        ("[" * 100_000, True),
        ('{"detail": null}', True),
        ('{"error": "x", "problem": "unexpected_request"}', True),
        ('{"detail":"model \'m\' does not exist"}', False),
        ('{"detail":"Not Found: checkpoint c"}', False),
    ],
)
def test_a_404_that_names_what_is_missing_is_no_missing_endpoint(body: str, *, nothing: bool) -> None:
    assert says_nothing(body) is nothing
