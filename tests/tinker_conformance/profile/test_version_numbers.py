"""Versions are read in one place."""

from __future__ import annotations

import pytest

from tinker_conformance.profile.version_numbers import release_of, version_of


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.6.3", (0, 6, 3)),
        ("0.10.0", (0, 10, 0)),
        ("1!0.6", (0, 6)),
        ("0.39.0rc1", (0, 39, 0)),
        ("0.39.0.dev4+local", (0, 39, 0)),
        ("latest", ()),
        ("", ()),
        ("0.38.0.what", ()),
    ],
)
def test_the_numbers_of_a_version(text: str, numbers: tuple[int, ...]) -> None:
    assert release_of(text) == numbers


def test_releases_are_ordered_by_number() -> None:
    assert sorted(["0.10.0", "0.9.0", "0.2.0"], key=release_of) == ["0.2.0", "0.9.0", "0.10.0"]


def test_what_is_no_version_is_none() -> None:
    assert version_of("latest") is None
    assert str(version_of("v0.6.3")) == "0.6.3"
