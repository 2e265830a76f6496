"""Scenarios combined by rule: every state, reason, status and body with every kind of client.

The shipped scenarios show what a conforming SDK must do. The combined scenarios, like the drawn ones, look
for differences that nobody expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.scenario.scenario import OPERATIONS_OF, Scenario

_Step: TypeAlias = Mapping[str, object]

_STATES: Final[tuple[object, ...]] = (
    "active", "paused_rate_limit", "paused_capacity", "unknown", "Paused_Capacity", "", None, 5, True, ["x"],
    [], {"a": 1},
)  # fmt: skip
_REASONS: Final[tuple[Mapping[str, object], ...]] = (
    {}, *({"queue_state_reason": reason} for reason in (None, "", "because", 7)),
)  # fmt: skip
_STATUSES: Final = (400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503, 599)
_RAW: Final = (
    "", "nope", "[]", "[1]", "null", "3", '"type"', "{}", '{"error": null}',
    '{"type": "try_again", "error": "x"}', '{"status": "complete_metadata"}',
)  # fmt: skip
_COMPLETE: Final[_Step] = {"complete": {}}
_RESET: Final[_Step] = {"drop": "reset"}
_CAPACITY: Final[Mapping[str, object]] = {"queue_state": "paused_capacity"}


def matrix() -> tuple[Scenario, ...]:
    """Return all combined scenarios; their ids begin with ``matrix-``."""
    return tuple(
        decode_scenario({"id": f"matrix-{name}", **rest}, f"matrix-{name}") for name, rest in _scenarios()
    )


def _scenarios() -> Iterator[tuple[str, dict[str, object]]]:
    for kind in ClientKind:
        for name, future in _futures():
            yield f"{kind}-{name}".replace("_", "-"), {"client": kind, "futures": [future]}
        for operation in sorted(OPERATIONS_OF[kind]):
            for name, steps in _for_each_operation():
                future = {"operation": operation, "steps": steps}
                yield f"{operation}-{name}".replace("_", "-"), {"client": kind, "futures": [future]}
    yield from _whole()


def _futures() -> Iterator[tuple[str, dict[str, object]]]:
    for name, steps in _scripts():
        yield name, {"steps": steps}
    for name, step in (("408", {"timeout": _CAPACITY}), ("try-again", {"try_again": _CAPACITY})):
        yield f"raising-{name}", {"observer": "raising", "steps": [step, _COMPLETE]}
    yield "raising-completion", {"observer": "raising", "steps": [_COMPLETE]}
    yield "raising-failure", {"observer": "raising", "steps": [{"fail": {"category": "server"}}]}
    yield "unpaid-for-ever", {"exhausted": "repeat", "steps": [{"status": 402, "body": {"detail": "pay"}}]}
    yield "caller-gives-up", {"timeout": 5, "steps": [*_times(_RESET, 10), _COMPLETE]}


def _scripts() -> Iterator[tuple[str, list[_Step]]]:
    for number, state in enumerate(_STATES, 1):
        for place, reason in enumerate(_REASONS, 1):
            body = {"queue_state": state, **reason}
            yield f"408-{number}-{place}", [{"timeout": body}, _COMPLETE]
            yield f"try-again-{number}-{place}", [{"try_again": body}, _COMPLETE]
    for status in _STATUSES:
        yield f"{status}", [*_times({"status": status, "body": {**_CAPACITY, "error": "no"}}, 2), _COMPLETE]
        yield f"{status}-raw", [{"status": status, "raw": "no", "content_type": "text/plain"}, _COMPLETE]
    for number, raw in enumerate(_RAW, 1):
        for status in (200, 408):
            step = {"status": status, "raw": raw, "content_type": "application/json"}
            yield f"{status}-body-{number}", [step, _COMPLETE]
    for category in ("user", "server", "unknown"):
        yield f"failure-{category}", [{"fail": {"category": category}}]
    yield from _retries()
    yield from _metadata()
    yield from _debounces()


def _retries() -> Iterator[tuple[str, list[_Step]]]:
    expired: _Step = {"status": 410, "body": {}}
    yield "expired", [expired, _COMPLETE]
    yield "expired-four-times", [*_times(expired, 4), _COMPLETE]
    bad: _Step = {"status": 400, "body": {}}
    yield "bad-request-budget", [*_times(bad, 4), _COMPLETE]
    refills: tuple[_Step, ...] = (
        {"status": 408, "raw": "x", "content_type": "text/plain"}, {"timeout": None}, {"timeout": []},
        {"timeout": {}}, {"status": 500, "body": {}}, {"try_again": {}},
    )  # fmt: skip
    for number, refill in enumerate(refills, 1):
        steps = [*_times(bad, 3), refill, *_times(bad, 3), _COMPLETE]
        yield f"bad-request-refill-{number}", steps
    yield "resets", [*_times(_RESET, 8), _COMPLETE]
    resets: tuple[_Step, ...] = ({"timeout": {}}, {"try_again": {}}, {"status": 503, "body": {}})
    for number, between in enumerate((*resets, {"status": 429, "body": {}}), 1):
        steps = [*_times(_RESET, 3), between, *_times(_RESET, 2), between, _COMPLETE]
        yield f"resets-between-{number}", steps
    yield "too-many-requests", [*_times({"status": 429, "body": {}}, 7), _COMPLETE]
    unpaid: _Step = {"status": 402, "body": {"detail": "pay"}}
    yield "unpaid", [*_times(unpaid, 30), _COMPLETE]
    pauses = [*_times(unpaid, 3), {"advance": 301}, unpaid, {"advance": 3599}, *_times(unpaid, 3)]
    yield "unpaid-with-gaps", [*pauses, _COMPLETE]
    waiting: _Step = {"timeout": {}}
    yield "half-an-hour", [waiting, {"advance": 1801}, waiting, waiting, _COMPLETE]
    nearly = [waiting, {"advance": 7199}, waiting, {"advance": 2}]
    yield "two-hours", [*nearly, *_times(_RESET, 9), _COMPLETE]


def _metadata() -> Iterator[tuple[str, list[_Step]]]:
    only: _Step = {"status": 200, "body": {"status": "complete_metadata", "response_payload_size": 10}}
    yield "metadata", [only, _COMPLETE]
    yield "metadata-twice", [only, only, _COMPLETE]
    yield "metadata-then-pause", [only, {"timeout": _CAPACITY}, _COMPLETE]


def _debounces() -> Iterator[tuple[str, list[_Step]]]:
    capacity, limit = _pause("paused_capacity"), _pause("paused_rate_limit")
    active, odd = _pause("active"), _pause("zzz")
    wall = [_apart(159.999, 0), capacity, _apart(0.001, 0), capacity]
    within_60_s: list[_Step] = [capacity, _both(59.999), limit, _both(0.001), limit, active, _both(60), odd]
    yield "debounce", [*within_60_s, _both(-100), capacity, *wall, _COMPLETE]
    lasting: list[_Step] = [capacity, _both(899.999), capacity, _both(0.001), capacity]
    after: list[_Step] = [_both(59), capacity, _both(1), capacity, limit, _both(900), limit]
    apart = [active, limit, _apart(0, 900), limit, _apart(60, 0), limit]
    yield "grace", [*lasting, *after, *apart, _COMPLETE]


def _for_each_operation() -> Iterator[tuple[str, list[_Step]]]:
    pause = _pause("paused_capacity")
    yield "paused", [pause, _both(900), pause, {"try_again": {"queue_state": "active"}}, _COMPLETE]
    yield "without-result", [{"status": 200, "body": {}}]
    yield "failed", [{"fail": {"category": "user"}}]


def _whole() -> Iterator[tuple[str, dict[str, object]]]:
    stalled = {"exhausted": "repeat", "steps": [{"timeout": {}}, {"advance": 7200}, _RESET]}
    yield "sampling-stalled", {"client": ClientKind.SAMPLING, "futures": [stalled]}
    pause = _pause("paused_capacity")
    steps = [pause, _both(30), pause, _COMPLETE]
    kinds = {"a": ClientKind.TRAINING, "b": ClientKind.SAMPLING}
    clients = {name: {"kind": kind} for name, kind in kinds.items()}
    futures = [{"client": name, "steps": steps} for name in "abab"]
    yield "two-clients", {"clients": clients, "futures": futures}
    for name, kind in kinds.items():
        first = {"client": name, "timeout": 5, "steps": [*_times(_RESET, 10), _COMPLETE]}
        second = {"client": name, "steps": [*_times(_RESET, 6), _COMPLETE]}
        given_up: dict[str, object] = {"clients": {name: clients[name]}, "futures": [first, second]}
        yield f"after-giving-up-{kind}", given_up


def _pause(state: str) -> _Step:
    return {"timeout": {"queue_state": state}}


def _both(seconds: float) -> _Step:
    return {"advance": seconds}


def _apart(wall: float, monotonic: float) -> _Step:
    return {"advance": {"wall": wall, "monotonic": monotonic}}


def _times(step: _Step, count: int) -> Sequence[_Step]:
    return [step] * count
