"""One run of the probes against one server, the same for the command and for pytest.

A `ServerRequest` goes in. Judgements with known failures applied come out, and the records of a report.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fake_server.core.errors import suggestion
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Judgement
from tinker_conformance.known_failures.command_options import excuses
from tinker_conformance.known_failures.excuses import KnownFailures, judged
from tinker_conformance.report.record_making import result_record, server_start_record
from tinker_conformance.report.records import Result, Start
from tinker_conformance.server.dialogue import Line
from tinker_conformance.server.exchanges import Clock, RealClock, Sender
from tinker_conformance.server.http_sender import HttpSender
from tinker_conformance.server.probe import Probe
from tinker_conformance.server.probes import PROBES, asked_probes
from tinker_conformance.server.server_judge import ServerJudge
from tinker_conformance.server.server_request import ServerRequest
from tinker_conformance.server.target import RequestBudget, ServerUnderTest

JUDGED_BY: Final = "tinker-server"
"""What reports say the server was judged by, where a report of an SDK names the profile."""


@dataclass(frozen=True, slots=True)
class ServerRun:
    """A run of probes against a server, after the survey of what the server offers.

    The caller closes the run.

    Attributes:
        request: The options of the run.
        target: The server.
        judge: Judges the server by one probe.
        asked: The probes to judge the server by.
        known: The known failures.
        budget: How many requests may still be sent.
    """

    request: ServerRequest
    target: ServerUnderTest
    judge: ServerJudge
    asked: tuple[Probe, ...]
    known: KnownFailures
    budget: RequestBudget

    @property
    def strict(self) -> bool:
        """Whether failed quirks count against the server."""
        return self.request.strict

    @property
    def recorded(self) -> Path | None:
        """The file of known failures to write, or None."""
        return self.request.recorded

    @property
    def dialect(self) -> None:
        """None. An SDK may be judged against a dialect of the fake server; a server is judged as it is."""
        return None

    @property
    def name(self) -> str:
        """The server's name in reports."""
        return self.target.name

    @property
    def judged_by(self) -> str:
        """What reports say the server was judged by."""
        return JUDGED_BY

    def ask(self, required: Probe, then: Sequence[Probe] = ()) -> Judgement:  # noqa: ARG002 - as for SDKs
        """Judge the server by one probe, and apply known failures.

        Raises:
            ServerUnderTestError: The server is no longer there.
            UserError: The run may send no more requests, or the user must name a base model.
        """
        return self.known.applied(self.judge.judge(required))

    def ask_all(self, selected: Sequence[Probe]) -> Iterator[Judgement]:
        """Yield the judgement by each probe, in order; raise the same errors as `ask`."""
        return map(self.ask, selected)

    def start(self, selected: Sequence[Probe]) -> Start:
        """Return the first record of a report on these probes."""
        request = self.request
        return server_start_record(
            self.target.url, self.name, JUDGED_BY, selected, strict=request.strict, as_of=request.as_of
        )

    def result(self, judgement: Judgement) -> Result:
        """Return the record of one judgement for a report."""
        return result_record(judgement, self.rerun(judgement), releases=self.releases(judgement))

    def releases(self, judgement: Judgement) -> str:
        """Return the releases of the official SDK that rely on the rule of a probe, as text."""
        probe = judgement.requirement
        return str(probe.releases) if isinstance(probe, Probe) else ""

    def rerun(self, judgement: Judgement) -> str:
        """Return the command that runs the probe of a judgement alone."""
        model = f" --base-model {shlex.quote(self.target.base_model)}" if self.target.base_model else ""
        remote = " --allow-remote" if self.request.allow_remote else ""
        url = shlex.quote(self.target.url)
        return f"tinker-conformance server --url {url}{model}{remote} --only {judgement.requirement.id}"

    def stale(self, judgements: Iterable[Judgement]) -> tuple[str, ...]:
        """Return one sentence for each outdated entry of the known failures.

        Call this after the last judgement.
        """
        return tuple(self.known.stale(map(judged, judgements)))

    def close(self) -> None:
        """Delete everything that the probes created on the server, and close the connections."""
        self.judge.close()

    def kill(self) -> None:
        """Do nothing: no process runs that would have to be killed."""


def open_server_run(
    request: ServerRequest, *, sender: Sender | None = None, clock: Clock | None = None
) -> ServerRun:
    """Find out what the server offers, and choose the probes to judge it by.

    Args:
        request: The options of the run.
        sender: Sends the requests; None for HTTP over sockets.
        clock: The clock by which probes wait; None for the real one.

    Raises:
        ValueError: If an option cannot be used; the text says what to use instead.
        ServerUnderTestError: The server cannot be reached.
    """
    target = request.check()
    asked = _selected(request)
    known = excuses(request.known, request.recorded, asked, "")
    budget = RequestBudget(request.max_requests)
    carrier = HttpSender(target) if sender is None else sender
    time = RealClock() if clock is None else clock
    line = Line(target, carrier, time, budget, request.max_minutes * 60)
    try:
        judge = ServerJudge(line, request.pausing)
    except BaseException:
        carrier.close()
        raise
    return ServerRun(request, target, judge, asked, known, budget)


def _selected(request: ServerRequest) -> tuple[Probe, ...]:
    known = {probe.id for probe in PROBES} | {probe.chapter for probe in PROBES}
    for name in request.only:
        if name not in known:
            hint = suggestion(name, sorted(known), "`tinker-conformance docs server-probes` lists them")
            raise UserError(f"--only {name}: there is no such probe or chapter; {hint}")
    asked = asked_probes(request.as_of, quick=request.quick)
    chosen = frozenset(request.only)
    return tuple(probe for probe in asked if not chosen or not chosen.isdisjoint({probe.id, probe.chapter}))
