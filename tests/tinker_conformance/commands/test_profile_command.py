"""`profile show` and `profile diff`: the values of profiles can be read, compared and changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from tinker_conformance.cli import main
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.profile.values import as_toml, values_of


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["profile", *arguments])


def test_every_value_of_a_profile_is_shown() -> None:
    shown = run("show", "tinker-0.38")
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert "observer.interval_seconds = 60.0" in lines
    assert "observer.training.grace_seconds = 900.0" in lines
    assert any(
        line.startswith('observer.sampling.reasons.paused_capacity = "Tinker backend') for line in lines
    )
    assert len(lines) == len(values_of(load_profile("tinker-0.38")))


@pytest.mark.parametrize("name", known_profiles())
def test_the_file_that_is_shown_is_the_same_profile(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(as_toml(load_profile(name)), encoding="utf-8")
    assert load_profile(path) == load_profile(name)
    assert run("show", name, "--toml").output == path.read_text(encoding="utf-8")


def test_a_difference_shows_both_values_and_nothing_else() -> None:
    shown = run("diff", "tinker-0.1", "tinker-0.5.1").output
    block = shown[shown.index("observer.sampling.identifier\n") :].splitlines()
    assert block[1:3] == ['  tinker-0.1: "model_path"', '  tinker-0.5.1: "sampling_session_id"']
    assert "observer.interval_seconds" not in shown
    same = run("diff", "tinker-0.38", "tinker-0.38").output
    assert same.startswith("0 of ")


def test_a_value_that_only_one_has_is_absent_in_the_other() -> None:
    shown = run("diff", "tinker-0.7", "tinker-0.10").output
    block = shown[shown.index("observer.model_creation.verb_phrase\n") :].splitlines()
    assert block[1].strip() == "tinker-0.7: (absent)"
    assert block[2].startswith('  tinker-0.10: "')


def test_texts_of_a_file_are_shown_in_one_line(tmp_path: Path) -> None:
    loaded = load_profile("tinker-0.7")
    reasons = msgspec.structs.replace(loaded.observer.sampling.reasons, paused_capacity='a "b"\n\x1b[2J ü')
    sampling = msgspec.structs.replace(loaded.observer.sampling, reasons=reasons)
    changed = msgspec.structs.replace(
        loaded, observer=msgspec.structs.replace(loaded.observer, sampling=sampling)
    )
    path = tmp_path / "mine.toml"
    path.write_text(as_toml(changed), encoding="utf-8")
    assert load_profile(path) == changed
    shown = run("show", str(path)).output
    assert "\x1b" not in shown
    assert r'observer.sampling.reasons.paused_capacity = "a \"b\"\n\u001b[2J ü"' in shown


def test_an_unknown_profile_is_a_usage_error() -> None:
    assert run("show", "tinker-0.77").exit_code == 2


def test_a_profile_in_place_of_a_command_is_a_usage_error_that_names_the_command() -> None:
    result = run("tinker-0.37")
    assert result.exit_code == 2
    assert "tinker-conformance profile show tinker-0.37" in result.output


def test_the_names_of_all_profiles_are_listed() -> None:
    listed = run("list")
    assert (listed.exit_code, tuple(listed.output.splitlines())) == (0, known_profiles())


def test_show_without_a_name_says_which_there_are() -> None:
    shown = run("show")
    assert shown.exit_code == 2
    assert f"one of {', '.join(known_profiles())}" in shown.output
