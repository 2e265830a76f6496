"""Adapters over stdio that behave: their timelines, their clocks, and how a run of them ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_hostile_adapters import running

from tests.support.forked_pytest import run_pytest
from tests.support.shared_runs import SharedSession
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.cli import main
from tinker_conformance.clocks import sdk_clocks as kit_clock
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import REQUIREMENTS, Level, requirement
from tinker_conformance.scenario import Scenario, parse_scenarios
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.remembered_session import RememberedSession
from tinker_conformance.sdk.spec import check_spec, command_of, open_sdk
from tinker_conformance.sdk.stdio import stdio_session
from tinker_conformance.sdk.stdio.protocol_messages import encode
from tinker_conformance.sdk.stdio.run_message import run_message
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.timeline import ClockCause, ClockStep, Event, Log, Outcome, Request, Response

ROOT = Path(__file__).parents[4]
TEMPLATE = ROOT / "examples/adapter_template/python/adapter.py"
COMMAND = [sys.executable, str(TEMPLATE)]
SPEC = f"exec:{sys.executable} {TEMPLATE}"
PROFILE = load_profile("tinker-0.5.1")


@pytest.fixture(scope="module")
def sdk() -> Iterator[StdioSession]:
    made = StdioSession(SPEC, COMMAND)
    yield made
    made.close()


def scenario(text: str) -> Scenario:
    (made,) = parse_scenarios(text, source="test")
    return made


def kinds(timeline: tuple[Event, ...], *wanted: type[Event]) -> list[tuple[str, float]]:
    return [(type(event).__name__, event.at) for event in timeline if isinstance(event, wanted)]


# -- timelines -----------------------------------------------------------------------------------


def test_the_template_conforms_to_the_profile_that_it_names(
    sdk: StdioSession, reference: SharedSession
) -> None:
    judge = Judge(RememberedSession(sdk), lambda: reference, PROFILE, shipped_scenarios())
    try:
        asked = [r for r in REQUIREMENTS if r.holds(PROFILE) and r.level is Level.CONTRACT]
        verdicts = {r.id: judge.judge(r).verdict for r in asked}
    finally:
        judge.close()
    assert {i: v for i, v in verdicts.items() if v not in {Verdict.PASSED, Verdict.NOT_CLAIMED}} == {}
    assert sum(verdict is Verdict.PASSED for verdict in verdicts.values()) > 40


def test_a_line_stands_between_the_reply_that_caused_it_and_the_next_request(sdk: StdioSession) -> None:
    run = sdk.run(shipped_scenarios()["debounce-boundary"], PROFILE)
    assert run.fault is None
    places = [
        i for i, event in enumerate(run.timeline) if isinstance(event, Log) and "paused" in event.message
    ]
    assert [run.timeline[place].at for place in places] == [0.0, 60.0]
    for place in places:
        before = [e for e in run.timeline[:place] if isinstance(e, Request | Response)]
        after = [e for e in run.timeline[place:] if isinstance(e, Request | Response)]
        assert isinstance(before[-1], Response)
        assert before[-1].status == 408
        assert isinstance(after[0], Request)


def test_the_set_up_is_no_part_of_a_timeline(sdk: StdioSession) -> None:
    run = sdk.run(shipped_scenarios()["polling-408"], PROFILE)
    requests = [event for event in run.timeline if isinstance(event, Request)]
    assert {event.future for event in requests} == {1}
    assert requests[0].path.endswith("/forward_backward")


def test_a_sleep_takes_no_real_time_and_is_a_step_of_the_clock(sdk: StdioSession) -> None:
    begun = time.monotonic()
    run = sdk.run(shipped_scenarios()["polling-back-off"], PROFILE)
    assert run.fault is None
    slept = [e.monotonic for e in run.timeline if isinstance(e, ClockStep) and e.cause is ClockCause.SLEEP]
    assert slept == [1, 2, 4, 8, 16, 30, 30]
    assert time.monotonic() - begun < 30


def test_the_clock_moves_to_the_nearest_moment_once_every_future_sleeps(sdk: StdioSession) -> None:
    run = sdk.run(
        scenario(
            """
- id: two-sleepers
  concurrent: true
  clients: {a: {kind: sampling, id: sampler-a}, b: {kind: training, id: model-b}}
  futures:
    - {client: a, steps: [{drop: reset}, {drop: reset}, {complete: {}}]}
    - {client: b, steps: [{drop: reset}, {drop: reset}, {drop: reset}, {complete: {}}]}
