"""The lock files fit pyproject.toml, and its lower bounds are what the lowest leg installs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tinker_conformance.sdk.official.environments import SDK_DEPENDENCIES, WORKER_DEPENDENCIES

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pinned(name: str) -> dict[str, list[Version]]:
    """The versions of each package in a lock file; several where they depend on the Python."""
    found: dict[str, list[Version]] = {}
    for package, version in PIN.findall((LOCKS / name).read_text(encoding="utf-8")):
        found.setdefault(canonicalize_name(package), []).append(Version(version))
    return found


def asked(*extras: str) -> Iterator[Requirement]:
    """What pyproject.toml asks for, with these extras."""
    yield from map(Requirement, PROJECT["dependencies"])
    for extra in extras:
        for requirement in map(Requirement, PROJECT["optional-dependencies"][extra]):
            if requirement.name == PROJECT["name"]:
                yield from asked(*requirement.extras)
            else:
                yield requirement


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("dev.txt", ["dev", "test"]),
        ("runtime.txt", []),
        ("docs.txt", ["docs"]),
        ("bench.txt", ["bench"]),
        ("mutation.txt", ["mutation"]),
        ("lowest.txt", ["test"]),
    ],
)
def test_each_requirement_is_locked_at_versions_that_it_allows(lock: str, extras: list[str]) -> None:
    """To update the files: make lock."""
    versions = pinned(lock)
    for requirement in asked(*extras):
        locked = versions.get(canonicalize_name(requirement.name), [])
        assert locked, f"{lock} lacks {requirement.name}"
        assert all(requirement.specifier.contains(each) for each in locked), f"{requirement}: {locked}"


def test_the_lowest_versions_are_the_bounds() -> None:
    versions = pinned("lowest.txt")
    for requirement in asked("test"):
        (bound,) = (each.version for each in requirement.specifier if each.operator == ">=")
        (locked,) = versions[canonicalize_name(requirement.name)]
        assert locked.release[: len(Version(bound).release)] == Version(bound).release, (
            f"{requirement}: {locked}"
        )


def test_files_that_share_an_environment_agree() -> None:
    base = pinned("dev.txt")
    for lock in ("runtime.txt", "docs.txt", "bench.txt", "mutation.txt"):
        versions = pinned(lock)
        assert {name: versions[name] for name in versions.keys() & base} == {
            name: base[name] for name in versions.keys() & base
        }


def test_what_stands_beside_a_release_is_locked() -> None:
    versions = pinned("official.txt")
    wanted = [Requirement(each).name for each in (*SDK_DEPENDENCIES, *WORKER_DEPENDENCIES)]
    assert not [name for name in wanted if canonicalize_name(name) not in versions]


@pytest.mark.parametrize("lock", ["dev.txt", "docs.txt", "bench.txt", "mutation.txt", "lowest.txt"])
def test_each_locked_file_has_hashes(lock: str) -> None:
    text = (LOCKS / lock).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text):
        if "==" in entry and not entry.startswith("#"):
            assert "--hash=sha256:" in entry, entry


def test_no_lock_file_names_a_registry_or_a_folder() -> None:
    for lock in LOCKS.glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert not re.search(r"://|--index-url|--extra-index-url|--find-links|file:", text), lock.name
