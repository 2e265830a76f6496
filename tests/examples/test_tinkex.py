"""The adapter of Tinkex and the page of findings hang together, and with the kit.

Elixir is not needed: what only a run of Tinkex can show is on the page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_server.operations import Operation
from tinker_conformance.cli import main
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario import FUNCTIONS, ObserverUse, parse_scenarios
from tinker_conformance.sdk.adapter import Capability

ROOT = Path(__file__).parents[2]
ADAPTER = ROOT / "examples" / "tinkex"
FINDINGS = ROOT / "docs" / "findings" / "tinkex-0.4.0.md"
SCRIPTS = FINDINGS.with_suffix(".yaml")
PAGE = FINDINGS.read_text(encoding="utf-8")
MAIN = (ADAPTER / "lib" / "tinkex_conformance.ex").read_text(encoding="utf-8")
SDK = (ADAPTER / "lib" / "tinkex_conformance" / "sdk.ex").read_text(encoding="utf-8")
CALLS = (ADAPTER / "lib" / "tinkex_conformance" / "functions.ex").read_text(encoding="utf-8")


def _claimed(key: str) -> list[str]:
    found = re.search(rf"{key}:\s*~w\((.*?)\)", MAIN, re.DOTALL)
    assert found is not None
    return found[1].split()


def test_what_the_adapter_claims_are_words_of_the_kit() -> None:
    assert {Capability(word) for word in _claimed("capabilities")}
    assert _claimed("clocks") == ["libfaketime", "wall"]
    assert Capability.VIRTUAL_SLEEP not in _claimed("capabilities")


def test_the_adapter_submits_exactly_the_operations_that_it_claims() -> None:
    claimed = [Operation(word) for word in _claimed("operations")]
    assert set(re.findall(r'defp submit\("(\w+)"', SDK)) == set(claimed)


def test_the_adapter_knows_every_function_and_every_use_of_an_observer() -> None:
    assert set(re.findall(r'def call\("(\w+)"', CALLS)) == set(FUNCTIONS)
    assert set(re.findall(r'defp observer\("(\w+)"\)', SDK)) == set(ObserverUse)


def test_the_program_can_be_started() -> None:
    assert (ADAPTER / "run").stat().st_mode & 0o111


def test_the_page_shows_the_scripts_that_its_command_plays() -> None:
    shown = "\n\n".join(snippet.strip() for snippet in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    on_the_page = parse_scenarios(shown, source=FINDINGS.name)
    played = parse_scenarios(SCRIPTS.read_text(encoding="utf-8"), source=SCRIPTS.name)
    assert sorted(on_the_page, key=lambda one: one.id) == sorted(played, key=lambda one: one.id)


def test_the_page_names_requirements_that_exist() -> None:
    chapters = {requirement.id.split(".")[0] for requirement in REQUIREMENTS}
    named = {name for name in re.findall(r"`([a-z_]+\.[a-z_0-9]+)`", PAGE) if name.split(".")[0] in chapters}
    assert named
    assert named <= {requirement.id for requirement in REQUIREMENTS}


@pytest.mark.parametrize(
    ("scenario", "wanted"),
    [
        ("failure-reported", "failed"),
        ("array-on-408", "result"),
        ("try-again-without-state", "result"),
    ],
)
def test_the_reference_ends_well_where_the_page_says_that_tinkex_crashes(scenario: str, wanted: str) -> None:
    result = CliRunner().invoke(main, ["trace", str(SCRIPTS), "--profile", "tinkex-seed"])
    assert result.exit_code == 0, result.output
    kinds = [event["kind"] for event in json.loads(result.stdout)[scenario] if event["event"] == "outcome"]
    assert kinds == [wanted]
