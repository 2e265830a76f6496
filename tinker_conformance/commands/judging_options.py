"""The options that `run` and `server` share: what counts, what is excused, and what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tinker_conformance.error_families import UserError

FILE: Final = click.Path(dir_okay=False, path_type=Path)
"""The type of an option that names a file."""
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _excludes(other: str) -> Callable[[click.Context, click.Parameter, bool], bool]:
    """Return a click callback that reports an error if a flag and the flag `other` are both given."""

    def check(context: click.Context, parameter: click.Parameter, value: bool) -> bool:  # noqa: FBT001 - click's own signature
        if value and context.params.get(other):
            raise UserError(f"--{parameter.name} and --{other} exclude each other; give only one of them")
        return value

    return check


quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    callback=_excludes("verbose"),
    help="Print only what to fix first, and the last line.",
)
"""The option `--quiet`."""


def verbose_option(text: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds the option `--verbose`, with `text` as its help."""
    return click.option("-v", "--verbose", is_flag=True, callback=_excludes("quiet"), help=text)


def judging_options(what: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds the shared options to a command.

    Args:
        what: What the command judges by, in the plural, for the help: "the requirements" or "the probes".
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
