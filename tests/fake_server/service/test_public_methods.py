"""Every public method of the SDK's clients, and every command of `tinker`, works with the service."""

from __future__ import annotations

import functools

import pytest
from public_methods import FAULTS, PAGE, Release, call_everything, page, releases

NEWEST = releases()[-1]
called = functools.cache(call_everything)


def test_every_public_method_and_command_gives_its_own_type() -> None:
    _check_calls(NEWEST)


def _check_calls(version: str) -> None:
    release = called(version)
    assert release.without_a_call == (), (
        f"tinker {version} has public methods or commands that are not called here: add each to CALLS, "
        "COMMANDS or, with a reason, REASONS of public_methods_program.py, and regenerate the page"
    )
    faults = {name for faulty, name in FAULTS if faulty == version}
    assert set(release.failed) == faults, release.failed
    assert release.problems == ()
    assert len(release.called) > 50


@pytest.mark.slow
def test_so_they_do_in_older_releases_and_the_page_is_what_the_calls_show() -> None:
    """To update it: python tests/fake_server/service/public_methods.py."""
    for version in releases():
        _check_calls(version)
    assert PAGE.read_text(encoding="utf-8") == page([called(version) for version in releases()])


def test_the_page_names_each_method_of_the_newest_release() -> None:
    text = PAGE.read_text(encoding="utf-8")
    labels = {name.removeprefix("tinker ").split(".", maxsplit=1)[-1] for name in called(NEWEST).names}
    assert {label for label in labels if f"| `{label}` |" not in text} == set()


def test_a_gap_has_its_reason_on_the_page() -> None:
    release = Release(
        "1.0", {"RestClient.a": "str"}, {}, (), {"RestClient.b": "uploads to another service"}, ()
    )
    text = page([release, Release("2.0", {}, {}, ("RestClient.c",), {}, ())])
    assert "| `a` | yes |  |" in text
    assert "| `b` | (1) |  |" in text
    assert "| `c` |  | (2) |" in text
    assert "1. Uploads to another service.\n2. It failed." in text
