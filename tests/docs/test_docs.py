"""What the pages under docs/ show can be typed: every command, option, YAML and link."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tinker_conformance.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
COMMANDS = [
    (page, command.strip())
    for page, text in TEXTS.items()
    for command in re.findall(
        r"^\$ (tinker-conformance .*)$|`(tinker-conformance [a-z-]+ -[^`…]*)`", text, re.MULTILINE
    )
    for command in command
    if command
]


@pytest.mark.parametrize(
    ("page", "command"), COMMANDS, ids=[f"{page}: {command}" for page, command in COMMANDS]
)
def test_commands_have_the_options_that_are_shown(page: str, command: str) -> None:
    name, *arguments = shlex.split(command)[1:]
    assert name in main.commands
    main.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("page", TEXTS)
def test_yaml_is_yaml(page: str) -> None:
    for snippet in re.findall(r"```yaml\n(.*?)```", TEXTS[page], re.DOTALL):
        assert yaml.safe_load(snippet)


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXTS[page]):
        assert (ROOT / page).parent.joinpath(target).exists(), target
    for target, anchor in re.findall(r"\]\(([^)#:]+)#([^)]*)\)", TEXTS[page]):
        text = (ROOT / page).parent.joinpath(target).read_text(encoding="utf-8")
        anchors = {
            re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-")
            for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        assert anchor in anchors
