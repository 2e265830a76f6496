"""Imports, commands, options and ids that were documented before the modules moved into packages still work.

``interfaces.json`` was recorded before the move. Later additions need not be in it: add one by hand when it
must never be taken away again.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import pytest

from fake_server.__main__ import main as fake_server
from tinker_conformance import known_profiles, load_profile
from tinker_conformance.cli import main
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import Capability

STABLE: Final[Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("interfaces.json").read_text(encoding="utf-8")
)
PATHS: Final[Sequence[tuple[str, str]]] = [
    (module, name) for module, names in STABLE["import_paths"].items() for name in names
]


def options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize(("module", "name"), PATHS, ids=[f"{module}.{name}" for module, name in PATHS])
def test_documented_names_are_imported_from_where_they_were(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("module", STABLE["suite_modules"])
def test_the_suite_has_its_modules(module: str) -> None:
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("name", STABLE["commands"])
def test_commands_take_their_options(name: str) -> None:
    assert set(STABLE["commands"][name]) <= options(main.commands[name])


def test_the_fake_server_takes_its_options() -> None:
    assert set(STABLE["fake_server_options"]) <= options(fake_server)


def test_pytest_takes_its_options(pytester: pytest.Pytester) -> None:
    shown = {
        word.partition("=")[0]
        for word in pytester.runpytest("--help", "-p", "no:asyncio").stdout.str().split()
    }
    assert set(STABLE["pytest_options"]) <= shown


def test_pytest_has_its_fixtures(pytester: pytest.Pytester) -> None:
    shown = {
        line.partition(" ")[0] for line in pytester.runpytest("--fixtures", "-p", "no:asyncio").stdout.lines
    }
    assert set(STABLE["fixtures"]) <= shown


def test_exit_codes_mean_what_they_meant() -> None:
    assert STABLE["exit_codes"].items() <= {code.name: int(code) for code in Exit}.items()


def test_every_id_is_still_there() -> None:
    assert set(STABLE["requirements"]) <= {requirement.id for requirement in REQUIREMENTS}
    assert set(STABLE["scenarios"]) <= shipped_scenarios().keys()
    assert set(STABLE["capabilities"]) <= {capability.value for capability in Capability}
    assert set(STABLE["profiles"]) <= set(known_profiles())


@pytest.mark.parametrize("name", STABLE["profiles"])
def test_profiles_are_loaded_by_name(name: str) -> None:
    assert load_profile(name).name == name
