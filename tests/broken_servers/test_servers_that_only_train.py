"""Where a server does not sample, probes of any work ask for passes, and each still catches its fault."""

from __future__ import annotations

import pytest

from fake_server import Reply, Request
from tinker_conformance.judging.judge import Verdict

from . import declaration, endings, polls, submissions
from .declaration import BrokenServer, is_to, replied
from .laboratory import Bench, opened
from .registry import BROKEN_SERVERS

SAMPLING = ("asample", "create_sampling_session")
OF_ANY_WORK = [
    *(server for server in BROKEN_SERVERS.values() if server.caught_by.split(".")[0] in {"polling", "ends"}),
    *(BROKEN_SERVERS[name] for name in ("promises_nothing", "takes_equal_samples_for_one")),
]


def to_passes(request: Request, path: str) -> bool:
    """As `is_to`, for a fault that is described for samples."""
    return is_to(request, "forward_backward" if path == "asample" else path)


def without_samples(bench: Bench) -> Bench:
    """The same server without sampling."""
    whole = bench.respond

    def respond(request: Request, seconds: float) -> Reply:
        absent = any(is_to(request, path) for path in SAMPLING)
        return replied(404, {"detail": "Not Found"}) if absent else whole(request, seconds)

    bench.respond = respond  # type: ignore[method-assign] # one bench differs from its class
    return bench


@pytest.mark.parametrize("server", OF_ANY_WORK, ids=lambda server: server.name)
def test_a_fault_in_passes_is_caught_by_the_same_probe(
    server: BrokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (declaration, endings, polls, submissions):
        monkeypatch.setattr(module, "is_to", to_passes)
    run = opened(without_samples(server.make()), only=(server.caught_by,), max_requests=10_000)
    (judgement,) = run.ask_all(run.asked)
    run.close()
    assert judgement.verdict is Verdict.FAILED, judgement


class FailsOnlyLoads(Bench):
    """Refuses at once what cannot succeed, but for loads."""

    def respond(self, request: Request, seconds: float) -> Reply:
        refused = is_to(request, "forward_backward") and (
            b"no_such_loss" in request.body or request.body.count(b'"data":[101,108],') > 0
        )
        return replied(422, {"detail": "no"}) if refused else super().respond(request, seconds)


@pytest.mark.parametrize(
    "probe", ["ends.form", "ends.text", "ends.category", "ends.same_again", "ends.goes_on"]
)
def test_a_failed_load_shows_how_futures_fail_where_everything_else_is_refused(probe: str) -> None:
    run = opened(without_samples(FailsOnlyLoads()), only=(probe,))
    (judgement,) = run.ask_all(run.asked)
    run.close()
    assert judgement.verdict is Verdict.PASSED, judgement
