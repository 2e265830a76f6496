"""What was seen of a soak, on both sides, as frozen values that fit into a line of JSON."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.soak.plan import Plan


@dataclass(frozen=True, slots=True)
class Usage:
    """What the server's process holds.

    Attributes:
        memory: Resident bytes.
        descriptors: Open file descriptors.
        threads: Running threads.
    """

    memory: int
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class ServerCounts:
    """What the server says at the end.

    Attributes:
        violations: What the engine's verification and the server itself object to; empty if nothing.
        handled: Requests that were answered or met a fault.
        statuses: How many replies of each status the clients could read, counted from the journal.
        broken: How many requests got no reply, or one that was broken, counted from the journal.
        refusals: How many of these made the port refuse connections.
        journal_most: The most exchanges that the journal held at any time.
        journal_limit: How many it may.
        dropped: How many it dropped.
        moved_us: By how much the scripts moved the monotonic clock, in microseconds.
        finished: Futures whose scripts were served to the end.
        held: Futures that the engine still knows.
    """

    violations: str
    handled: int
    statuses: dict[int, int]
    broken: int
    refusals: int
    journal_most: int
    journal_limit: int
    dropped: int
    moved_us: int
    finished: int
    held: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clients saw.

    Attributes:
        answers: How often each future, by name, got an answer that ended it.
        wrong: What came in place of what was planned; the first few.
        statuses: How many whole replies of each status came.
        broken: How many requests got none.
        submissions: How many submissions were answered, those after 410 included.
        p50: Half of the whole replies took longer, in milliseconds.
        p99: One hundredth of them did.
    """

    answers: dict[str, int]
    wrong: tuple[str, ...]
    statuses: dict[int, int]
    broken: int
    submissions: int
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Soak:
    """One soak, measured.

    Attributes:
        plan: What was to happen.
        connections: Connections at a time.
        real: Seconds that it took.
        cpu: Processor seconds of the server.
        seen: By the clients.
        counts: By the server.
        before: The server before the first request.
        along: The server after each tenth of the futures, the last of them at the end.
        after: The server when all connections were closed.
    """

    plan: Plan
    connections: int
    real: float
    cpu: float
    seen: Seen
    counts: ServerCounts
    before: Usage
    along: tuple[Usage, ...]
    after: Usage
