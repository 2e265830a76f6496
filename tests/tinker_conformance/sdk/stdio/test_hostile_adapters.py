"""Each hostile adapter gets a verdict of its own, in bounded time and memory, and nothing of it is left."""

from __future__ import annotations

import resource
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinker_conformance.error_families import SdkStartError
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import parse_scenarios
from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.sdk.stdio.time_limits import TimeLimits
from tinker_conformance.sdk.watchdog import watchdog
from tinker_conformance.timeline import Outcome, OutcomeKind

SCRIPT = Path(__file__).with_name("hostile_adapter.py")
PROFILE = load_profile("tinker-0.5.1")
LIMITS = TimeLimits(start=30, step=20, scenario=60, end=2)
IMPATIENT = TimeLimits(start=30, step=2.5, scenario=6, end=2)
"""For those that hang: a good scenario on a busy machine must still come through."""
SECONDS = 45
"""More than any of the limits lets a scenario take; a machine may be slow."""
MEMORY = 150 * 1024
"""KiB by which the kit may grow."""
HOSTILE, GOOD = parse_scenarios(
    """
- id: hostile
  client: sampling
  futures: [[{timeout: {}}, {complete: {}}]]
- id: good
  client: sampling
  futures: [[{timeout: {queue_state: paused_capacity}}, {complete: {}}]]
""",
    source="test",
)

