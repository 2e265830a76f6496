"""`tinker-conformance adapter-template` writes the template, and nothing that was built from it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinker_conformance.cli import main

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "examples/adapter_template"


@pytest.mark.parametrize("language", ["go", "java", "python", "typescript"])
def test_a_template_is_written_whole(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    result = CliRunner().invoke(main, ["adapter-template", language, str(folder)])
    assert result.exit_code == 0, result.output
    # An unpacked archive is no checkout, and a machine may have no git; then it is not known what is meant.
    git = shutil.which("git")
    listed = (
        subprocess.run(
            [git, "ls-files", language], cwd=TEMPLATES, capture_output=True, text=True, check=False
        ).stdout.splitlines()
        if git
        else []
    )
    expected = {Path(name).relative_to(language) for name in listed}
    written = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert written
    assert not expected or written == expected
    for name in written:
        assert (folder / name).read_bytes() == (TEMPLATES / language / name).read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["adapter-template", "python", str(tmp_path)])
    assert result.exit_code == 2
    assert "exists already; name a new folder" in result.output


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["adapter-template", "python", str(tmp_path / "file" / "mine")])
    assert result.exit_code == 2
    assert "cannot be written" in result.output
