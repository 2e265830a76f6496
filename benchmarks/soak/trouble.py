"""The faults that a future of the soak can meet, with their probabilities.

A reply that is broken on its way never reaches the client; one that only comes slowly, in chunks or in an
encoding does, and the journal names both alike: ``reaches`` tells them apart.
"""

from __future__ import annotations

import random
from typing import Final

from fake_server.core.faults import Refusal
from fake_server.script import drop, raw_bytes, redirect, refuse, status, timeout, try_again, wired
from fake_server.script.steps import HttpStep, ReplyStep

_CAPACITY: Final = timeout(queue_state="paused_capacity")
_LIMITED: Final = timeout(queue_state="paused_rate_limit", queue_state_reason="too many at once")
_AGAIN: Final = try_again(queue_state="paused_capacity")
REFUSED_SECONDS: Final = 0.003

_PLAIN: Final[tuple[tuple[int, ReplyStep], ...]] = (
    (240, _CAPACITY),
    (120, _LIMITED),
    (40, timeout(queue_state="active")),
    (150, _AGAIN),
    (40, status(500, {"error": "scripted"})),
    (30, status(502, raw="bad gateway")),
    (30, status(503, {"queue_state": "paused_capacity"})),
    (80, status(429, {"error": "slow down"}, headers={"retry-after": "30"})),
    (20, status(410, {"error": "expired"})),
    (30, redirect()),
)
_LATE: Final[tuple[tuple[int, dict[str, object]], ...]] = (
    (20, {"chunked": "whole"}),
    (20, {"compress": "gzip"}),
    (10, {"compress": "deflate"}),
    (10, {"slow_body": {"bytes": 16, "seconds": 0.001}}),
    (5, {"slow_head": {"bytes": 40, "seconds": 0.001}}),
    (5, {"delay": 0.002}),
    (5, {"extra": 3}),
    (5, {"headers": {"x-soak": "1"}}),
)
"""Forms of a reply that a client can read."""
_BROKEN: Final[tuple[tuple[int, dict[str, object]], ...]] = (
    (15, {"cut": {"at": "head", "by": "reset"}}),
    (15, {"cut": {"at": "body", "by": "close"}}),
    (10, {"cut": {"at": 5, "by": "half_close"}}),
    (10, {"chunked": "bad_chunk"}),
    (10, {"chunked": "ended_early"}),
    (10, {"content_length": "9999"}),
    (5, {"claims": "gzip"}),
)
_NO_REPLY: Final[tuple[tuple[int, ReplyStep], ...]] = (
    (30, drop("reset")),
    (30, drop("close")),
    (20, drop("half_close")),
    (10, raw_bytes("SMTP ready\r\n\r\n")),
    (1, refuse(REFUSED_SECONDS)),
)

_STEPS: Final = (
    *_PLAIN,
    *((weight, wired(_CAPACITY, **wire)) for weight, wire in (*_LATE, *_BROKEN)),
    *_NO_REPLY,
)
_CHOICES: Final = [step for _, step in _STEPS]
_WEIGHTS: Final = [weight for weight, _ in _STEPS]
_WIRES: Final = [wire for _, wire in _LATE]
_BREAKS: Final = [wire for _, wire in _BROKEN]
_REACH: Final = frozenset(wired(_CAPACITY, **wire).wire.name for wire in _WIRES)


def drawn(draws: random.Random, most: int) -> list[ReplyStep]:
    """Up to ``most`` steps after which a client asks again."""
    return draws.choices(_CHOICES, _WEIGHTS, k=draws.randint(0, most))


def with_faults(draws: random.Random, reply: HttpStep) -> list[ReplyStep]:
    """The steps of a last reply: now and then it is lost on its way first, or comes in another form."""
    steps: list[ReplyStep] = [reply]
    if draws.random() < 0.1:
        steps = [wired(reply, **draws.choice(_WIRES))]
    if draws.random() < 0.05:
        steps.insert(0, wired(reply, **draws.choice(_BREAKS)))
    return steps


def reaches(fault: str | None) -> bool:
    """Whether a client can read the reply that comes with a fault, by the journal's name of it."""
    return fault is None or fault in _REACH


def refuses(fault: str | None) -> bool:
    """Whether a fault closes connections other than its own."""
    return fault == Refusal(REFUSED_SECONDS).name
