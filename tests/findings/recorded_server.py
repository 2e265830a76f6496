"""A judged server, reduced to what its findings page states.

A server cannot be fetched and started as an SDK can, so its report is made by hand, as the page says, and
recorded from the folder of `--report`: `make server-findings REPORT=FOLDER`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.wanted_got import wanted_got
from tests.findings.recorded_run import FOLDER, verdict_word
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.records import Result, VerbRecord
from tinker_conformance.report.report_reading import load_report

SERVERS: Final = ("hatchery-core-0.3.0",)
"""The recordings, by the name of the page."""


class FailedProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that the server does not meet.

    Attributes:
        id: Its id.
        verdict: `failed`, or `quirk not shared`.
        sentence: What must hold.
        releases: The releases of the official SDK that rely on it.
        got: What the server did.
        command: The command that asks it alone.
        holds_back: The probes that cannot be tested until it is met.
    """

    id: str
    verdict: str
    sentence: str
    releases: str
    got: str
    command: str
    holds_back: tuple[str, ...]


class JudgedServer(msgspec.Struct, frozen=True, kw_only=True):
    """One server.

    Attributes:
        name: Its name and version.
        recorded: The day of the run.
        conclusion: The conclusion in words.
        counts: The number of probes by verdict.
        failed: The probes that it does not meet.
        not_offered: The probes about what it does not have.
        asked: All probes of the run.
        verbs: What releases of the official SDK met.
        releases: Which of them work whole, in words.
    """

    name: str
    recorded: str
    conclusion: str
    counts: dict[str, int]
    failed: tuple[FailedProbe, ...]
    not_offered: tuple[str, ...]
    asked: tuple[str, ...]
    verbs: tuple[VerbRecord, ...]
    releases: str


def judged_server(folder: Path) -> JudgedServer:
    """Return what `tinker-conformance server --report FOLDER` wrote.

    Raises:
        ValueError: The run did not come to its end.
    """
    report = load_report(folder)
    if report.end is None or report.end.early is not None:
        raise ValueError(f"{folder}: the run ended early; record one that came to its end")
    words = {result.id: verdict_word(result, strict=report.start.strict) for result in report.results}
    return JudgedServer(
        name=report.name,
        recorded=report.start.started[:10],
        conclusion=report.end.conclusion,
        counts=dict(sorted(Counter(words.values()).items())),
        failed=tuple(
            _failed(result, words[result.id], report.results)
            for result in report.results
            if result.verdict is Verdict.FAILED
        ),
        not_offered=tuple(r.id for r in report.results if r.verdict is Verdict.NOT_OFFERED),
        asked=report.start.asked,
        verbs=report.verbs,
        releases=report.end.releases,
    )


def load_server(name: str) -> JudgedServer:
    """Return a committed run."""
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes(), type=JudgedServer)


def write_server(name: str, server: JudgedServer) -> None:
    """Replace a committed run."""
    data = msgspec.json.format(msgspec.json.encode(server), indent=1) + b"\n"
    (FOLDER / f"{name}.json").write_bytes(data)


def _failed(result: Result, word: str, results: tuple[Result, ...]) -> FailedProbe:
    first = result.mismatches[0]
    return FailedProbe(
        id=result.id,
        verdict=word,
        sentence=result.sentence,
        releases=result.releases,
        got=wanted_got(first.wanted, first.got),
        command=result.alone,
        holds_back=tuple(
            each.id
            for each in results
            if each.verdict is Verdict.NOT_TESTABLE and result.id in each.fix_first
        ),
    )
