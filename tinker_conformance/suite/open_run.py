"""The interface of a run, of an SDK or a server, for the commands, the pytest items and the reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from tinker_conformance.judging.judge import Judgement
from tinker_conformance.known_failures.excuses import KnownFailures
from tinker_conformance.report.records import Result, Start
from tinker_conformance.requirements import AnyRequirement

R = TypeVar("R", bound=AnyRequirement)


class OpenRun(Protocol[R]):
    """A started run: an SDK or a server, and the requirements by which to judge it."""

    @property
    def asked(self) -> tuple[R, ...]:
        """Return the requirements (or probes) of the run."""

    @property
    def known(self) -> KnownFailures:
        """Return the known failures of the run."""

    @property
    def strict(self) -> bool:
        """Return whether a failed quirk counts as a failure."""

    @property
    def recorded(self) -> Path | None:
        """Return the file of known failures to write, or None."""

    @property
    def name(self) -> str:
        """Return the name and version of the SDK, or the name of the server."""

    @property
    def judged_by(self) -> str:
        """Return the name of the profile, or of the probes of a server."""

    @property
    def dialect(self) -> str | None:
        """Return the name of the server that the fake imitates for an SDK; None for the official service."""

    def ask(self, required: R, then: Sequence[R] = ()) -> Judgement:
        """Judge one requirement, and apply known failures.

        Args:
            required: The requirement.
            then: The next requirements, whose scenarios may run while this requirement is judged.

        Raises:
            SdkError: The SDK's adapter failed too often to continue.
        """

    def ask_all(self, selected: Sequence[R]) -> Iterator[Judgement]:
        """Yield the judgement of each requirement, in order; raise as `ask` does."""

    def start(self, selected: Sequence[R]) -> Start:
        """Return the opening record of a report on these requirements."""

    def result(self, judgement: Judgement) -> Result:
        """Return the record of one judgement."""

    def rerun(self, judgement: Judgement) -> str:
        """Return the command that judges the requirement of a judgement alone."""

    def releases(self, judgement: Judgement) -> str:
        """Return the releases of the official SDK that rely on a server's probe; empty in a run of an SDK."""

    def stale(self, judgements: Iterable[Judgement]) -> tuple[str, ...]:
        """Return a sentence for each outdated entry of known failures, after everything was judged."""

    def close(self) -> None:
        """End the SDK's process and everything else that the run started."""

    def kill(self) -> None:
        """Kill what the run started, so that `close` returns at once. Thread-safe."""
