"""What was found with one kit is not taken for what another would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinker_conformance.sdk import kit_digest as module
from tinker_conformance.sdk.kit_digest import kit_digest


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for package in module.KIT_PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "code.py").write_text("1")
    monkeypatch.setattr(module, "package_folder", lambda name: tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["code.py", "new.py", "new.yaml", "new.toml", "folder/new.json"])
@pytest.mark.parametrize("package", module.KIT_PACKAGES)
def test_any_change_to_the_kit_is_another_digest(package: str, name: str, kit: Path) -> None:
    before = kit_digest()
    file = kit / package / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("2")
    assert kit_digest() != before


def test_a_file_that_moves_is_another_digest(kit: Path) -> None:
    before = kit_digest()
    (kit / "fake_server" / "code.py").rename(kit / "fake_server" / "core.py")
    assert kit_digest() != before


def test_other_texts_are_other_digests(kit: Path) -> None:
    assert len({kit_digest(), kit_digest("3.11"), kit_digest("3.1", "1"), kit_digest("3", ".11")}) == 4


def test_what_python_makes_of_the_code_does_not_count(kit: Path) -> None:
    before = kit_digest()
    (kit / "fake_server" / "code.pyc").write_text("1")
    assert kit_digest() == before


def test_a_link_to_nothing_does_not_count(kit: Path) -> None:
    before = kit_digest()
    (kit / "fake_server" / ".#code.py").symlink_to("nobody@host.1")
    assert kit_digest() == before