"""
        ),
        PROFILE,
    )
    assert run.fault is None
    ends = {event.future: event.at for event in run.timeline if isinstance(event, Outcome)}
    assert ends == {1: 3.0, 2: 7.0}


def test_clocks_that_move_before_a_future_move_before_its_submission(sdk: StdioSession) -> None:
    run = sdk.run(
        scenario(
            """
- id: before
  client: sampling
  futures:
    - [{complete: {}}]
    - {before: [{advance: 30}, {advance: {wall: -5, monotonic: 1}}], steps: [{complete: {}}]}
"""
        ),
        PROFILE,
    )
    assert run.fault is None
    second = [e for e in run.timeline if e.future == 2]
    assert [type(event) for event in second[:3]] == [ClockStep, ClockStep, Request]
    assert second[2].at == 31.0


def test_the_reference_behaves_the_same(sdk: StdioSession) -> None:
    asked = scenario(
        "- {id: x, client: sampling, futures: [[{complete: {}}],"
        " {before: [{advance: 60}], steps: [{timeout: {queue_state: paused_capacity}}, {complete: {}}]}]}"
    )
    reference = open_sdk("reference")
    try:
        expected = reference.run(asked, PROFILE).timeline
    finally:
        reference.close()
    shown = (Request, Response, ClockStep, Outcome)
    assert kinds(sdk.run(asked, PROFILE).timeline, *shown) == kinds(expected, *shown)


ON_THREADS = """
- id: rounds
  client: sampling
  threads: true
  futures:
    - [{timeout: {queue_state: paused_capacity}}, {complete: {}}]
    - [{timeout: {queue_state: paused_capacity}}, {complete: {}}]
    - {before: [{advance: 30}], steps: [{complete: {}}]}
    - [{complete: {}}]
    - {before: [{advance: 40}], steps: [{timeout: {queue_state: paused_capacity}}, {complete: {}}]}
    - [{timeout: {queue_state: paused_capacity}}, {complete: {}}]
"""


def test_futures_on_threads_go_round_by_round(sdk: StdioSession) -> None:
    run = sdk.run(scenario(ON_THREADS), PROFILE)
    assert run.fault is None
    steps = [place for place, event in enumerate(run.timeline) if isinstance(event, ClockStep)]
    rounds = [run.timeline[: steps[0]], run.timeline[steps[0] : steps[1]], run.timeline[steps[1] :]]
    for events, futures in zip(rounds, ({1, 2}, {3, 4}, {5, 6}), strict=True):
        assert {event.future for event in events if isinstance(event, Outcome | Request)} == futures
    assert [e.at for e in run.timeline if isinstance(e, Log) and "is paused" in e.message] == [0.0, 70.0]


def test_threads_are_asked_for_only_where_a_scenario_wants_them() -> None:
    clock = kit_clock.WallClock()
    asked = encode(run_message(scenario(ON_THREADS), 1, "http://x", clock))
    assert b'"threads":true' in asked
    assert b'"concurrent":true,"stepwise":true' in asked
    together = scenario(ON_THREADS.replace("threads: true", "concurrent: false"))
    # An adapter of yesterday, which takes unknown fields for errors, does not see this one.
    assert b"threads" not in encode(run_message(together, 1, "http://x", clock))


# -- clocks --------------------------------------------------------------------------------------


def adapter_with(folder: Path, clocks: str, *, capabilities: str = "", clock: str = "FileClock") -> list[str]:
    """The template, with other claims; with `RealClock` it has no seam for its clock."""
    folder.joinpath("varied.py").write_text(
        f"""
import sys, time
sys.path.insert(0, {str(TEMPLATE.parent)!r})
import adapter, kit, sdk
adapter.ABOUT["clocks"] = {clocks.split()!r}
adapter.ABOUT["capabilities"] = {(capabilities or "callbacks sampling training concurrency").split()!r}

class RealClock(sdk.RealClock):
    def __init__(self, path, run):
        pass
    def read(self):
        return None, 0, 0

if {clock!r} == "RealClock":
    kit.FileClock = RealClock
    original = kit.Scenario.__init__
    def with_path(self, message, make_driver):
        message["clock"].setdefault("path", "")
        original(self, message, make_driver)
    kit.Scenario.__init__ = with_path
