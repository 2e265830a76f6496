"""Hypothesis strategies: states, replies, clock steps, scripts and whole scenarios.

The strategies produce plain data (see `docs/reference/scenarios.md`) or decoded values; every scenario can be
run.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from hypothesis import strategies as st

from fake_server.script.builder import Script, with_submission
from fake_server.script.script_yaml import decode_steps
from fake_server.script.setup_replies import setup_replies
from fake_server.script.steps import Advance
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.scenario.scenario import OPERATIONS_OF, Scenario

StepData: TypeAlias = Mapping[str, object]

_KNOWN_STATES: Final = ("paused_capacity", "paused_rate_limit", "active", "unknown")
_ODD_STATES: Final = ("Paused_Capacity", " paused_capacity", "paused", "", None, True, 5, ["x"], {"a": 1})
_REASONS: Final = ("", None, "because of the weather", 7)
_SECONDS: Final = (0.001, 1, 29.5, 30, 59.999, 60, 61, 899.999, 900)
_BOUNDARIES: Final = (59.999, 60, 899.999, 900)
_STATUSES: Final = (400, 402, 429, 500, 502, 503)
_RAW: Final = ("", "not json", "null", "[]", "5", '"text"')
# An explicit string: Hypothesis takes seconds to build its table of all characters, which fails a
# health check in the first run of a suite.
_CHARACTERS: Final = string.printable + "\0\x7fÄßİΩЖ漢\u2028\u202e\ufeff😀"
_COMPLETE: Final[StepData] = {"complete": {}}
_FAULTS: Final[tuple[StepData, ...]] = (
    {"drop": "reset"},
    {"drop": "close"},
    {"timeout": {"queue_state": "paused_capacity"}, "wire": {"cut": "head"}},
    {"try_again": {"queue_state": "paused_capacity"}, "wire": {"cut": "body"}},
    {"timeout": {"queue_state": "paused_rate_limit"}, "wire": {"chunked": "whole"}},
)
"""Steps in which the connection fails or a reply is corrupted; the last reply is only unusual."""
_REFUSALS: Final[tuple[StepData, ...]] = (
    {"status": 503},
    {"status": 409, "body": {"detail": "busy"}},
    {"status": 429, "body": {"detail": "slow down"}},
    {"timeout": {"queue_state": "paused_capacity"}},
    {"drop": "reset"},
)
"""Replies after which every release sends a submission again."""
_COUNTS_OF_SETUP: Final = st.sampled_from((0, 0, 0, 1, 2))
"""How many requests that create a session are refused, mostly none."""


def queue_states() -> st.SearchStrategy[object]:
    """Return a strategy for values of ``queue_state``: known words, similar values, and other text."""
    return st.sampled_from(_KNOWN_STATES) | st.sampled_from(_ODD_STATES) | _texts()


def pause_bodies() -> st.SearchStrategy[Mapping[str, object]]:
    """Return a strategy for bodies of a 408 or a try_again, with or without state and reason."""
    return st.fixed_dictionaries(
        {},
        optional={
            "queue_state": queue_states(),
            "queue_state_reason": st.sampled_from(_REASONS) | _texts(),
        },
    )


def clock_steps() -> st.SearchStrategy[Advance]:
    """Return a strategy for steps that move the clocks: together or apart, the wall clock also back."""
    return _advances().map(_decoded_advance)


def poll_scripts(max_replies: int = 8) -> st.SearchStrategy[Script]:
    """Return a strategy for scripts that end in a result, for `FakeTinker.add_script`."""
    return _scripts(max_replies).map(lambda steps: Script(decode_steps(list(steps), "generated")))


def scenarios(max_futures: int = 3, max_replies: int = 8) -> st.SearchStrategy[Scenario]:
    """Return a strategy for whole scenarios: one or two clients of any kind, futures one after another.

    Some submissions, and some requests that create a session, are refused at first. An SDK then waits for a
    random time, which a comparison has to even out (`checks.submission_delays.with_equal_waits`).
    """
    observers = st.sampled_from(("default", "default", "default", "raising"))
    futures = st.builds(_future, _scripts(max_replies), observers, _refusals())
    return st.builds(_with_setup, _scenarios(futures, max_futures), _COUNTS_OF_SETUP)


def ordinary_scenarios(
    max_futures: int = 3, max_replies: int = 8, *, refused: bool = False
) -> st.SearchStrategy[Scenario]:
    """Return a strategy for ordinary scenarios, in which all SDKs must behave alike, apart from quirks.

    They have known states, strings as reasons, 5xx replies, broken connections, and clocks that move
    together.

    Args:
        max_futures: The most futures in a scenario.
        max_replies: The most replies in each future's script.
        refused: Whether some first submissions, and some requests that create a session, are refused at
            first, for SDKs that send such a request again. SDKs choose themselves how long they wait, so a
            comparison has to even out the waits (`checks.submission_delays.with_equal_waits`).
    """
    futures = st.builds(_future, _ordinary_scripts(max_replies), st.just("default"))
    ordinary = _scenarios(futures, max_futures)
    return ordinary if not refused else st.builds(_refused_at_first, ordinary, _refusals(), _COUNTS_OF_SETUP)


def _refused_at_first(scenario: Scenario, refusals: Sequence[StepData], setup: int) -> Scenario:
    """Return a scenario whose first submission is refused, before any pause that a wait could affect."""
    first, *others = scenario.futures
    submission = decode_steps(list(refusals), "generated") if refusals else ()
    script = with_submission(first.script, submission)
    futures = (msgspec.structs.replace(first, script=script), *others)
    return _with_setup(msgspec.structs.replace(scenario, futures=futures), setup)


def _refusals() -> st.SearchStrategy[list[StepData]]:
    none: st.SearchStrategy[list[StepData]] = st.just([])
    return none | none | st.lists(st.sampled_from(_REFUSALS), max_size=2)


def _texts() -> st.SearchStrategy[str]:
    return st.text(_CHARACTERS, max_size=12)


def _scenarios(futures: st.SearchStrategy[dict[str, object]], most: int) -> st.SearchStrategy[Scenario]:
    clients = st.lists(st.sampled_from(sorted(OPERATIONS_OF)), min_size=1, max_size=2)
    return clients.flatmap(
        lambda kinds: st.lists(
            st.tuples(st.sampled_from(range(len(kinds))), futures), min_size=1, max_size=most
        ).map(lambda placed: _scenario(kinds, placed))
    )


def _advances() -> st.SearchStrategy[StepData]:
    seconds = st.sampled_from(_SECONDS)
    apart = st.fixed_dictionaries({"wall": seconds | st.sampled_from((-5, -100, 0)), "monotonic": seconds})
    return (seconds | apart).map(lambda value: {"advance": value})


def _decoded_advance(data: StepData) -> Advance:
    match decode_steps([data, _COMPLETE], "generated"):
        case (Advance() as step, _):
            return step
        case steps:
            raise AssertionError(steps)


def _replies() -> st.SearchStrategy[StepData]:
    raw = st.sampled_from(_RAW).map(lambda text: {"status": 408, "raw": text, "content_type": "text/plain"})
    return st.one_of(
        pause_bodies().map(lambda body: {"timeout": body}),
        pause_bodies().map(lambda body: {"try_again": body}),
        st.sampled_from(_STATUSES).map(lambda status: {"status": status, "body": {"detail": "no"}}),
        raw,
        st.sampled_from(_FAULTS),
    )


def _steps_or_pauses() -> st.SearchStrategy[list[StepData]]:
    """Return a strategy for one step, or for two pauses and the time between them."""
    states = st.sampled_from(_KNOWN_STATES).map(lambda state: {"queue_state": state})
    pauses = states.map(lambda body: {"timeout": body}) | states.map(lambda body: {"try_again": body})
    alone = (_replies() | _advances()).map(lambda step: [step])
    between = st.sampled_from(_BOUNDARIES).map(lambda seconds: {"advance": seconds}) | _advances()
    return st.tuples(pauses, between, pauses).map(list) | alone | alone


def _scripts(max_replies: int) -> st.SearchStrategy[list[StepData]]:
    moving = _joined(_steps_or_pauses(), max_replies)
    # The delay after a 410 is random. If the clocks moved too, two correct SDKs could differ.
    expiring = _replies() | st.just({"status": 410, "body": {}})
    return moving | moving | moving | _joined(expiring.map(lambda step: [step]), max_replies)


def _ordinary_scripts(max_replies: int) -> st.SearchStrategy[list[StepData]]:
    body = st.fixed_dictionaries(
        {"queue_state": st.sampled_from(_KNOWN_STATES)},
        optional={"queue_state_reason": st.just("because of the weather")},
    )
    # Both signals at one instant: the chapter `trigger` covers which of them an SDK handles.
    pauses: st.SearchStrategy[StepData] = body.map(lambda value: {"pause": value})
    seconds = st.sampled_from(_BOUNDARIES) | st.sampled_from(_SECONDS)
    advances = seconds.map(lambda value: {"advance": value})
    failures = st.sampled_from((500, 502, 503)).map(lambda status: {"status": status, "body": {}})
    alone = (pauses | advances | failures | st.just({"drop": "reset"})).map(lambda step: [step])
    return _joined(st.tuples(pauses, advances, pauses).map(list) | alone, max_replies)


def _joined(passages: st.SearchStrategy[list[StepData]], most: int) -> st.SearchStrategy[list[StepData]]:
    return st.lists(passages, max_size=most).map(
        lambda chosen: [*[step for passage in chosen for step in passage][:most], _COMPLETE]
    )


def _future(steps: list[StepData], observer: str, submission: Sequence[StepData] = ()) -> dict[str, object]:
    return {"observer": observer, "steps": steps, "submission": list(submission)}


def _with_setup(scenario: Scenario, refusals: int) -> Scenario:
    """Return a scenario in which the first requests that create a session are refused.

    Only for scenarios with sampling clients: the timeline would otherwise also have the end of a model's
    creation.
    """
    if refusals == 0 or any(client.kind is not ClientKind.SAMPLING for client in scenario.clients):
        return scenario
    steps = decode_steps([{"status": 503}] * refusals, "generated")
    return msgspec.structs.replace(scenario, setup=(setup_replies("create_session", *steps),))


def _scenario(kinds: Sequence[ClientKind], placed: Sequence[tuple[int, dict[str, object]]]) -> Scenario:
    clients = {
        f"client-{place}": {"kind": kind.value, **_identity(kind, place)}
        for place, kind in enumerate(kinds, 1)
    }
    futures = [{"client": f"client-{place + 1}", **future} for place, future in placed]
    return decode_scenario({"id": "generated", "clients": clients, "futures": futures}, "generated")


def _identity(kind: ClientKind, place: int) -> dict[str, object]:
    match kind:
        case ClientKind.MODEL_CREATION:
            return {"id": f"Qwen/Qwen3-{place}B"}
        case ClientKind.SAMPLING | ClientKind.TRAINING:
            return {"id": f"{kind.value}-{place}"}
