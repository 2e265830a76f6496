"""An installed kit changes nothing in a pytest run that does not use it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import pytest

from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.suite.pytest_options import OPTIONS

STRICT: Final = ("--strict-markers", "--strict-config", "-W", "error")
WITHOUT: Final = ("-p", "no:tinker_conformance")
NOTHING: Final = "def test_nothing(): pass"


def _lines(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    result = pytester.runpytest_subprocess(*QUIET, *STRICT, *arguments, timeout=240)
    assert result.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    assert not result.stderr.str()
    # The header names the installed plugins, and the last line how long it took.
    return [line for line in result.outlines if not re.match(r"plugins: |=+ .* in [0-9.]+s", line)]


def _added(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """Lines that are there with the kit alone; nothing may be missing with it."""
    without, with_kit = _lines(pytester, *arguments, *WITHOUT), _lines(pytester, *arguments)
    assert not set(without) - set(with_kit)
    return [line for line in with_kit if line not in without]


def test_help_shows_options_of_the_kits_own_names_alone(pytester: pytest.Pytester) -> None:
    # Options are indented by two; what follows further in is help text, which may begin with an option too.
    names = {name for line in _added(pytester, "--help") for name in re.findall(r"^ {2}(-[\w-]+)", line)}
    assert len(names) == len(OPTIONS)
    assert all(name.startswith("--tinker-") for name in names)


def test_fixtures_begin_with_fake_tinker(pytester: pytest.Pytester) -> None:
    names = re.findall(r"^(\w+).* -- ", "\n".join(_added(pytester, "--fixtures")), re.MULTILINE)
    assert len(names) == 9
    assert all(name.startswith("fake_tinker") for name in names)


def test_there_are_no_markers_and_no_ini_options(pytester: pytest.Pytester) -> None:
    assert not _added(pytester, "--markers")
    pytester.makepyfile(
        """
def test_ini(pytestconfig):
    kit = pytestconfig.pluginmanager.has_plugin("tinker_conformance.plugin")
    print("INI", kit, sorted(pytestconfig._parser._inidict))
"""
    )
    without, with_kit = (
        next(line for line in _lines(pytester, "-s", *options) if "INI" in line).partition("INI ")[2]
        for options in (WITHOUT, ())
    )
    assert without == with_kit.replace("True", "False", 1) != with_kit


@pytest.mark.parametrize(
    "how",
    [
        (),
        WITHOUT,
        ("-p", "no:tinker_conformance.plugin"),
        ("-p", "no:terminal"),
        ("-p", "no:junitxml"),
        ("-p", "no:warnings", "--assert=plain"),
        ("-p", "tinker_conformance"),
        ("-p", "tinker_conformance.plugin"),
        ("-n", "1"),
    ],
    ids=" ".join,
)
def test_a_run_under_strict_options_passes(pytester: pytest.Pytester, how: Sequence[str]) -> None:
    pytester.makepyfile(NOTHING)
    result = pytester.runpytest_subprocess(*QUIET, *STRICT, *how, timeout=240)
    assert result.ret == pytest.ExitCode.OK
    assert not result.stderr.str()


@pytest.mark.parametrize("plugin", ["tinker_conformance", "tinker_conformance.plugin"])
def test_the_plugin_can_be_named_where_nothing_is_loaded_by_itself(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, plugin: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_it(fake_tinker): pass")
    missing = pytester.runpytest_subprocess("-p", "no:cacheprovider", *STRICT, timeout=240)
    missing.assert_outcomes(errors=1)
    named = pytester.runpytest_subprocess("-p", "no:cacheprovider", *STRICT, "-p", plugin, timeout=240)
    named.assert_outcomes(passed=1)
    pytester.makeconftest(f"pytest_plugins = ['{plugin}']")
    loaded = pytester.runpytest_subprocess("-p", "no:cacheprovider", *STRICT, timeout=240)
    loaded.assert_outcomes(passed=1)


def test_a_process_that_has_imported_the_kit_is_not_warned(pytester: pytest.Pytester) -> None:
    """pytest warns of modules that it wanted to rewrite and that are imported already."""
    pytester.makepyfile(NOTHING)
    program = (
        "import fake_server, tinker_conformance.plugin, tinker_conformance.suite.autoload, pytest, sys; "
        f"sys.exit(pytest.main({[*QUIET, *STRICT, '-p', 'tinker_conformance.plugin']!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_items_and_objects_of_a_stranger_are_left_alone(pytester: pytest.Pytester) -> None:
    """Attributes and classes of theirs may have the names of ours."""
    pytester.makeconftest(
        """
import pytest

class Chapter:
    pass

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.following = item.conformance_records = "mine"
"""
    )
    pytester.makepyfile(
        """
import sys
from conftest import Chapter

class Unbound:
    @property
    def __class__(self):
        raise RuntimeError("working outside of a context")

chapter, proxy = Chapter(), Unbound()

def test_one(request): assert request.node.following == "mine"
def test_two(request): assert request.node.following == "mine"
def test_nothing_was_loaded(): assert not {"tinker_conformance.suite.items", "fake_server"} & set(sys.modules)
"""
    )
    pytester.runpytest_subprocess(*QUIET, *STRICT, timeout=240).assert_outcomes(passed=3)
