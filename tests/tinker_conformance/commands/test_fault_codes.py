"""For each way in which a scenario can break: exit code 1 says that the SDK failed, and no more.

4 is a fault of the adapter, 5 one of the kit, whichever command meets it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from fake_runs import Judged, arguments, judging

from fake_server import FakeTinker
from fake_server.core.operations import Operation
from tinker_conformance.cli import main
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.commands import common
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.parity import campaign
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.session import Fault, FaultKind, Run
from tinker_conformance.suite import conformance_run

TEMPLATE: Final = Path(__file__).parents[3] / "examples/adapter_template/python/adapter.py"
ADAPTERS: Final = sorted(set(FaultKind) - {FaultKind.STUCK, FaultKind.KIT, FaultKind.NOT_TESTABLE})
CODES: Final[Mapping[str, Mapping[FaultKind, int]]] = {
    # A run that does not end is a failure of the SDK where the SDK is judged by it.
    # So is a requirement that cannot be answered.
    "run": {FaultKind.STUCK: 1, FaultKind.NOT_TESTABLE: 1},
    "parity": {FaultKind.STUCK: 1, FaultKind.NOT_TESTABLE: 4},
    "identify": {FaultKind.STUCK: 0, FaultKind.NOT_TESTABLE: 0},
    "trace": {FaultKind.STUCK: 4, FaultKind.NOT_TESTABLE: 4},
    "record-goldens": {FaultKind.STUCK: 4, FaultKind.NOT_TESTABLE: 4},
}
LINE: Final = "- {id: x, client: sampling, futures: [[{complete: {}}]]}\n"
COMMANDS: Final = {
    "run": ["run", "--sdk", "official", "--profile", "tinker-0.38"],
    "parity": ["parity", "--versions", "0.38.0", "--generated", "0", "--jobs", "1"],
    "identify": ["identify", "--sdk", "official"],
    "trace": ["trace", "x.yaml", "--sdk", "official", "--profile", "tinker-0.38"],
    "record-goldens": ["record-goldens", "--versions", "0.38.0", "--out", "."],
}


class Breaks:
    """An SDK whose every scenario ends in one kind of fault, or a reference that does nothing at all."""

    clock = SdkClock.FROZEN
    info = AdapterInfo(
        name="breaks",
        version="0.38.0",
        capabilities=frozenset(Capability),
        operations=frozenset(Operation),
    )

    def __init__(self, spec: str, kind: FaultKind) -> None:
        self.spec = spec
        self._fault = None if spec == "reference" else Fault(kind, "it broke")

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        return Run((), self._fault)

    def close(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture
def _few_requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every command ask two requirements, by one profile, in an empty folder."""
    Path(tmp_path, "x.yaml").write_text(LINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", str(tmp_path))
    asked = (requirement("clock.moves"), requirement("trigger.http_408"))
    scenarios = {name: shipped_scenarios()[name] for each in asked for name in each.scenarios}
    for name, value in {
        "suite.conformance_run.asked_of": lambda *_: asked,
        "judging.identification.REQUIREMENTS": asked,
        "commands.identify.candidates": lambda: (load_profile("tinker-0.38"),),
        "commands.identify.shipped_scenarios": lambda: scenarios,
        "commands.record_goldens.shipped_scenarios": lambda: scenarios,
        "commands.parity.all_scenarios": lambda *_: tuple(scenarios.values()),
    }.items():
        monkeypatch.setattr(f"tinker_conformance.{name}", value)


@pytest.mark.usefixtures("_few_requirements")
@pytest.mark.parametrize("kind", FaultKind)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_in_every_scenario(command: str, kind: FaultKind, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (common, campaign, conformance_run):
        monkeypatch.setattr(module, "open_sdk", lambda spec, **_: Breaks(spec, kind))
    done = CliRunner().invoke(main, COMMANDS[command])
    known = {FaultKind.KIT: 5, **dict.fromkeys(ADAPTERS, 4), **CODES[command]}
    assert done.exit_code == known[kind], done.output


def test_a_broken_fake_server_is_no_fault_of_the_adapter_that_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_arguments: object) -> None:
        raise ArithmeticError("a handler that is wrong")

    monkeypatch.setattr(FakeTinker, "_poll", broken)
    done = CliRunner().invoke(main, ["check-adapter", f"exec:{sys.executable} {TEMPLATE}"])
    assert done.exit_code == 5, done.output


@pytest.mark.parametrize(
    ("after", "code"),
    [
        *((Verdict.FAILED, 1), (Verdict.NOT_TESTABLE, 1), (Verdict.NOT_CLAIMED, 1)),
        *((Verdict.ADAPTER_ERROR, 4), (Verdict.KIT_ERROR, 5), (Verdict.PASSED, 0)),
    ],
)
def test_a_comparison_of_reports(after: Verdict, code: int, tmp_path: Path) -> None:
    for name, verdict in (("before", Verdict.PASSED), ("after", after)):
        with judging(Judged({"debounce.boundary": verdict})):
            CliRunner().invoke(main, arguments("--report", str(tmp_path / name)))
    done = CliRunner().invoke(main, ["report", "diff", str(tmp_path / "before"), str(tmp_path / "after")])
    assert done.exit_code == code, done.output
