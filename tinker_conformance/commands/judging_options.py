"""The options that the commands `run` and `server` share: what counts, what is excused, what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

FILE: Final = click.Path(dir_okay=False, path_type=Path)
"""The type of an option that names a file."""
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., Any])


def judging_options(what: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds the options to a command.

    Args:
        what: What is judged by, in the plural: "the requirements".
    """
    options = (
        click.option("--strict", is_flag=True, help="Count quirks as failures."),
        click.option("--as-of", metavar="VERSION", help=f"Judge only by {what} that existed in kit VERSION."),
        click.option(
            "--known-failures",
            "known",
            type=FILE,
            help="Excuse the failures that this TOML or YAML file lists.",
        ),
        click.option(
            "--record-known-failures",
            "recorded",
            type=FILE,
            help="Write the failures of this run to a file of known failures. One that exists is brought up "
            "to date.",
        ),
        click.option(
            "--report",
            "folder",
            type=_FOLDER,
            help="Write JSON, JUnit XML, Markdown, a badge and an HTML page to this folder.",
        ),
    )

    def add(command: _Command) -> _Command:
        for option in reversed(options):  # click shows the last one that was added first
            command = option(command)
        return command

    return add
