"""A server that speaks a dialect breaks the probes that the facts of the dialect imply, and no others."""

from __future__ import annotations

import pytest

from fake_server import FakeTinker
from fake_server.dialects import dialect_names
from tests.broken_servers.laboratory import KEY, SEED, Bench
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.server.server_request import ServerRequest
from tinker_conformance.server.server_run import open_server_run

NO_PROTOBUF_REQUESTS = {"submission.protobuf_pass", "submission.protobuf_forward"}
NO_PROTOBUF_RESULTS = {"results.sample_in_protobuf", "results.pass_in_protobuf"}
NO_PROTOBUF = NO_PROTOBUF_REQUESTS | NO_PROTOBUF_RESULTS

BROKEN = {
    "hatchery": {"ends.category", "results.sequence_ids", "submission.bad_protobuf", *NO_PROTOBUF},
    "miles": set(),
    "open-rl": {"ends.form", "polling.unknown_id", "results.sequence_ids", *NO_PROTOBUF},
    "skyrl": {"ends.form", "results.sequence_ids"},
    "tinker-cloud": {"session.config", "ends.form", "results.sequence_ids", *NO_PROTOBUF},
    "tuft": {"ends.form", "results.sequence_ids"},
    "twinkle": {"session.config", "ends.category", "results.sequence_ids", *NO_PROTOBUF},
    "verl": {"ends.category"},
}


def failed(dialect: str | None) -> set[str]:
    """The probes that a server without pauses fails."""
    engine = FakeTinker(seed=SEED, strict=True, api_keys=[KEY], dialect=dialect)
    bench = Bench(engine)
    request = ServerRequest(url="http://127.0.0.1:1", api_key=KEY, quick=True)
    run = open_server_run(request, sender=bench, clock=bench.clock)
    try:
        judgements = [run.ask(probe) for probe in run.asked]
    finally:
        run.close()
    return {each.requirement.id for each in judgements if each.verdict is Verdict.FAILED}


@pytest.mark.parametrize("dialect", [None, *dialect_names()])
def test_a_dialect_breaks_what_its_facts_imply(dialect: str | None) -> None:
    assert failed(dialect) == (set() if dialect is None else BROKEN[dialect])