kit.serve(adapter.ABOUT, adapter.Driver)
""",
        encoding="utf-8",
    )
    return [sys.executable, str(folder / "varied.py")]


@pytest.mark.needs_tool("libfaketime")
def test_under_libfaketime_the_debounce_is_tested_to_the_millisecond(
    tmp_path: Path, reference: SharedSession
) -> None:
    made = StdioSession("exec:x", adapter_with(tmp_path, "libfaketime", clock="RealClock"))
    judge = Judge(made, lambda: reference, PROFILE, shipped_scenarios())
    try:
        assert made.clock is SdkClock.LIBFAKETIME
        assert made.run(scenario(ON_THREADS), PROFILE).fault is None
        for identifier in (
            "clock.moves",
            "debounce.boundary",
            "debounce.within_a_minute",
            "debounce.fraction",
        ):
            assert judge.judge(requirement(identifier)).verdict is Verdict.PASSED
        apart = judge.judge(requirement("debounce.clock_stepping_back"))
        assert (apart.verdict, "by different amounts" in apart.note) == (Verdict.NOT_CLAIMED, True)
        asleep = judge.judge(requirement("polling.back_off"))
        assert (asleep.verdict, "virtual_sleep" in asleep.note) == (Verdict.NOT_CLAIMED, True)
    finally:
        judge.close()


@pytest.mark.needs_tool("libfaketime")
def test_under_libfaketime_time_stands_still_while_the_sdk_works(tmp_path: Path) -> None:
    """As it must while an SDK waits for the processor of a busy machine, which looks the same."""
    command = adapter_with(tmp_path, "libfaketime", clock="RealClock")
    program = tmp_path / "varied.py"
    works = """
import hashlib

class Working(adapter.Driver):
    def run(self, client, operation, timeout):
        before = time.time()
        for _ in range(800):
            hashlib.sha256(b"x" * 1_000_000)
        self._scenario.log("warning", "the clock moved" if time.time() > before else "it stands still")
        super().run(client, operation, timeout)

