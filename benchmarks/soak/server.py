"""The server of a soak, in a process of its own so that its memory is its own.

Prints the port as JSON; then, for each line read, what the process uses, or for ``counts`` its counts.

    python -m benchmarks.soak.server SEED FUTURES SECONDS JOURNAL_LIMIT
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from collections import Counter, deque
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.soak.measures import ServerCounts, Usage
from benchmarks.soak.plan import Plan, scripted_name
from benchmarks.soak.trouble import reaches, refuses
from fake_server.core.errors import ScriptViolation
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.listener import Poll, Submission
from fake_server.engine.tinker_api import FakeTinker
from fake_server.http.http_server import FakeTinkerServer
from fake_server.script.steps import Advance

AHEAD: Final = 1_000
"""Scripts that wait for a submission at a time."""
KEPT: Final = 1_000
"""Finished futures that are not forgotten yet: their last reply may be on its way, or lost on it."""


class SoakedEngine:
    """An engine that adds scripts as they are taken, forgets what is finished, and reads its own journal."""

    def __init__(self, plan: Plan, journal_limit: int) -> None:
        """Has the first scripts and the rules."""
        self._plan = plan
        self._limit = journal_limit
        self._engine = FakeTinker(listener=self, seed=plan.seed, journal_limit=journal_limit)
        for rule in plan.rules:
            self._engine.add_rule(rule)
        self._made = self._handled = self._read = self._most = self._moved_us = self._finished = 0
        self._recent: deque[ScriptedFuture] = deque()
        self._counts: Counter[tuple[int | None, str | None]] = Counter()
        for _ in range(AHEAD):
            self._add()

    def handle(self, request: Request) -> Reply | TransportFault:
        """Answers; called on the server's thread only."""
        answer = self._engine.handle(request)
        self._handled += 1
        self._most = max(self._most, len(self._engine.journal))
        if self._handled % self._limit == 0:
            self._read_journal()
        return answer

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None: ...

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None: ...

    def submission_arrived(self, submission: Submission) -> None:
        """Adds a script for the one that was taken."""
        if submission.future.scripted and not submission.resubmitted:
            self._add()

    def request_arrived(self, poll: Poll) -> None:
        """Nothing."""

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        """Moves the clock."""
        self._moved_us += advance.monotonic_us

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Forgets futures that finished a while ago."""
        if poll.index != len(poll.future.script.turns) - 1:
            return
        self._finished += 1
        self._recent.append(poll.future)
        if len(self._recent) > KEPT:
            self._engine.forget(self._recent.popleft())

    def counts(self) -> ServerCounts:
        """What there is to say once nothing is asked any more."""
        self._read_journal()
        statuses: Counter[int] = Counter()
        for (status, fault), count in self._counts.items():
            if status is not None and reaches(fault):
                statuses[status] += count
        return ServerCounts(
            violations=self._violations(),
            handled=self._handled,
            statuses=dict(statuses),
            broken=self._counts.total() - statuses.total(),
            refusals=sum(count for (_, fault), count in self._counts.items() if refuses(fault)),
            journal_most=self._most,
            journal_limit=self._limit,
            dropped=self._engine.journal.dropped,
            moved_us=self._moved_us,
            finished=self._finished,
            held=len(self._engine.futures),
        )

    def _violations(self) -> str:
        try:
            self._engine.verify()
        except ScriptViolation as violation:
            return str(violation)[:2_000]
        return ""

    def _add(self) -> None:
        if self._made < self._plan.scripted:
            kind = self._plan.kind(self._made)
            self._engine.add_script(
                self._plan.script(self._made),
                operation=kind.operation,
                client=kind.client,
                name=scripted_name(self._made),
            )
            self._made += 1

    def _read_journal(self) -> None:
        # Each exchange is counted once, before the journal lets it go.
        new = self._handled - self._read
        exchanges = self._engine.journal.exchanges()
        self._counts.update((each.status, each.fault) for each in exchanges[len(exchanges) - new :])
        self._read = self._handled


def usage() -> Usage:
    """What this process holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    # The listing has a descriptor of its own.
    descriptors = len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - a path for each would be too much
    return Usage(pages * resource.getpagesize(), descriptors, len(os.listdir("/proc/self/task")))  # noqa: PTH208


def main(seed: int, futures: int, seconds: int, journal_limit: int) -> None:
    """Serves until standard input ends."""
    engine = SoakedEngine(Plan(seed, futures, seconds), journal_limit)
    with FakeTinkerServer(engine) as server:
        _say({"port": server.port})
        for line in sys.stdin:
            if line.strip() == "counts":
                _say(asdict(engine.counts()))
            else:
                used = resource.getrusage(resource.RUSAGE_SELF)
                _say({"usage": asdict(usage()), "cpu": used.ru_utime + used.ru_stime})


def _say(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:5]))
