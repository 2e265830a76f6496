"""Each broken server breaks what it declares, for the reason that it declares, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinker_conformance.judging.judge import Verdict
from tinker_conformance.server.probes import PROBES

from .declaration import BrokenServer
from .laboratory import Bench, opened
from .registry import BROKEN_SERVERS
from .table import document

PAGE = Path(__file__).parents[2] / "docs/reference/broken-servers.md"
_BROKEN = {Verdict.FAILED, Verdict.KIT_ERROR}


def test_the_fake_server_passes_every_probe() -> None:
    run = opened(Bench())
    verdicts = {judgement.requirement.id: judgement.verdict for judgement in run.ask_all(run.asked)}
    run.close()
    assert {name: verdict for name, verdict in verdicts.items() if verdict is not Verdict.PASSED} == {}
    assert list(verdicts) == [probe.id for probe in PROBES]


@pytest.mark.parametrize("server", BROKEN_SERVERS.values(), ids=BROKEN_SERVERS)
def test_a_broken_server_breaks_what_it_declares_and_nothing_else(server: BrokenServer) -> None:
    run = opened(server.make(), max_requests=10_000)
    judgements = {judgement.requirement.id: judgement for judgement in run.ask_all(run.asked)}
    run.close()
    assert {name for name, found in judgements.items() if found.verdict in _BROKEN} == server.breaks
    mismatches = [str(mismatch) for mismatch in judgements[server.caught_by].mismatches]
    assert any(server.saying in line for line in mismatches), mismatches
    # What cannot be told apart names the fault that stands in the way.
    for found in judgements.values():
        if found.verdict is Verdict.NOT_TESTABLE:
            assert found.fix_first, found
            assert server.breaks.issuperset(found.fix_first), found


def test_every_probe_has_a_server_that_it_is_there_to_catch() -> None:
    caught = {server.caught_by for server in BROKEN_SERVERS.values()}
    assert [probe.id for probe in PROBES if probe.id not in caught] == []


def test_what_a_broken_server_declares_is_a_probe() -> None:
    known = {probe.id for probe in PROBES}
    for server in BROKEN_SERVERS.values():
        assert server.breaks <= known, server.name
        assert server.caught_by not in server.also, server.name
        assert server.saying, server.name


def test_the_page_is_fresh() -> None:
    """To update it: make generate."""
    assert PAGE.read_text(encoding="utf-8") == document()
