"""One SDK under test within a pytest session: how it is opened, asked, and what pytest is told of it.

Failure model. What was asked for cannot be done (no such SDK, profile, version, file of known failures):
`pytest.UsageError`. The adapter is lost on the way: `AdapterLostError`, whose handling is the caller's. A
requirement does not hold: `RequirementFailure`, which carries the explanation.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fake_server.core.visible_text import visible
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.judging.profile_choice import check_as_asked, choose_profile
from tinker_conformance.known_failures.command_options import check_files, excuses
from tinker_conformance.known_failures.excuses import KnownFailures
from tinker_conformance.profile.releases import NewerThanKnownWarning
from tinker_conformance.report.record_making import result_record, start_record
from tinker_conformance.report.records import encode
from tinker_conformance.requirements import Level, Requirement
from tinker_conformance.requirements.as_of import asked_of
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.background_start import StartsEarly
from tinker_conformance.sdk.spec import check_spec, open_sdk
from tinker_conformance.suite.pytest_options import CLOCK, RECORD_KNOWN_FAILURES, text_of, with_free_names
from tinker_conformance.suite.pytest_report import KNOWN, RESULT, START, SUBJECT


class RequirementFailure(Exception):  # noqa: N818 - pytest shows its text
    """A requirement does not hold."""


@dataclass(frozen=True, slots=True)
class ConformanceRun:
    """What the tests of one SDK share.

    Attributes:
        judge: Judges the SDK.
        asked: The requirements of the profile, held at a version of the kit if that is wanted.
        known: What is known to fail.
        as_of: That version, or None.
        strict: Whether quirks count.
    """

    judge: Judge
    asked: tuple[Requirement, ...]
    known: KnownFailures
    as_of: str | None
    strict: bool

    def ask(self, required: Requirement, then: Sequence[Requirement] = ()) -> Judgement:
        """Judges one requirement, known failures applied.

        Args:
            required: The requirement.
            then: What is asked next.

        Raises:
            AdapterLostError: The SDK cannot be asked any more.
        """
        return self.known.applied(self.judge.judge(required, then))

    def records(
        self, judgement: Judgement, selected: Sequence[Requirement], subject: str = ""
    ) -> dict[str, str]:
        """What a pytest report carries, for whoever writes reports.

        Args:
            judgement: What was judged.
            selected: All requirements that the session asks of this SDK.
            subject: Whose results these are, where a session can have several; a name of a folder.
        """
        sdk, profile = self.judge.sdk, self.judge.profile
        start = start_record(sdk, profile, selected, strict=self.strict, as_of=self.as_of)
        result = result_record(judgement, sdk.spec, profile.name)
        return {
            START: encode(start).decode(),
            RESULT: encode(result).decode(),
            SUBJECT: subject,
            KNOWN: self.known.source,
        }

    def conclude(self, judgement: Judgement) -> None:
        """Ends the test as the judgement says: returns, skips or is expected to fail.

        Raises:
            RequirementFailure: It fails, and the text says all about it.
        """
        match judgement.verdict:
            case Verdict.PASSED:
                return
            case Verdict.KNOWN_FAILURE:
                pytest.xfail(judgement.note)
            case Verdict.NOT_CLAIMED:
                pytest.skip(f"not claimed: {judgement.note}")
            case Verdict.FAILED | Verdict.NOT_TESTABLE if (
                judgement.requirement.level is Level.QUIRK and not self.strict
            ):
                pytest.xfail(visible(f"quirk: {_first(judgement)}"))
            case _:
                raise RequirementFailure(explain(judgement, self.judge.sdk.spec, self.judge.profile.name))


def open_run(
    config: pytest.Config,
    spec: str,
    *,
    profile: str | None,
    known: Path | None,
    as_of: str | None,
    strict: bool,
) -> ConformanceRun:
    """Opens an SDK, and what it is judged by; the caller closes `judge`.

    Args:
        config: Has the options `--tinker-clock` and `--tinker-record-known-failures`.
        spec: As for `--sdk`.
        profile: As for `--profile`.
        known: As for `--known-failures`.
        as_of: As for `--as-of`.
        strict: As for `--strict-quirks`.

    Raises:
        pytest.UsageError: If that cannot be done; the text says what to ask for instead.
    """
    clock, recorded = text_of(config, CLOCK), text_of(config, RECORD_KNOWN_FAILURES)
    try:
        check_spec(spec)
        check_as_asked(profile, as_of)
        check_files(known, None if recorded is None else Path(recorded))
        with contextlib.ExitStack() as opened:
            reference = opened.enter_context(StartsEarly(lambda: open_sdk("reference")))
            kind = None if clock is None else SdkClock(clock)
            tested = opened.enter_context(StartsEarly(lambda: open_sdk(spec, clock=kind)))
            scenarios = shipped_scenarios()
            sdk = tested.ready()
            chosen = choose_profile(profile, sdk.info)
            asked = asked_of(chosen, as_of)
            failures = excuses(known, None if recorded is None else Path(recorded), asked, sdk.info.version)
            judge = Judge(sdk, reference.ready, chosen, scenarios)
            opened.pop_all()
    except NewerThanKnownWarning as warning:
        # Only where the run's warning filters make errors of warnings.
        text = with_free_names(f"{warning}; --profile says which one to use, without this warning", config)
        raise pytest.UsageError(text) from warning
    except (ValueError, RuntimeError) as error:
        raise pytest.UsageError(with_free_names(str(error), config)) from error
    return ConformanceRun(judge, asked, failures, as_of, strict)


def _first(judgement: Judgement) -> str:
    return str(judgement.mismatches[0]) if judgement.mismatches else judgement.note