adapter.Driver = Working
"""
    serve = "kit.serve("
    program.write_text(program.read_text(encoding="utf-8").replace(serve, works + serve), encoding="utf-8")
    session = StdioSession("exec:x", command)
    try:
        run = session.run(shipped_scenarios()["debounce-boundary"], PROFILE)
    finally:
        session.close()
    assert run.fault is None
    messages = {event.message for event in run.timeline if isinstance(event, Log)}
    assert messages & {"the clock moved", "it stands still"} == {"it stands still"}


def test_an_adapter_that_reads_no_clock_is_not_testable_where_the_clock_moves(
    tmp_path: Path, reference: SharedSession
) -> None:
    command = adapter_with(tmp_path, "file", clock="RealClock")
    judge = Judge(StdioSession("exec:x", command), lambda: reference, PROFILE, shipped_scenarios())
    try:
        assert judge.judge(requirement("clock.moves")).verdict is Verdict.FAILED
        assert judge.judge(requirement("debounce.boundary")).verdict is Verdict.NOT_TESTABLE
        assert judge.judge(requirement("polling.http_408")).verdict is Verdict.PASSED
    finally:
        judge.close()


def test_under_the_wall_clock_the_kit_waits_as_long_as_the_script_says(
    tmp_path: Path, reference: SharedSession
) -> None:
    command = adapter_with(tmp_path, "file wall", clock="RealClock")
    made = StdioSession("exec:x", command, clock=SdkClock.WALL)
    judge = Judge(made, lambda: reference, PROFILE, shipped_scenarios())
    try:
        begun = time.monotonic()
        short = scenario(
            "- {id: x, client: sampling, futures: [[{timeout: {queue_state: paused_capacity}},"
            " {advance: 0.3}, {timeout: {queue_state: paused_capacity}}, {complete: {}}]]}"
        )
        run = made.run(short, PROFILE)
        assert run.fault is None
        assert time.monotonic() - begun >= 0.3
        assert [e.at for e in run.timeline if isinstance(e, Outcome)] == [0.0, 0.3]
        fine = judge.judge(requirement("debounce.within_a_minute"))
        assert (fine.verdict, "fractions of a second that a real clock cannot keep" in fine.note) == (
            Verdict.NOT_CLAIMED,
            True,
        )
        assert judge.judge(requirement("polling.http_408")).verdict is Verdict.PASSED
        long = judge.judge(requirement("clock.moves"))
        assert (long.verdict, "it needs a wait of 1200 s" in long.note) == (Verdict.NOT_CLAIMED, True)
    finally:
        judge.close()


@pytest.mark.parametrize(
    ("offered", "asked", "taken"),
    [
        ("wall libfaketime file", None, SdkClock.FILE),
        pytest.param(
            "wall libfaketime", None, SdkClock.LIBFAKETIME, marks=pytest.mark.needs_tool("libfaketime")
        ),
        ("file wall", SdkClock.WALL, SdkClock.WALL),
    ],
)
def test_the_best_clock_that_is_offered_is_taken(
    tmp_path: Path, offered: str, asked: SdkClock | None, taken: SdkClock
) -> None:
    made = StdioSession("exec:x", adapter_with(tmp_path, offered), clock=asked)
    made.close()
    assert made.clock is taken


def test_a_clock_that_is_not_offered_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SdkStartError, match=r"does not offer the clock libfaketime\. It offers: file\."):
        StdioSession("exec:x", adapter_with(tmp_path, "file"), clock=SdkClock.LIBFAKETIME)


def test_where_libfaketime_is_not_installed_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_clock, "_FOLDERS", ())
    monkeypatch.setattr(kit_clock, "_packaged_libfaketime", lambda: None)
    with pytest.raises(SdkStartError, match=r"apt-get install libfaketime.*pip install libfaketime"):
        StdioSession("exec:x", adapter_with(tmp_path, "libfaketime"))


def test_sleeping_is_claimed_under_the_clock_file_only(tmp_path: Path) -> None:
    command = adapter_with(tmp_path, "file wall", capabilities="sampling virtual_sleep")
    for clock, claimed in ((SdkClock.FILE, True), (SdkClock.WALL, False)):
        made = StdioSession("exec:x", command, clock=clock)
        made.close()
        assert (Capability.VIRTUAL_SLEEP in made.info.capabilities) is claimed


def test_what_does_not_sleep_needs_no_claim_to_sleep(tmp_path: Path, reference: SharedSession) -> None:
    command = adapter_with(tmp_path, "file")
    judge = Judge(StdioSession("exec:x", command), lambda: reference, PROFILE, shipped_scenarios())
    try:
        assert judge.judge(requirement("debounce.boundary")).verdict is Verdict.PASSED
        assert judge.judge(requirement("polling.failure")).verdict is Verdict.PASSED
        assert judge.judge(requirement("polling.back_off")).verdict is Verdict.NOT_CLAIMED
    finally:
        judge.close()


# -- how it ends ---------------------------------------------------------------------------------


def test_closing_leaves_neither_a_process_nor_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = f"TEST_OF_STDIO={uuid.uuid4().hex}"
    monkeypatch.setenv(*mark.split("="))
    made = StdioSession(SPEC, COMMAND)
    folder = Path(made._folder.path)
    assert running(mark)
    assert folder.exists()
    made.close()
    made.close()
    assert running(mark) == []
    assert not folder.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_interrupted_prints_what_was_judged_and_leaves_nothing(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    mark = f"TEST_OF_STDIO={uuid.uuid4().hex}"
    stuck = tmp_path / "stuck.py"
    stuck.write_text(
        f"""
import subprocess, sys, time
sys.path.insert(0, {str(TEMPLATE.parent)!r})
import adapter, kit
class Stuck(kit.Scenario):
    def run(self):
        if self._message["scenario"].startswith("trigger"):
            subprocess.Popen(["sleep", "600"], start_new_session=True)
            print("stuck", file=sys.stderr, flush=True)
            open({str(tmp_path / "reached")!r}, "w").close()
            time.sleep(600)
        super().run()
