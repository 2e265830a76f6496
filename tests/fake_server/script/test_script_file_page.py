"""The page about script files names every key, and its examples are script files."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from fake_server.core import bounded_files
from fake_server.script import builder, request_match, rule_data, script_data, script_yaml, setup_replies
from fake_server.script.rules import POLL_SECONDS
from fake_server.script.script_yaml import decode_all, load_yaml
from fake_server.script.spelling import near_words_of

PAGE = (Path(__file__).parents[3] / "docs/reference/script-files.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
SHARED_BY_PAUSES = {"state", "reason", "signal", "poll_seconds"}


def keys_of(table: str) -> set[str]:
    """The names in the first column of each row."""
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("Scripts", {*script_yaml._ENTRY_KEYS}),
        ("Steps", {"times", "wire"}),
        ("Set-up", {*setup_replies._KEYS}),
        ("Rules", {*rule_data.RULE_KEYS, *rule_data._OTHER_KEYS, *rule_data._PAUSE_KEYS}),
        ("Holds", {*rule_data._OUTAGE_KEYS, *rule_data._AT_MOST_KEYS}),
        ("where", {*request_match._OPERATORS}),
    ],
)
def test_the_tables_have_every_key_and_no_other(section: str, keys: set[str]) -> None:
    assert keys_of(SECTIONS[section]) == keys


def test_every_hold_and_every_key_beside_a_step_is_named() -> None:
    assert all(f"key of `{name}`" in SECTIONS["Holds"] for name in rule_data.HOLD_KEYS)
    for step, more in script_data._BESIDE.items():
        assert all(f"`{name}`" in SECTIONS["Steps"] for name in (step, *more))


def test_every_step_but_that_of_scenarios_is_in_the_table_that_the_page_links() -> None:
    table = (Path(__file__).parents[3] / "docs/reference/scenarios.md").read_text(encoding="utf-8")
    steps = set(re.findall(r"^\| `\{(\w+):", table, re.MULTILINE))
    assert steps == {*script_data._DECODERS, "pause"} - {"bytes_base64"}


def test_the_numbers_are_those_of_the_code() -> None:
    megabytes = bounded_files.MAX_FILE_BYTES // 1_000_000
    steps = f"{builder.MAX_STEPS:,}".replace(",", " ")
    assert f"A file has at most {megabytes} MB and {steps} steps." in PAGE
    assert f"| How far the clocks move from one reply to the next. | {POLL_SECONDS:g} |" in PAGE


SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_an_example_is_a_script_file(snippet: str) -> None:
    assert decode_all(load_yaml(snippet, "page"), "page")


def test_the_command_of_the_page_serves_every_example_without_a_warning(tmp_path: Path) -> None:
    (command,) = re.findall(r"^\$ python (-m fake_server .*) --script FILE.yaml$", PAGE, re.MULTILINE)
    files = [tmp_path / f"{number}.yaml" for number in range(len(SNIPPETS))]
    for file, snippet in zip(files, SNIPPETS, strict=True):
        file.write_text(snippet)
    scripts = chain.from_iterable(("--script", str(file)) for file in files)
    # A closed standard input ends the program at once; it serves all files, or fails for one.
    ended = subprocess.run(
        [sys.executable, *shlex.split(command), *scripts, "--exit-with-stdin"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_warning_of_the_page_is_that_of_the_program() -> None:
    (shown,) = re.findall(r"^Warning: (FILE.yaml.*)$", PAGE, re.MULTILINE)
    wrong = [{"steps": [{"timeout": {"queue_state": "paused_capcity"}}]}]
    assert list(near_words_of(wrong, "FILE.yaml")) == [shown]
