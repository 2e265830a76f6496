"""One run of the requirements against one SDK: opened, asked and recorded in one way, however it was started.

What comes in is what a user asks for (`RunRequest`). What goes out are judgements with known failures
applied, and the records of a report. The command `run`, the pytest items and the class to subclass are three
ways to start it.

Failure model. What was asked for cannot be done (no such SDK, profile, version, file of known failures): a
`ValueError` or `RuntimeError` of the part that says so, before anything is judged. The adapter is lost on the
way: `AdapterLostError`, whose handling is the caller's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.judge import Judge, Judgement
from tinker_conformance.judging.profile_choice import check_as_asked, choose_profile
from tinker_conformance.known_failures.command_options import check_files, excuses
from tinker_conformance.known_failures.excuses import KnownFailures, judged
from tinker_conformance.report.record_making import result_record, start_record
from tinker_conformance.report.records import Result, Start
from tinker_conformance.requirements import Requirement
from tinker_conformance.requirements.as_of import asked_of
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.background_start import StartsEarly
from tinker_conformance.sdk.spec import check_spec, open_sdk

LOOK_AHEAD: Final = 2
"""Requirements whose scenarios run while one is judged."""


def _nothing(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a user asks for.

    Attributes:
        spec: The SDK under test, as for `--sdk`.
        profile: What it is judged by, as for `--profile`; None for what the adapter names.
        as_of: Only the requirements that existed in that version of the kit; None for all.
        known: The file of known failures, or None.
        recorded: The file of known failures to write, or None.
        strict: Whether quirks count.
        clock: How an `exec:` SDK's clocks are moved; None for the best that its adapter offers.
        seed: The seed of generated scripts, or None where there are none.
    """

    spec: str
    profile: str | None = None
    as_of: str | None = None
    known: Path | None = None
    recorded: Path | None = None
    strict: bool = False
    clock: SdkClock | None = None
    seed: int | None = None

    def check(self) -> None:
        """Check what can be checked before an SDK is started.

        Raises:
            ValueError: A SPEC, profile, version or file cannot be used; the text says what to use instead.
        """
        check_spec(self.spec)
        check_as_asked(self.profile, self.as_of)
        check_files(self.known, self.recorded)


@dataclass(frozen=True, slots=True)
class ConformanceRun:
    """An SDK that is started, and what it is judged by. The caller closes `judge`.

    Attributes:
        request: What was asked for.
        judge: Judges the SDK.
        asked: The requirements that hold for the profile.
        known: What is known to fail.
    """

    request: RunRequest
    judge: Judge
    asked: tuple[Requirement, ...]
    known: KnownFailures

    def ask(self, required: Requirement, then: Sequence[Requirement] = ()) -> Judgement:
        """Judge one requirement, and apply known failures.

        Args:
            required: The requirement.
            then: What is asked next, so that its scenarios can run meanwhile.

        Raises:
            AdapterLostError: The adapter broke too often to go on.
        """
        return self.known.applied(self.judge.judge(required, then))

    def ask_all(self, selected: Sequence[Requirement]) -> Iterator[Judgement]:
        """Yield the judgement of each requirement, in order; raise as `ask` does."""
        for number, required in enumerate(selected, 1):
            yield self.ask(required, selected[number : number + LOOK_AHEAD])

    def start(self, selected: Sequence[Requirement]) -> Start:
        """Return the opening record of a report on these requirements."""
        request, judge = self.request, self.judge
        return start_record(
            judge.sdk,
            judge.profile,
            selected,
            strict=request.strict,
            as_of=request.as_of,
            seed=request.seed,
        )

    def result(self, judgement: Judgement) -> Result:
        """Return the record of one judgement."""
        return result_record(judgement, self.judge.sdk.spec, self.judge.profile.name)

    def stale(self, judgements: Iterable[Judgement]) -> tuple[str, ...]:
        """Return a sentence for each entry of known failures that is out of date, once all was judged."""
        return tuple(self.known.stale(map(judged, judgements)))


def open_run(request: RunRequest, report: Callable[[str], None] = _nothing) -> ConformanceRun:
    """Start the SDK and the reference, side by side, and choose what the SDK is judged by.

    Args:
        request: What the user asks for.
        report: Called with progress, such as the download of a release.

    Raises:
        ValueError: What was asked for cannot be done; the text says what to ask for instead.
        RuntimeError: The SDK cannot be started.
    """
    request.check()
    with contextlib.ExitStack() as opened:
        reference = opened.enter_context(StartsEarly(lambda: open_sdk("reference")))
        # On this thread, which an interrupt reaches: a release may have to be downloaded first.
        sdk = open_sdk(request.spec, clock=request.clock, report=report)
        opened.callback(sdk.close)
        profile = choose_profile(request.profile, sdk.info)
        asked = asked_of(profile, request.as_of)
        known = excuses(request.known, request.recorded, asked, sdk.info.version)
        judge = Judge(sdk, reference.ready, profile, shipped_scenarios())
        opened.pop_all()
    return ConformanceRun(request, judge, asked, known)
