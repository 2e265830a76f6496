"""What the command, the pytest items and the reports need of a run, against an SDK or a server."""

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
    """A run that was opened: something to judge, and the requirements to judge it by."""

    @property
    def asked(self) -> tuple[R, ...]:
        """The requirements that it judges by."""

    @property
    def known(self) -> KnownFailures:
        """The known failures."""

    @property
    def strict(self) -> bool:
        """Whether quirks count."""

    @property
    def recorded(self) -> Path | None:
        """The file of known failures to write, or None."""

    @property
    def name(self) -> str:
        """What is judged: the name and version of an SDK, or the name of a server."""

    @property
    def judged_by(self) -> str:
        """What it is judged by: the name of a profile."""

    @property
    def dialect(self) -> str | None:
        """The server whose dialect an SDK meets, which makes failures information; None for no other."""

    def ask(self, required: R, then: Sequence[R] = ()) -> Judgement:
        """Judge one requirement, and apply known failures.

        Args:
            required: The requirement.
            then: The next requirements, which may be begun meanwhile.

        Raises:
            SdkError: What is judged failed too often to continue.
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
        """Return the releases of the official SDK that rely on a requirement; empty for those on SDKs."""

    def stale(self, judgements: Iterable[Judgement]) -> tuple[str, ...]:
        """Return one sentence per outdated entry of known failures. Call it when everything was judged."""

    def close(self) -> None:
        """End what was started."""

    def kill(self) -> None:
        """End what still runs, so that `close` need not wait for it. Thread-safe."""
