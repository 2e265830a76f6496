"""Options that contradict each other, and names that do not exist, are usage errors with the fix."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinker_conformance.cli import main

REFERENCE = ("run", "--sdk", "reference")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((*REFERENCE, "-q", "-v"), "--verbose and --quiet exclude each other; give only one of them"),
        ((*REFERENCE, "-v", "-q"), "--quiet and --verbose exclude each other; give only one of them"),
        (("server", "--url", "http://127.0.0.1:1", "-qv"), "exclude each other; give only one of them"),
        ((*REFERENCE, "--replay", "none.yaml"), "none.yaml holds no scenarios; write at least one"),
        (
            (*REFERENCE, "--dialect", "nope"),
            "there is no dialect 'nope'; use one of hat",
        ),
        (("runn",), "No such command 'runn'; did you mean 'run'?; see tinker-conformance --help"),
        (
            ("report", "htm"),
            "No such command 'htm'; did you mean 'html'?; see tinker-conformance report",
        ),
        (("run", "--sdk", "refrence"), "not understood; did you mean 'reference'?; write one of reference,"),
        (("run", "--sdk", "official=0.6.3"), "did you mean 'official==X.Y.Z'?"),
        (("run", "--sdk"), "Option '--sdk' requires an argument; see --help"),
        ((*REFERENCE, "more"), "Got unexpected extra argument (more); see tinker-conformance run --help"),
        ((*REFERENCE, "--generated", "a"), "'a' is not a valid integer; see"),
        (("report", "diff", "a", "b"), "a: cannot be read (No such file or directory); name a folder that"),
        (("server", "--url", "http://127.0.0.1:1/api/v1/"), "adds itself; give http://127.0.0.1:1\n"),
        (("server", "--url", "http://127.0.0.1:1", "--only", "pollin"), "did you mean 'polling'?"),
        (("frobnicate",), "No such command 'frobnicate'; see tinker-conformance --help"),
    ],
)
def test_a_contradiction_or_an_unknown_name_is_one_line_with_exit_code_2(
    arguments: tuple[str, ...], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("none.yaml").write_text("[]\n")
    done = CliRunner().invoke(main, arguments, prog_name="tinker-conformance")
    assert done.exit_code == 2
    assert expected in done.output
    assert done.output.count("\n") == 1


def test_without_tinker_the_official_sdk_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinker", None)
    from tinker_conformance.error_families import SdkStartError
    from tinker_conformance.sdk.in_process.worker import load_adapter

    with pytest.raises(SdkStartError, match=r"has no tinker\. Install it .* --sdk official==latest"):
        load_adapter("official")
