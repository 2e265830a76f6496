"""An interrupt at any moment: one line, the signal's exit code, a report that is whole or says it is not.

And it ends what the command has opened, and nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import pytest
from click.testing import CliRunner, Result
from fake_runs import Judged, arguments, judging

from tinker_conformance.cli import main
from tinker_conformance.commands.interruption import Interrupted
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.report.report_reading import load_report
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.process.line_process import LineProcess
from tinker_conformance.sdk.spec import open_sdk

JUDGED: Final = Judged(
    {
        "debounce.boundary": Verdict.PASSED,
        "parsing.known_states": Verdict.FAILED,
        "trigger.http_408": Verdict.KNOWN_FAILURE,
    }
)
MOMENTS: Final = 32
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _Calls:
    """Counts the calls of Python functions, and sends a signal at one of them."""

    def __init__(self, moment: int = 0, number: signal.Signals = signal.SIGINT) -> None:
        self.count = 0
        self._moment = moment
        self._number = number

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self.count += 1
            if self.count == self._moment:
                sys.setprofile(None)
                signal.raise_signal(self._number)

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        gc.collect()
        gc.disable()  # so that the same call comes at the same number
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            gc.enable()


def _run(calls: _Calls, folder: Path) -> Result:
    with judging(JUDGED):
        shutil.rmtree(folder, ignore_errors=True)
        with calls.counted():
            return CliRunner().invoke(main, arguments("--report", str(folder)))


@pytest.fixture(scope="module")
def length(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many functions a whole run calls; the second time, when all is imported and cached."""
    folder = tmp_path_factory.mktemp("whole") / "report"
    assert _run(_Calls(), folder).exit_code == 1
    calls = _Calls()
    assert _run(calls, folder).exit_code == 1
    return calls.count


@pytest.mark.parametrize("moment", range(MOMENTS))
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_at_any_moment_of_a_run(number: signal.Signals, moment: int, length: int, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    done = _run(_Calls(length * (2 * moment + 1) // (2 * MOMENTS), number), folder)
    assert done.exit_code == 128 + number, done.output
    assert "Traceback" not in done.output
    assert f"interrupted by {number.name}" in done.output.splitlines()[-1]
    with contextlib.suppress(UserError):  # it came before there was a report
        report = load_report(folder)
        assert report.cut_off is None or len(report.results) < len(report.start.asked) or report.end is None


@pytest.mark.parametrize("raised", [Interrupted(signal.SIGINT), KeyError("a fault of the kit")], ids=repr)
def test_what_the_run_did_not_open_goes_on(raised: BaseException) -> None:
    sdk, process = open_sdk("reference"), LineProcess(["cat"])
    try:
        with judging(Judged(JUDGED.verdicts, raised=raised)):
            assert CliRunner().invoke(main, arguments()).exit_code in {130, 5}
        assert process.exit_code is None
        scenario = shipped_scenarios()["trigger-408"]
        assert sdk.run(scenario, load_profile("tinker-0.5.1")).fault is None
    finally:
        process.close()
        sdk.close()
