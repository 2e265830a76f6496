"""Timelines of a few events, written by hand, and what a projection sees in them."""

from __future__ import annotations

from collections.abc import Mapping

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.checks.projections import Projection
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario, decode_scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.timeline import Callback, Event, Log, Outcome, OutcomeKind, Request, Response

SEES_CALLS = frozenset({Capability.CALLBACKS})
POLL = "/api/v1/retrieve_future"
TRAINER_AND_SAMPLER: Mapping[str, object] = {
    "trainer": {"kind": "training", "id": "model-a"},
    "sampler": {"kind": "sampling", "id": "sampler-b"},
}


def scenario(
    clients: Mapping[str, object] = TRAINER_AND_SAMPLER, steps: list[object] | None = None
) -> Scenario:
    """One future of the first client, with these steps."""
    future = {"client": next(iter(clients)), "steps": steps or [{"complete": {}}]}
    return decode_scenario({"id": "small", "clients": clients, "futures": [future]}, "small")


def case(
    *observed: Event,
    of: Scenario | None = None,
    profile: str = "tinker-0.5.1",
    capabilities: frozenset[Capability] = SEES_CALLS,
    language: str = "python",
) -> Case:
    info = AdapterInfo(name="an SDK", version="1", language=language, capabilities=capabilities)
    return Case(of or scenario(), load_profile(profile), (), observed, info)


def seen(projection: Projection, of: Case) -> list[Fact]:
    """What the projection sees in the observed timeline, without repetitions."""
    return [fact for fact in projection(of, of.observed) if not fact.repeats]


def says(projection: Projection, of: Case) -> list[str]:
    return [fact.says for fact in seen(projection, of)]


def places(projection: Projection, of: Case) -> list[tuple[int, float]]:
    """Where each fact stands: the event, and its time."""
    return [(fact.event, fact.at) for fact in seen(projection, of)]


def line(message: str, at: float = 0.0, *, level: str = "warning", client: str | None = None) -> Log:
    return Log(at=at, client=client, level=level, logger="any", message=message)


def notified(
    state: str, at: float = 0.0, *, future: int | None = 1, reason: str | None = None, custom: bool = False
) -> Callback:
    return Callback(at=at, future=future, state=state, reason=reason, custom=custom)


def poll(
    at: float = 0.0, *, future: int | None = 1, iteration: str | None = "0", type_: str | None = "Sample"
) -> Request:
    return Request(at=at, future=future, method="POST", path=POLL, iteration=iteration, request_type=type_)


def submission(path: str, at: float = 0.0, *, future: int | None = 1) -> Request:
    return Request(at=at, future=future, method="POST", path=path)


def reply(
    status: int | None = 408,
    at: float = 0.0,
    *,
    body: object = None,
    future: int | None = 1,
    step: int | None = 1,
    fault: str | None = None,
    raw: str | None = None,
) -> Response:
    return Response(at=at, future=future, status=status, body=body, step=step, fault=fault, raw=raw)


def end(
    at: float = 0.0,
    *,
    future: int | None = 1,
    kind: OutcomeKind = OutcomeKind.RESULT,
    error: str | None = None,
    value: object = None,
) -> Outcome:
    return Outcome(at=at, future=future, kind=kind, error=error, value=value)
