"""A fault of the fake server ends in exit code 5, and is never a verdict on the SDK that met it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_server import FakeTinker
from fake_server.core.errors import Problem, ProblemKind
from tinker_conformance.cli import main
from tinker_conformance.error_families import KitError
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.parity.difference import difference
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.scripted_engine import kit_failure
from tinker_conformance.sdk.session import Fault, FaultKind, Run, refuse_kit_faults
from tinker_conformance.sdk.spec import open_sdk

ROOT = Path(__file__).parents[3]
STDIO = f"exec:{sys.executable} {ROOT / 'examples/adapter_template/python/adapter.py'}"
IN_PROCESS = "python:with_a_broken_fake:Adapter"
BROKEN = """
import msgspec
from fake_server import FakeTinker
from fake_server.core.operations import Operation
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

class Adapter(ReferenceAdapter):
    info = msgspec.structs.replace(
        ReferenceAdapter.info,
        capabilities=frozenset({Capability.SAMPLING, Capability.FROZEN_CLOCK}),
        operations=frozenset({Operation.SAMPLE}),
    )

def broken(self, request):
    raise ArithmeticError("a handler that is wrong")

FakeTinker._poll = broken
"""
SCENARIO = (
    "- {id: x, client: sampling, futures: [[{timeout: {queue_state: paused_capacity}}, {complete: {}}]]}\n"
)


LONG_IN_PROCESS = pytest.mark.parametrize(
    "spec", [pytest.param("in process", marks=pytest.mark.nightly), "stdio"], indirect=True
)
"""A worker in which the kit failed is started anew for the next scenario."""


@pytest.fixture(params=["in process", "stdio"])
def spec(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An SDK that is right and samples only; its fake server is wrong, and that of the reference is not."""
    if request.param == "in process":
        (tmp_path / "with_a_broken_fake.py").write_text(BROKEN, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        yield IN_PROCESS
        return

    def broken(*_arguments: object) -> None:
        raise ArithmeticError("a handler that is wrong")

    monkeypatch.setattr(FakeTinker, "_poll", broken)
    yield STDIO


@pytest.fixture
def judge_of() -> Iterator[Callable[[str], Judge]]:
    opened: list[Judge] = []

    def judge(spec: str) -> Judge:
        profile = load_profile("tinker-0.5.1")
        made = Judge(open_sdk(spec), lambda: open_sdk("reference"), profile, shipped_scenarios())
        opened.append(made)
        return made

    yield judge
    for each in opened:
        each.close()


def test_a_requirement_is_a_kit_error_and_names_what_failed(
    spec: str, judge_of: Callable[[str], Judge]
) -> None:
    judgement = judge_of(spec).judge(requirement("polling.http_408"))
    assert judgement.verdict is Verdict.KIT_ERROR
    assert "failed with ArithmeticError('a handler that is wrong')" in judgement.note
    assert "fault of the kit" in judgement.note
    assert not judgement.mismatches


@pytest.mark.slow
@LONG_IN_PROCESS
def test_no_number_of_them_gives_the_adapter_up(spec: str, judge_of: Callable[[str], Judge]) -> None:
    judge = judge_of(spec)
    scenarios = [scenario for scenario in shipped_scenarios().values() if scenario.futures][:12]
    kinds = [
        run.fault.kind for run in (judge.sdk.run(each, judge.profile) for each in scenarios) if run.fault
    ]
    assert kinds == [FaultKind.KIT] * len(scenarios)


def test_trace_exits_with_5(spec: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(SCENARIO, encoding="utf-8")
    command = ["trace", str(tmp_path / "x.yaml"), "--profile", "tinker-0.5.1", "--sdk", spec]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == Exit.KIT, result.output
    assert "fault of the kit" in " ".join(result.stderr.split())


def test_generated_scripts_exit_with_5(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.yaml").write_text(SCENARIO, encoding="utf-8")
    command = ["run", "--sdk", spec, "--profile", "tinker-0.5.1", "--replay", "x.yaml"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == Exit.KIT, result.output
    assert "0 of 1 scripts failed, 1 script with a kit error" in result.output


@pytest.mark.slow
@LONG_IN_PROCESS
def test_a_whole_run_exits_with_5_and_fails_nothing(spec: str) -> None:
    result = CliRunner().invoke(
        main, ["run", "--sdk", spec, "--profile", "tinker-0.5.1"], env={"COLUMNS": "200"}
    )
    assert result.exit_code == Exit.KIT, result.output
    assert "kit error" in result.output
    rows = [line for line in result.output.splitlines() if line.rstrip().endswith(" failed")]
    assert rows == []


KIT = Run((), Fault(FaultKind.KIT, "the fake server failed"))


def test_runs_in_which_the_kit_failed_are_not_compared() -> None:
    for expected, observed in ((KIT, KIT), (KIT, Run(())), (Run(()), KIT)):
        with pytest.raises(KitError, match="the fake server failed"):
            difference(expected, observed)


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - {FaultKind.STUCK, FaultKind.SET_UP}))
def test_a_reference_that_broke_is_a_fault_of_the_kit(kind: FaultKind) -> None:
    with pytest.raises(KitError, match="with the reference: it ended"):
        refuse_kit_faults(expected=Run((), Fault(kind, "it ended")), observed=Run(()))


def test_an_sdk_that_never_ends_or_crashes_is_none() -> None:
    refuse_kit_faults(
        expected=Run((), Fault(FaultKind.STUCK, "it waits")),
        observed=Run((), Fault(FaultKind.CRASH, "it ended")),
    )


def test_what_a_client_sent_is_no_failure_of_the_kit() -> None:
    engine = FakeTinker()
    engine.add_problem(Problem(ProblemKind.UNREADABLE_BODY, "no JSON"))
    assert kit_failure(engine) is None
