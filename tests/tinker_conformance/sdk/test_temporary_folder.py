"""Temporary folders of killed processes are removed by the next one; those of running processes stay."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tinker_conformance.sdk.temporary_folder import TemporaryFolder, remove_abandoned


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_is_removed_once(own_place: Path) -> None:
    folder = TemporaryFolder()
    (folder.path / "clock").write_text("x")
    assert folder.path.parent == own_place
    folder.remove()
    folder.remove()
    assert not list(own_place.iterdir())


def test_the_folder_of_a_killed_process_goes_with_the_next_one(own_place: Path) -> None:
    code = (
        "import sys\n"
        "from tinker_conformance.sdk.temporary_folder import TemporaryFolder\n"
        "print(TemporaryFolder().path, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        left = Path(child.stdout.readline().strip())
        remove_abandoned()
        assert left.is_dir()  # its process runs
        child.kill()
    assert left.is_dir()
    folder = TemporaryFolder()
    assert not left.exists()
    assert folder.path.is_dir()
    folder.remove()


def test_what_is_not_ours_stays(own_place: Path) -> None:
    elsewhere = own_place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".owner").touch()
    (own_place / "tinker-conformance-notes").mkdir()  # nobody's mark in it
    (own_place / "tinker-conformance-link").symlink_to(elsewhere)
    marked = own_place / "tinker-conformance-marked"
    marked.mkdir()
    (marked / ".owner").symlink_to(elsewhere / ".owner")
    remove_abandoned()
    assert len(list(own_place.iterdir())) == 4
    assert (elsewhere / ".owner").exists()
