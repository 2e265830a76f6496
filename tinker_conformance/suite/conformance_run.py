"""One run of the requirements against one SDK, the same for every way to start a run.

A `RunRequest` goes in. Judgements with known failures applied come out, and the records of a report. The
command `run`, the pytest items and the class `QueueStateConformance` are the three ways to start a run.

Failure model. If the SDK, profile, version or file of known failures does not exist, opening the run raises a
`ValueError` or `RuntimeError` before anything is judged. If the adapter is lost during the run, judging
raises `SdkError`, which the caller handles.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fake_server.dialects import dialect_named
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import KitError, SdkStartError, UserError
from tinker_conformance.judging.explanation import alone
from tinker_conformance.judging.judge import Judge, Judgement
from tinker_conformance.judging.profile_choice import named_profile, profile_of
from tinker_conformance.judging.side_by_side import Shortcuts
from tinker_conformance.known_failures.command_options import OwnKnownFailures, check_files, excuses_of
from tinker_conformance.known_failures.entry import KnownFailure
from tinker_conformance.known_failures.entry_reading import known_failures_in
from tinker_conformance.known_failures.excuses import KnownFailures, judged
from tinker_conformance.profile.profile import Profile
from tinker_conformance.report.record_making import result_record, start_record
from tinker_conformance.report.records import Result, Start
from tinker_conformance.requirements import Requirement
from tinker_conformance.requirements.as_of import asked_of
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.dialect_session import DialectSession
from tinker_conformance.sdk.recorded_session import RecordingSession, check_place_of_recording
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import check_spec, open_sdk, package_of, runs_beside_itself
from tinker_conformance.sdk.stored_runs import stored_runs

CORES: Final = os.cpu_count() or 1
"""The number of processor cores; with one core, a second process of the SDK would save no time."""
LOOK_AHEAD: Final = 2
"""For how many of the next requirements scenarios may start while one requirement is judged."""


def _nothing(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """The options of a run, as the user gave them.

    Attributes:
        spec: The SDK under test, as for `--sdk`.
        profile: The profile by which the SDK is judged, as for `--profile`; None for the one that the adapter
            names.
        as_of: Judge only the requirements that existed in this version of the kit; None for all.
        known: The file of known failures, or None for no file.
        recorded: The file of known failures to write, or None.
        strict: Whether a failed quirk counts as a failure.
        clock: How to move the clocks of an `exec:` SDK; None for the best way that its adapter offers.
        seed: The seed of generated scripts, or None if there are none.
        dialect: The server that the fake imitates (see `fake_server.dialects`), or None for the official
            service. With a dialect, the results are information, and say nothing of conformance.
        second_process: Whether a second process of the SDK may run some of the scenarios.
        record: The file in which to record what the SDK did, for the SPEC `recorded:FILE`; None records
            nothing.
    """

    spec: str
    profile: str | None = None
    as_of: str | None = None
    known: Path | None = None
    recorded: Path | None = None
    strict: bool = False
    clock: SdkClock | None = None
    seed: int | None = None
    dialect: str | None = None
    second_process: bool = False
    record: Path | None = None

    def checked(self) -> CheckedRequest:
        """Check everything that can be checked before the SDK starts, and read the files.

        Raises:
            ValueError: If a SPEC, profile, version or file cannot be used; the text says what to use instead.
        """
        check_spec(self.spec)
        if self.dialect is not None:
            dialect_named(self.dialect)
            if self.known is not None or self.recorded is not None:
                raise UserError(
                    "a run in a dialect is information, and known failures are about conformance; "
                    "leave out --dialect, or the files of known failures"
                )
        if self.record is not None:
            check_place_of_recording(self.record)
        profile = named_profile(self.profile, self.as_of)
        entries = check_files(self.known, self.recorded)
        own = self.own_known_failures()
        replaced = self.known is not None or self.recorded is not None
        return CheckedRequest(self, profile, entries, None if replaced else own)

    def own_known_failures(self) -> OwnKnownFailures | None:
        """Return the known failures that the catalogue lists for the SDK; None if it does not list the SDK.

        Raises:
            UserError: If one of these known failures is invalid.
        """
        package = package_of(self.spec)
        if package is None or not package.entry.known_failures:
            return None
        source = package.entry.source
        entries = known_failures_in(package.entry.known_failures, source)
        return OwnKnownFailures(entries, source, complete=self.profile is None and self.as_of is None)


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request whose options were checked, with the contents of its files.

    Attributes:
        request: The request.
        profile: The profile that the request names; None if it names none.
        entries: The entries of the file of known failures.
        own: The known failures that the catalogue lists for the SDK, used unless the request names a file to
            read or write; None if the SDK is not in the catalogue.
    """

    request: RunRequest
    profile: Profile | None
    entries: tuple[KnownFailure, ...]
    own: OwnKnownFailures | None


