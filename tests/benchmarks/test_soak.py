"""The soak: a small one is without fault, and whatever is planted in one is noticed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.kept import kept_part, with_part
from benchmarks.soak import __main__ as command
from benchmarks.soak import server
from benchmarks.soak.clients import FUTURE_SECONDS, Clients
from benchmarks.soak.judging import ENOUGH, faults
from benchmarks.soak.measures import Seen, Soak, Usage
from benchmarks.soak.plan import Plan
from benchmarks.soak.running import soaked
from benchmarks.soak.server import SoakedEngine
from benchmarks.soak.trouble import reaches
from fake_server import Advance, FakeTinkerServer, Reply, Request, TransportFault
from fake_server.core.http_messages import DropKind

PLAN = Plan(seed=7, futures=300, seconds=3_600)
LIMIT = 200
Answer = Reply | TransportFault


@pytest.fixture(scope="module")
def soak() -> Soak:
    return soaked(PLAN, connections=16, journal_limit=LIMIT)


def test_a_small_soak_is_without_fault(soak: Soak) -> None:
    assert faults(soak) == []
    assert len(soak.seen.answers) == 300
    assert soak.counts.dropped == soak.counts.handled - LIMIT > 0
    # Pauses of futures in flight pass together.
    assert PLAN.scripted_us < soak.counts.moved_us <= 3_600_000_000
    assert {200, 307, 403, 408, 410, 429, 500, 502, 503} == set(soak.seen.statuses)
    assert soak.seen.broken > 50
    assert soak.seen.submissions == 300 + soak.seen.statuses[410]
    assert len(soak.along) == 10


@pytest.mark.parametrize(
    ("plant", "noticed"),
    [
        (lambda soak: _answers(soak, {"soak-3": 0}), "1 futures were lost: soak-3"),
        (lambda soak: _answers(soak, {"unscripted-9": 0}), "1 futures were lost: unscripted-9"),
        (lambda soak: _answers(soak, {"soak-3": 2}), "1 futures were answered more than once: soak-3"),
        (lambda soak: _answers(soak, {"soak-240": 1}), "that nobody planned: soak-240"),
        (lambda soak: _seen(soak, wrong=("soak-1 got 7",)), "not as planned: soak-1 got 7"),
        (lambda soak: _seen(soak, statuses={200: 1}), "the clients got 1 replies with status 200, and"),
        (lambda soak: _seen(soak, broken=soak.counts.broken - 1), "got no whole reply"),
        (lambda soak: _seen(soak, broken=10_000), "got no whole reply"),
        (lambda soak: _with_counts(soak, broken=soak.counts.broken - 1), "the journal had"),
        (lambda soak: _with_counts(soak, journal_most=LIMIT + 1), "the journal held 201 exchanges"),
        (lambda soak: _with_counts(soak, dropped=0), "the journal dropped 0 of"),
        (lambda soak: _with_counts(soak, violations="1 differences"), "own verification: 1 differences"),
        (lambda soak: _with_counts(soak, finished=299), "299 of 300 futures were served"),
        (lambda soak: _with_counts(soak, held=299), "the engine knows 299 futures"),
        (lambda soak: _with_counts(soak, moved_us=3_600_000_001), "moved by 3600.000001 s"),
        (lambda soak: _with_counts(soak, moved_us=PLAN.scripted_us), f"moved by {PLAN.scripted_us / 1e6} s"),
        (lambda soak: replace(soak, after=replace(soak.after, descriptors=99)), "file descriptors"),
        (lambda soak: replace(soak, after=replace(soak.after, threads=99)), "threads"),
    ],
)
def test_a_planted_fault_is_noticed(soak: Soak, plant: Callable[[Soak], Soak], noticed: str) -> None:
    assert any(noticed in text for text in faults(plant(soak)))


def test_memory_that_grows_is_noticed_where_there_is_enough_to_judge(soak: Soak) -> None:
    def grown(futures: int, *memory: int) -> bool:
        along = tuple(Usage(each, 0, 0) for each in memory)
        planted = replace(soak, plan=replace(PLAN, futures=futures), along=along)
        return any("memory grew" in text for text in faults(planted))

    assert grown(ENOUGH, 100, 106)
    assert grown(ENOUGH, 100, 106, 100)
    assert not grown(ENOUGH, 100, 105, 90)
    assert not grown(ENOUGH - 1, 100, 200)


def test_the_clients_notice_a_wrong_answer() -> None:
    def answer(request: Request, usual: Callable[[], Answer]) -> Answer:
        given = usual()
        if _polled(request) == "soak-3" and isinstance(given, Reply) and b"of 7" in given.body:
            return Reply(200, body=given.body.replace(b"mark 3 of 7", b"mark 4 of 7"))
        return given

    seen = _ran(answer)
    assert len(seen.wrong) == 1
    assert seen.wrong[0].startswith("soak-3 got 200")


def test_the_clients_notice_a_future_that_never_ends() -> None:
    def answer(request: Request, usual: Callable[[], Answer]) -> Answer:
        return Reply(408, body=b"{}") if _polled(request) == "soak-3" else usual()

    seen = _ran(answer, patience=0.3)
    assert "soak-3" not in seen.answers
    assert any("gave up" in text for text in seen.wrong)


def test_the_clients_notice_a_server_that_only_drops() -> None:
    seen = _ran(lambda request, usual: TransportFault(DropKind.RESET), patience=0.1)
    assert seen.answers == {}
    assert seen.broken > 0
    assert any("gave up" in text for text in seen.wrong)


def test_the_clients_notice_a_future_that_is_given_out_twice() -> None:
    firsts: dict[bytes, Answer] = {}

    def answer(request: Request, usual: Callable[[], Answer]) -> Answer:
        given = usual()
        return firsts.setdefault(request.body, given) if request.path.endswith("optim_step") else given

    seen = _ran(answer)
    assert max(seen.answers.values()) > 1
    assert seen.answers.keys() < SMALL.names()


def test_the_clients_notice_a_future_of_another_kind() -> None:
    def answer(request: Request, usual: Callable[[], Answer]) -> Answer:
        given = usual()
        if isinstance(given, Reply) and b'"soak-4"' in given.body:
            return Reply(200, body=given.body.replace(b'"soak-4"', b'"soak-5"'))
        return given

    assert any(text.startswith("a submission of Kind(") for text in _ran(answer).wrong)


def test_the_engine_forgets_what_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "KEPT", 5)
    engine = SoakedEngine(SMALL, 50)
    with FakeTinkerServer(engine) as serving:
        asyncio.run(Clients(SMALL, serving.port, lambda ended: None).run(4))
    counts = engine.counts()
    assert (counts.held, counts.finished, counts.violations) == (5, 60, "")


@pytest.mark.parametrize(("futures", "seconds"), [(10, 1), (11, 3_600), (137, 1_000_000)])
def test_the_scripts_move_the_clock_by_the_seconds_of_the_plan(futures: int, seconds: int) -> None:
    plan = Plan(3, futures, seconds)
    scripts = [plan.script(number) for number in range(plan.scripted)]
    scripts += [plan.rules[0].script] * (plan.ruled // 2)
    steps = [step for script in scripts for step in script.steps if isinstance(step, Advance)]
    assert sum(step.monotonic_us for step in steps) == seconds * 1_000_000
    assert any(step.wall_us < 0 for step in steps) == (futures == 137)


def test_a_plan_depends_on_its_seed_alone() -> None:
    assert [PLAN.script(5), PLAN.answer(5)] == [Plan(7, 300, 3_600).script(5), PLAN.answer(5)]
    assert PLAN.script(5) != Plan(8, 300, 3_600).script(5)
    assert PLAN.answer(5) != Plan(8, 300, 3_600).answer(5)
    assert PLAN.answer(5) != PLAN.answer(6)


def test_a_reply_in_an_unusual_form_reaches_a_client_and_a_faulted_one_does_not() -> None:
    assert all(map(reaches, (None, "chunked whole", "compress gzip", "slow_body", "extra 3")))
    faulted = ("chunked bad_chunk", "cut body by close", "claims gzip", "reset", "content_length 9999")
    assert not any(map(reaches, faulted))


def test_the_command_writes_its_section_and_fails_with_the_fault(
    soak: Soak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "RESULTS.md"
    out.write_text("# Benchmarks\n\nfigures\n", encoding="utf-8")
    asked = ["--futures", "300", "--seed", "7", "--out", str(out)]
    monkeypatch.setattr(command, "soaked", lambda plan: soak if plan == PLAN else None)
    for _ in range(2):
        result = CliRunner().invoke(command.main, asked, catch_exceptions=False)
        assert result.exit_code == 0
    report = out.read_text(encoding="utf-8")
    assert report.startswith("# Benchmarks\n\nfigures\n")
    assert report.count("## Soak") == report.count("<!-- soak -->") == 1
    monkeypatch.setattr(command, "soaked", lambda plan: _answers(soak, {"soak-3": 0}))
    result = CliRunner().invoke(command.main, asked)
    assert result.exit_code == 1
    assert "1 futures were lost: soak-3" in result.output
    assert "--futures 300 --seed 7 --seconds 3600" in result.output
    assert out.read_text(encoding="utf-8") == report


def test_the_part_of_a_report_is_put_where_it_was() -> None:
    report = with_part("one\n", "text\n")
    assert report == "one\n\n<!-- soak -->\ntext\n<!-- /soak -->\n"
    assert kept_part(report) == "\n<!-- soak -->\ntext\n<!-- /soak -->\n"
    assert with_part(f"{report}two\n", "new\n") == "one\n\n<!-- soak -->\nnew\n<!-- /soak -->\ntwo\n"


SMALL = Plan(seed=7, futures=60, seconds=60)


def _ran(answer: Callable[[Request, Callable[[], Answer]], Answer], patience: float = FUTURE_SECONDS) -> Seen:
    """What clients see of a server that answers otherwise than the engine does."""

    class Tampered:
        def __init__(self) -> None:
            self.engine = SoakedEngine(SMALL, 1_000)

        def handle(self, request: Request) -> Answer:
            return answer(request, lambda: self.engine.handle(request))

    with FakeTinkerServer(Tampered()) as serving:
        clients = Clients(SMALL, serving.port, lambda ended: None, patience)
        asyncio.run(clients.run(4))
    return clients.seen()


def _polled(request: Request) -> str | None:
    if not request.path.endswith("retrieve_future"):
        return None
    return json.loads(request.body)["request_id"].partition("~")[0]


def _answers(soak: Soak, changes: dict[str, int]) -> Soak:
    changed = {**soak.seen.answers, **changes}
    return _seen(soak, answers={name: count for name, count in changed.items() if count})


def _seen(soak: Soak, **changes: object) -> Soak:
    return replace(soak, seen=replace(soak.seen, **changes))


def _with_counts(soak: Soak, **changes: object) -> Soak:
    return replace(soak, counts=replace(soak.counts, **changes))