AT_START = {
    "start_hangs": "While the kit waited for 'started': the process wrote no line within 1 s.",
    "start_ends": "While the kit waited for 'started': the process ended with exit code 3.",
    "start_is_garbage": "Welcome to my SDK!",
    "start_has_another_protocol": "Expected protocol version 1, got 9.",
    "start_is_done": "Expected the first line to have type 'started', got 'done'. Send 'started' before",
    "start_has_an_unknown_field": "unknown field `license`; leave it out; the fields of 'started' are type, ",
    "start_claims_the_unknown": "telepathy",
    "start_has_no_clock": "add --clock wall",
    "start_closes_its_output": "closed its standard output but still runs",
    "start_is_a_huge_line": "a line of more than 1048576 bytes",
}
IN_THE_SCENARIO = {
    "hangs": (FaultKind.HANG, "from the adapter for 2.5 s. Last activity: the message 'run'."),
    "hangs_in_the_middle": (FaultKind.HANG, "Last activity: the submission of future 1."),
    "ignores_sigterm_and_hangs": (FaultKind.HANG, "No message or request from the adapter"),
    "hangs_in_the_middle_of_a_line": (
        FaultKind.HANG,
        "Still expected: the outcome of future 1 (sample on client).",
    ),
    "leaves_zombies_and_hangs": (FaultKind.HANG, "No message or request from the adapter"),
    "floods_stderr_and_hangs": (FaultKind.HANG, "No message or request from the adapter"),
    "drips": (FaultKind.HANG, "did not finish within 6 s"),
    "writes_garbage": (FaultKind.NOT_JSON, "DEBUG: about to sample"),
    "writes_invalid_utf8": (FaultKind.NOT_JSON, "is not JSON in UTF-8"),
    "writes_nested_json": (FaultKind.NOT_JSON, "recursion"),
    "writes_nothing_but_newlines": (FaultKind.NOT_JSON, "The line ''"),
    "writes_an_array": (FaultKind.PROTOCOL, "[1, 2]"),
    "writes_an_unknown_message": (FaultKind.PROTOCOL, "progress"),
    "writes_an_unknown_field": (FaultKind.PROTOCOL, "unknown field `loggers`; did you mean 'logger'?"),
    "leaves_a_field_out": (FaultKind.PROTOCOL, "missing required field `future`"),
    "writes_another_id": (FaultKind.OUT_OF_TURN, "Expected a message with the id 2, got the id 9."),
    "writes_the_last_id_again": (FaultKind.OUT_OF_TURN, "of the scenario good (id 1), which had ended"),
    "starts_again": (FaultKind.OUT_OF_TURN, "Got a second 'started'."),
    "is_done_at_once": (
        FaultKind.OUT_OF_TURN,
        "Got 'done' before the outcome of future 1 (sample on client).",
    ),
    "has_two_outcomes": (FaultKind.OUT_OF_TURN, "Got a second outcome for future 1."),
    "is_done_twice": (FaultKind.OUT_OF_TURN, "Expected nothing after the message 'done', got"),
    "tells_of_another_future": (FaultKind.OUT_OF_TURN, "Expected a future from 1 to 1, got 2."),
    "tells_of_another_client": (FaultKind.OUT_OF_TURN, "Expected one of the clients client, got 'someone'."),
    "reads_a_clock_of_the_future": (FaultKind.OUT_OF_TURN, "which is in the clock file, got 1000000."),
    "crashes": (FaultKind.CRASH, "exit code 7. Last activity: the submission of future 1."),
    "is_killed": (FaultKind.CRASH, "killed by SIGKILL"),
    "crashes_in_the_middle_of_a_line": (FaultKind.CRASH, "in the middle of a line"),
    "leaves_a_child_and_ends": (FaultKind.CRASH, "exit code 0"),
    "closes_its_output": (FaultKind.CLOSED, "closed its standard output but still runs"),
    "writes_a_huge_line": (FaultKind.LINE_TOO_LONG, "a line of more than 1048576 bytes"),
    "writes_a_line_without_end": (FaultKind.LINE_TOO_LONG, "a line of more than 1048576 bytes"),
    "logs_without_end": (FaultKind.STUCK, "more than 20000 events in one scenario and did not stop"),
    "tells_large_data_without_end": (
        FaultKind.STUCK,
        "more than 33554432 bytes in one scenario and did not stop",
    ),
    "sleeps_for_years": (FaultKind.STUCK, "still sleeping after 26 virtual hours"),
    "sleeps_a_moment_without_end": (
        FaultKind.STUCK,
        "more than 20000 events in one scenario and did not stop",
    ),
    "fails_in_set_up": (FaultKind.SET_UP, "no session: the key was refused"),
}


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Is in the environment of whatever a test starts; nothing that has it may be left."""
    mark = f"TEST_OF_HOSTILE_ADAPTERS={uuid.uuid4().hex}"
    # The kit's watchdog outlives a test: it must have started before the mark is in the environment.
    watchdog.watch_mark(mark)
    watchdog.release_mark(mark)
    monkeypatch.setenv(*mark.split("="))
    yield mark
    assert running(mark) == []


def running(mark: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in entry.read_bytes().split(b"\0"):
                found.append(entry.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def session(mode: str, limits: TimeLimits = LIMITS) -> StdioSession:
    return StdioSession("exec:hostile", [sys.executable, str(SCRIPT), mode], limits=limits)


@pytest.mark.parametrize(("mode", "expected"), AT_START.items(), ids=AT_START)
def test_an_adapter_that_does_not_start_says_why(mode: str, expected: str, mark: str) -> None:
    limits = TimeLimits(start=1 if mode == "start_hangs" else 20)
    with pytest.raises(SdkStartError) as raised:
        session(mode, limits)
    assert expected in str(raised.value)
    assert ("no such module: tinker" in str(raised.value)) is (mode == "start_ends")


def _cases() -> list[object]:
    """The first mode of each kind is quick, apart from those that wait for a limit."""
    quick = {
        kind: mode for mode, (kind, _) in reversed(IN_THE_SCENARIO.items()) if kind is not FaultKind.HANG
    }
    return [
        pytest.param(mode, expected, id=mode, marks=() if mode in quick.values() else pytest.mark.slow)
        for mode, expected in IN_THE_SCENARIO.items()
    ]


@pytest.mark.parametrize(("mode", "expected"), _cases())
def test_a_hostile_scenario_is_a_fault_of_its_own_and_the_next_one_runs(
    mode: str, expected: tuple[FaultKind, str], mark: str
) -> None:
    sdk = session(mode, IMPATIENT if expected[0] is FaultKind.HANG else LIMITS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        assert sdk.run(GOOD, PROFILE).fault is None
        begun = time.monotonic()
        fault = sdk.run(HOSTILE, PROFILE).fault
        assert time.monotonic() - begun < SECONDS
        assert fault is not None
        assert (fault.kind, expected[1] in fault.text) == (expected[0], True), fault
        assert len(fault.text) < 2_000
        assert len(fault.stderr) <= 16 * 1024
        after = sdk.run(GOOD, PROFILE)
        assert after.fault is None
        assert [e.kind for e in after.timeline if isinstance(e, Outcome)] == [OutcomeKind.RESULT]
    finally:
        sdk.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def test_the_end_of_standard_error_is_in_the_fault(mark: str) -> None:
    sdk = session("crashes")
    fault = sdk.run(HOSTILE, PROFILE).fault
    sdk.close()
    assert fault is not None
    assert "segmentation fault, in a manner of speaking" in fault.stderr


def test_what_comes_after_the_end_is_found_now_or_before_the_next_scenario(mark: str) -> None:
    sdk = session("talks_after_the_end")
    faults = [sdk.run(HOSTILE, PROFILE).fault, sdk.run(GOOD, PROFILE).fault, sdk.run(GOOD, PROFILE).fault]
    sdk.close()
    found = [fault.kind for fault in faults if fault is not None]
    assert found == [FaultKind.OUT_OF_TURN]
    assert faults[2] is None


def test_after_many_faults_in_a_row_the_adapter_is_not_started_again(mark: str) -> None:
    command = [sys.executable, str(SCRIPT), "crashes"]
    sdk = StdioSession("exec:hostile", command, limits=LIMITS, max_faults_in_a_row=3)
    kinds = [fault.kind for fault in (sdk.run(HOSTILE, PROFILE).fault for _ in range(5)) if fault]
    sdk.close()
    assert kinds == [FaultKind.CRASH] * 3 + [FaultKind.GIVEN_UP] * 2
