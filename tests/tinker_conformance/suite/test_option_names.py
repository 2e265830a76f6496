"""Another plugin may own any of the suite's short option names, wherever and whenever it is loaded."""

from __future__ import annotations

from typing import Final

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.suite.pytest_options import ALIASED

SHORT: Final = tuple(option.short for option in ALIASED)
SUITE: Final = ("--pyargs", "tinker_conformance.suite.test_parsing")

# Half of them without a `dest`, so that pytest derives it, as in pytest-profiling; half with one.
OWNER: Final = f"""
def pytest_addoption(parser):
    group = parser.getgroup("stranger")
    for number, name in enumerate({SHORT!r}):
        own = {{"dest": "stranger" + str(number)}} if number % 2 else {{}}
        group.addoption(name, action="store_true", help="a stranger's", **own)
"""
TEST: Final = f"""
def test_a_stranger_gets_what_was_given(pytestconfig):
    assert all(pytestconfig.getoption(name) is True for name in {SHORT!r})
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.mkdir("tests") / "test_it.py").write_text(TEST)
    return pytester


def _passes(project: pytest.Pytester, *arguments: str) -> None:
    result = run_pytest(project, *QUIET, "-W", "error", *SHORT, *arguments, timeout=240)
    result.assert_outcomes(passed=1)
    assert not result.errlines


def test_an_owner_that_is_loaded_before(project: pytest.Pytester) -> None:
    project.makepyfile(stranger=OWNER)
    _passes(project, "-p", "stranger", "-p", "tinker_conformance.plugin")


def test_an_owner_that_is_loaded_after(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    project.makepyfile(stranger=OWNER)
    monkeypatch.setenv("PYTEST_PLUGINS", "stranger")
    _passes(project)


@pytest.mark.parametrize("folder", [".", "tests"])
def test_a_conftest_owns_them(project: pytest.Pytester, folder: str) -> None:
    (project.path / folder / "conftest.py").write_text(OWNER)
    _passes(project)


def test_a_plugin_that_a_conftest_loads_owns_them(project: pytest.Pytester) -> None:
    project.makepyfile(stranger=OWNER)
    project.makeconftest("pytest_plugins = ['stranger', 'tinker_conformance.plugin']")
    _passes(project)


def test_a_conftest_that_is_too_late_for_options_breaks_nothing(project: pytest.Pytester) -> None:
    """pytest loads it when it collects; its options are of no use then, with or without this kit."""
    below = project.mkdir("tests/below")
    (below / "conftest.py").write_text(OWNER)
    (below / "test_below.py").write_text("def test_something(): pass")
    result = run_pytest(project, *QUIET, "-W", "error", "-k", "something", timeout=240)
    result.assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("start", [0, 1])
def test_the_other_short_names_stay_where_some_are_owned(project: pytest.Pytester, start: int) -> None:
    owned = SHORT[start::2]
    project.makeconftest(
        f"""
def pytest_addoption(parser):
    for name in {owned!r}:
        parser.addoption(name, dest="stranger" + name)

def pytest_configure(config):
    print("STRANGER", *(config.getoption("stranger" + name) for name in {owned!r}))
    ours = ("tinker_" + name[2:].replace("-", "_") for name in {SHORT!r})
    print("OURS", *(config.getoption(name) for name in ours))
"""
    )
    given = {option.short: "file" if option.name == "clock" else option.name for option in ALIASED}
    flags = {option.short for option in ALIASED if "action" in option.settings} - {*owned}
    words = [part for name, value in given.items() for part in ((name,) if name in flags else (name, value))]
    result = run_pytest(project, *QUIET, "--collect-only", *words, timeout=240)
    absent = {option.short: (option.short == "--strict-quirks" and "False") or "None" for option in ALIASED}
    seen = {**given, **dict.fromkeys(flags, "True"), **{name: absent[name] for name in owned}}
    result.stdout.fnmatch_lines(["STRANGER " + " ".join(given[name] for name in owned)])
    result.stdout.fnmatch_lines(["OURS " + " ".join(seen[name] for name in SHORT)])


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_the_long_names_judge_an_sdk_beside_an_owner(
    project: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    project.makepyfile(stranger=OWNER)
    long = ("--tinker-sdk", "reference", "--tinker-profile", "tinker-0.5.1", "--tinker-report", "report")
    result = run_pytest(project, *QUIET, "-p", "stranger", *SHORT, *long, *workers, *SUITE, timeout=240)
    result.assert_outcomes(passed=6)
    assert (project.path / "report" / "index.html").exists()


def test_a_strangers_report_is_none_of_ours(project: pytest.Pytester) -> None:
    """Ours directs pytest's JUnit XML into its folder; that of another plugin must not."""
    project.makeconftest("def pytest_addoption(parser): parser.addoption('--report')")
    project.makepyfile(test_it="def test_it(pytestconfig): assert pytestconfig.getoption('--report') == 'r'")
    run_pytest(project, *QUIET, "--report", "r", "test_it.py", timeout=240).assert_outcomes(passed=1)
    assert not (project.path / "r").exists()


def test_short_names_work_from_the_ini_file_and_from_a_file_of_arguments(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\naddopts = --sdk reference")
    (project.path / "arguments").write_text("--profile=tinker-0.5.1\n")
    result = run_pytest(project, *QUIET, "-v", "@arguments", *SUITE, timeout=240)
    result.assert_outcomes(passed=6)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "add --tinker-sdk reference, --tinker-sdk official==0.6.3"),
        (("--tinker-sdk", "nonsense"), "--tinker-sdk 'nonsense' is not understood"),
        (("--tinker-sdk", "reference", "--tinker-as-of", "soon"), "--tinker-as-of 'soon'"),
        (("--tinker-sdk", "reference", "--tinker-clock", "wall"), "--tinker-clock is for exec:COMMAND"),
    ],
)
def test_a_usage_error_names_the_long_form_where_the_short_one_is_owned(
    project: pytest.Pytester, arguments: tuple[str, ...], expected: str
) -> None:
    project.makeconftest(OWNER)
    result = run_pytest(project, *QUIET, *arguments, *SUITE, timeout=240)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{expected}*".replace("[", "[[]")])


def test_a_value_meant_for_us_is_explained_where_pytest_takes_it_for_a_file(project: pytest.Pytester) -> None:
    project.makeconftest("def pytest_addoption(parser): parser.addoption('--profile', action='store_true')")
    arguments = ("--sdk", "reference", "--profile", "tinker-0.5.1")
    result = run_pytest(project, *QUIET, *arguments, *SUITE, timeout=240)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: *not found: tinker-0.5.1*", "*for the option of the suite write --tinker-profile)"]
    )