@dataclass(frozen=True, slots=True)
class ConformanceRun:
    """A started SDK, and the requirements by which to judge it. The caller closes `judge`.

    Attributes:
        request: The options of the run.
        judge: Judges the SDK.
        asked: The requirements that hold for the profile.
        known: The known failures.
    """

    request: RunRequest
    judge: Judge
    asked: tuple[Requirement, ...]
    known: KnownFailures

    @property
    def strict(self) -> bool:
        """Return whether a failed quirk counts as a failure."""
        return self.request.strict

    @property
    def dialect(self) -> str | None:
        """Return the name of the server that the fake imitates; None for the official service."""
        return self.request.dialect

    @property
    def recorded(self) -> Path | None:
        """Return the file of known failures to write, or None."""
        return self.request.recorded

    @property
    def name(self) -> str:
        """Return the name and version of the SDK."""
        return f"{self.judge.sdk.info.name} {self.judge.sdk.info.version}"

    @property
    def judged_by(self) -> str:
        """Return the name of the profile."""
        return self.judge.profile.name

    def close(self) -> None:
        """Close the SDK and the reference."""
        self.judge.close()

    def kill(self) -> None:
        """Kill the SDK and the reference; a scenario in progress ends with a fault. Thread-safe."""
        self.judge.kill()

    def ask(self, required: Requirement, then: Sequence[Requirement] = ()) -> Judgement:
        """Judge one requirement, and apply known failures.

        Args:
            required: The requirement.
            then: The next requirements, whose scenarios may run while this requirement is judged.

        Raises:
            SdkError: If the adapter failed too often to continue.
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
            dialect=request.dialect,
        )

    def result(self, judgement: Judgement) -> Result:
        """Return the record of one judgement."""
        return result_record(judgement, self.rerun(judgement))

    def rerun(self, judgement: Judgement) -> str:
        """Return the command that judges the requirement of a judgement alone."""
        return alone(judgement.requirement.id, self.judge.sdk.spec, self.judge.profile.name)

    def releases(self, judgement: Judgement) -> str:  # noqa: ARG002 - as for servers
        """Return an empty text, because releases rely on the requirements of servers only."""
        return ""

    def stale(self, judgements: Iterable[Judgement]) -> tuple[str, ...]:
        """Return a sentence for each outdated entry of known failures, after everything was judged."""
        return tuple(self.known.stale(map(judged, judgements)))


def open_run(checked: CheckedRequest, report: Callable[[str], None] = _nothing) -> ConformanceRun:
    """Start the SDK, and choose the profile and the requirements.

    Args:
        checked: The options of the run, checked.
        report: Called with progress messages, such as the download of a release.

    Raises:
        ValueError: If an option cannot be used; the text says what to use instead.
        RuntimeError: If the SDK cannot be started.
    """
    request = checked.request
    with contextlib.ExitStack() as opened:
        # On the main thread, so that an interrupt can end a download of a release.
        sdk: SdkSession = open_sdk(request.spec, clock=request.clock, report=report)
        if request.record is not None:
            sdk = RecordingSession(sdk, request.record)
        opened.callback(sdk.close)
        sdk = _in_dialect(request, sdk)
        profile = checked.profile or profile_of(sdk.info)
        asked = asked_of(profile, request.as_of)
        known = excuses_of(checked.entries, request.known, asked, sdk.info.version, checked.own)
        shortcuts = Shortcuts(second_of(request, sdk.spec), stored_runs)
        judge = Judge(sdk, _open_reference, profile, shipped_scenarios(), shortcuts)
        opened.pop_all()
    return ConformanceRun(request, judge, asked, known)


def _open_reference() -> SdkSession:
    try:
        return open_sdk("reference")
    except SdkStartError as error:
        raise KitError(f"the reference did not start: {error}") from error


def _in_dialect(request: RunRequest, sdk: SdkSession) -> SdkSession:
    return sdk if request.dialect is None else DialectSession(sdk, request.dialect)


def second_of(request: RunRequest, spec: str) -> Callable[[], SdkSession] | None:
    """Return a function that starts the SDK a second time; None if the SDK must run alone.

    Only SDKs that the kit drives itself can run twice, because their processes share nothing, and never in a
    run that is recorded.
    """
    if not request.second_process or request.record is not None or not runs_beside_itself(spec):
        return None
    return lambda: _in_dialect(request, open_sdk(spec))