kit.Scenario = Stuck
kit.serve(adapter.ABOUT, adapter.Driver)
""",
        encoding="utf-8",
    )
    name, value = mark.split("=")
    environment = {**os.environ, name: value, "COLUMNS": "200"}
    spec = f"exec:{sys.executable} {stuck}"
    command = [sys.executable, "-m", "tinker_conformance", "run", "--sdk", spec]
    output = tmp_path / "output"
    with output.open("wb") as written:
        run = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment)
    deadline = time.monotonic() + 60
    while not (tmp_path / "reached").exists():
        assert run.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)
    run.send_signal(number)
    assert run.wait(20) == code, output.read_text()
    text = output.read_text()
    assert re.search(r"parsing\.known_states\s+contract\s+passed", text)
    assert re.search(rf"ended early, after \d+ of \d+ requirements: interrupted by {number.name}", text)
    assert "Traceback" not in text
    assert running(mark) == []


def test_a_run_whose_adapter_always_breaks_stops_with_exit_code_4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio_session, "MAX_FAULTS_IN_A_ROW", 3)
    always = f"exec:{sys.executable} -c '{_CRASHES}'"
    result = CliRunner().invoke(main, ["run", "--sdk", always, "--profile", "tinker-0.5.1"])
    assert result.exit_code == 4
    text = " ".join(result.output.split())
    assert "the adapter failed in 3 scenarios in a row" in text
    assert "adapter error" in text


_CRASHES = """
import json, sys
about = dict(type="started", protocol=1, name="x", version="1", language="python", profile=None)
about.update(capabilities=["sampling"], operations=["sample"], clocks=["file"])
sys.stdin.readline()
print(json.dumps(about), flush=True)
sys.stdin.readline()
sys.exit(1)
""".replace("'", '"')


# -- commands ------------------------------------------------------------------------------------


def test_the_suite_and_trace_take_such_a_spec(pytester: pytest.Pytester) -> None:
    suite = [*QUIET, "--pyargs", "tinker_conformance.suite.test_parsing", "--sdk", SPEC]
    run_pytest(pytester, *suite, "--clock", "file").assert_outcomes(passed=6)
    Path("x.yaml").write_text("- {id: x, client: sampling, futures: [[{complete: {}}]]}\n", encoding="utf-8")
    trace = ["trace", "x.yaml", "--profile", "tinker-0.5.1", "--sdk", SPEC, "--clock", "file"]
    result = CliRunner().invoke(main, trace)
    assert result.exit_code == 0, result.output
    assert '"event": "outcome"' in result.stdout


@pytest.mark.needs_tool("libfaketime")
@pytest.mark.parametrize(
    "among",
    [
        pytest.param(
            ("tinker-0.7", "tinker-0.5.1", "tinker-0.1"), id="its neighbours", marks=pytest.mark.slow
        ),
        pytest.param(None, id="every revision", marks=pytest.mark.nightly),
    ],
)
def test_identify_finds_the_revision_of_an_adapter_under_libfaketime(
    among: tuple[str, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if among is not None:
        profiles = tuple(load_profile(name) for name in among)
        monkeypatch.setattr("tinker_conformance.commands.identify.candidates", lambda: profiles)
    command = adapter_with(tmp_path, "libfaketime", clock="RealClock")
    result = CliRunner().invoke(main, ["identify", "--sdk", f"exec:{' '.join(command)}"])
    assert result.exit_code == 0, result.output
    first = next(line for line in result.output.splitlines() if line.strip().startswith("tinker-"))
    assert first.split()[0] == "tinker-0.5.1"
    assert first.split()[2] == "0"


def test_a_suite_whose_adapter_is_lost_stops(pytester: pytest.Pytester) -> None:
    suite = [*QUIET, "--pyargs", "tinker_conformance.suite", "--profile", "tinker-0.5.1"]
    pytester.makeconftest(
        "from tinker_conformance.sdk.stdio import stdio_session\nstdio_session.MAX_FAULTS_IN_A_ROW = 2\n"
    )
    broken = f"exec:{sys.executable} -c '{_CRASHES}'"
    outcome = run_pytest(pytester, *suite, "--sdk", broken)
    assert outcome.ret != 0
    assert "Interrupted: the adapter failed in 2 scenarios in a row" in outcome.stdout.str()


@pytest.mark.parametrize("spec", ["exec:", "exec:   ", "exec:'unclosed"])
def test_a_command_that_cannot_be_read_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UserError, match="exec:COMMAND|as a shell does"):
        check_spec(spec)


def test_a_command_is_quoted_as_a_shell_quotes() -> None:
    assert command_of("exec:node 'my adapter.mjs' --flag=\"a b\"") == ("node", "my adapter.mjs", "--flag=a b")


def test_a_clock_is_for_adapters_over_stdio() -> None:
    with pytest.raises(UserError, match="--clock is for exec:COMMAND"):
        open_sdk("reference", clock=SdkClock.FILE)
