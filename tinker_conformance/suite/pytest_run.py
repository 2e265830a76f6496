"""Open a conformance run within a pytest session, and turn each judgement into a test outcome."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fake_server.core.visible_text import visible
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.profile.releases import NewerThanKnownWarning
from tinker_conformance.report.records import encode
from tinker_conformance.requirements import Level
from tinker_conformance.suite.conformance_run import CORES, ConformanceRun, RunRequest, open_run
from tinker_conformance.suite.open_run import OpenRun, R
from tinker_conformance.suite.outlets import fail, skip, usage_error, xfail
from tinker_conformance.suite.pytest_options import (
    CLOCK,
    DIALECT,
    RECORD_KNOWN_FAILURES,
    text_of,
    with_free_names,
)
from tinker_conformance.suite.pytest_report import KNOWN, RESULT, START, SUBJECT


def request_of(
    config: pytest.Config,
    spec: str,
    *,
    profile: str | None,
    known: Path | None,
    as_of: str | None,
    strict: bool,
) -> RunRequest:
    """Return the options of a run: the arguments, and the command-line options shared by all SDKs."""
    clock, recorded = text_of(config, CLOCK), text_of(config, RECORD_KNOWN_FAILURES)
    return RunRequest(
        spec=spec,
        profile=profile,
        as_of=as_of,
        known=known,
        recorded=None if recorded is None else Path(recorded),
        strict=strict,
        clock=None if clock is None else SdkClock(clock),
        dialect=text_of(config, DIALECT),
        # Workers of pytest-xdist share the requirements already.
        second_process=CORES > 1 and "PYTEST_XDIST_WORKER" not in os.environ,
    )


def opened_for(config: pytest.Config, request: RunRequest) -> ConformanceRun:
    """Open a run; the caller closes the run's judge.

    Raises:
        pytest.UsageError: If an option cannot be used; the text says what to use instead.
    """
    try:
        return open_run(request.checked())
    except NewerThanKnownWarning as warning:
        # Raised only if the warning filters of the session turn warnings into errors.
        text = with_free_names(f"{warning}; choose a profile with --profile to avoid this warning", config)
        raise usage_error(text) from warning
    except (ValueError, RuntimeError) as error:
        raise usage_error(with_free_names(str(error), config)) from error


def records(
    run: OpenRun[R], judgement: Judgement, selected: Sequence[R], subject: str = ""
) -> dict[str, str]:
    """Return the attributes with which a pytest test report carries a judgement to the reporter.

    Args:
        run: The run.
        judgement: The judgement to record.
        selected: All requirements that the session judges for this SDK.
        subject: The test class that judged, which names the report's folder; empty for the suite itself.
    """
    return {
        START: encode(run.start(selected)).decode(),
        RESULT: encode(run.result(judgement)).decode(),
        SUBJECT: subject,
        KNOWN: run.known.source,
    }


def end_test(run: OpenRun[R], judgement: Judgement) -> None:
    """End the test according to the judgement: return, skip, or fail as expected.

    Raises:
        pytest.fail.Exception: If the requirement does not hold; the text is the full explanation.
    """
    match judgement.verdict:
        case Verdict.PASSED:
            return
        case Verdict.KNOWN_FAILURE:
            xfail(judgement.note)
        case Verdict.NOT_CLAIMED | Verdict.NOT_OFFERED:
            skip(f"{judgement.verdict.value}: {judgement.note}")
        case Verdict.FAILED | Verdict.NOT_TESTABLE if run.dialect is not None:
            xfail(visible(f"information on the dialect {run.dialect}: {_first(judgement)}"))
        case Verdict.FAILED | Verdict.NOT_TESTABLE if (
            judgement.requirement.level is Level.QUIRK and not run.strict
        ):
            xfail(visible(f"quirk: {_first(judgement)}"))
        case _:
            fail(explain(judgement, run.rerun(judgement), releases=run.releases(judgement)))


def _first(judgement: Judgement) -> str:
    return str(judgement.mismatches[0]) if judgement.mismatches else judgement.note
