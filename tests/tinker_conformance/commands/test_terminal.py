"""Nothing that an SDK, an adapter or a file says reaches the terminal as more than text."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.table import Table
from rich.text import Text

from fake_server.__main__ import main as fake_server
from fake_server.core.visible_text import visible_json
from tinker_conformance.cli import main
from tinker_conformance.commands.terminal import Terminal

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\x7f\r[bold red]:train:[/bold red][link=http://a]\\[x]"
SHOWN = r"\x1b[2J\x1b]0;title\x07\x9b31m\u202e\x7f\r[bold red]:train:[/bold red][link=http://a]\[x]"
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
PACKAGE = Path(__file__).parents[3] / "tinker_conformance"


def _printed(*things: object, **options: object) -> str:
    console = Terminal()
    console.file = io.StringIO()
    console.print(*things, **options)
    return console.file.getvalue()


def test_a_text_is_shown_as_it_is_and_never_interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    table = Table(HOSTILE, box=None)
    table.add_row(HOSTILE)
    for printed in (
        _printed(HOSTILE),
        _printed(HOSTILE, style="dim", soft_wrap=True),
        _printed(Text("ok"), HOSTILE),
        _printed(table),
    ):
        assert SHOWN in printed
        assert not RAW.search(printed)
    assert _printed(table).count(SHOWN) == 2
    assert r"\x1b[2J\x1b]0;title" in _printed(Text(HOSTILE, style="bold"))
    assert not RAW.search(_printed(Text(HOSTILE, style="bold")))
    assert _printed("a\nb") == "a\nb\n"


@pytest.mark.parametrize("columns", ["0", "1", "-3", "", "x", "1000000000"])
def test_a_width_that_is_none_hides_nothing(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    table = Table("requirement", "verdict", box=None)
    table.add_row("debounce.boundary", "passed")
    assert "debounce.boundary" in _printed(table)
    assert _printed("it conforms") == "it conforms\n"


def test_no_command_prints_past_the_terminal() -> None:
    for path in [PACKAGE / "cli.py", *(PACKAGE / "commands").glob("*.py")]:
        if path.name != "terminal.py":
            assert not re.search(r"\bConsole\b|rich\.markup|[^.\w]print\(", path.read_text("utf-8")), path


def test_json_is_the_same_json_without_control_characters() -> None:
    value = {"text": HOSTILE + "\n\U000e0041é"}
    text = json.dumps(value, ensure_ascii=False, indent=2).encode()
    assert json.loads(visible_json(text)) == value
    assert not RAW.search(visible_json(text).decode())
    assert "é" in visible_json(text).decode()


SHOWING = (
    "a profile that is extended",
    "a pattern that matches nothing",
    "the id of a scenario",
    "standard error of an adapter",
    "standard error of an adapter that is checked",
    "a SPEC",
    "an option",
)


def _files(folder: Path) -> dict[str, list[str]]:
    """Commands that show what they were given, by what it is."""
    profile = folder / "profile.toml"
    name = json.dumps(HOSTILE)
    profile.write_text(f'name = {name}\nextends = "tinker-0.1"\n', encoding="utf-8")
    unknown = folder / "unknown.toml"
    unknown.write_text(f'name = "p"\nextends = {name}\n', encoding="utf-8")
    pattern = folder / "known.toml"
    entry = f'[[known_failures]]\nrequirement = {name}\nclass = "bug"\nreason = "r"\n'
    pattern.write_text(entry, encoding="utf-8")
    scenario = folder / "scenario.yaml"
    scenario.write_text(
        f"- {{id: {name}, client: sampling, futures: [[{{complet: {{}}}}]]}}\n", encoding="utf-8"
    )
    loud = folder / "adapter.py"
    loud.write_text(f"import sys\nsys.stderr.write({HOSTILE!a})\nsys.exit(3)\n", encoding="utf-8")
    adapter = f"exec:{sys.executable} {loud}"
    run = ["run", "--sdk", "reference", "--profile"]
    return {
        "a profile that is extended": [*run, str(unknown)],
        "a pattern that matches nothing": [*run, "tinker-0.1", "--known-failures", str(pattern)],
        "the id of a scenario": ["trace", str(scenario), "--profile", "tinker-0.1"],
        "standard error of an adapter": ["run", "--sdk", adapter, "--profile", "tinker-0.1"],
        "standard error of an adapter that is checked": ["check-adapter", adapter],
        "a SPEC": ["run", "--sdk", f"nonsense{HOSTILE}"],
        "an option": ["run", f"--{HOSTILE}"],
    }


@pytest.mark.parametrize("what", SHOWING)
def test_no_command_shows_it_raw(what: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, _files(tmp_path)[what])
    assert done.exit_code in {2, 3, 4}, done.output
    assert r"\x1b[2J" in done.output
    assert not RAW.search(done.output)


def test_the_fake_server_shows_nothing_raw(tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    file.write_text(f"- {{steps: [], {json.dumps(HOSTILE)}: 1}}\n", encoding="utf-8")
    done = CliRunner().invoke(fake_server, ["--script", str(file)])
    assert done.exit_code == 2
    assert r"\x1b[2J" in done.output
    assert not RAW.search(done.output)
