"""The page of commands: what `--help` says, as Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from fake_server.__main__ import main as fake_tinker
from tinker_conformance.cli import main as tinker_conformance


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Generated from the commands themselves. `--help` prints the same."
    yield "See also [exit codes](exit-codes.md) and [pytest options](pytest.md)."
    yield from _command("tinker-conformance", tinker_conformance)
    yield ""
    yield "## fake-tinker"
    yield ""
    yield "`python -m fake_server` is the same program."
    yield ""
    yield from _body("fake-tinker", fake_tinker)
    yield from _command("fake-tinker tokenizer", fake_tinker.commands["tokenizer"])


def _command(path: str, command: click.Command) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield ""
        yield f"## {path}"
        yield ""
        yield from _body(path, command)
        return
    for name in command.list_commands(click.Context(command)):
        if (found := command.get_command(click.Context(command), name)) is not None:
            yield from _command(f"{path} {name}", found)


def _body(path: str, command: click.Command) -> Iterator[str]:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    yield "```text"
    yield " ".join([path, "[OPTIONS]", *(_metavar(each) for each in arguments)])
    yield "```"
    yield ""
    yield _text(command.help)
    if options:
        yield ""
        yield "| option | meaning |"
        yield "|---|---|"
        for option in options:
            yield f"| `{_cell(_names(option))}` | {_cell(_meaning(option))} |"


# Said here and not by click, whose releases word ranges and defaults differently.
def _names(option: click.Option) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag or option.count else f"{names} {_metavar(option)}"


def _metavar(param: click.Parameter) -> str:
    if param.metavar is not None:
        return param.metavar
    if isinstance(param, click.Argument):
        return (param.name or "").upper()
    if isinstance(param.type, click.Choice):
        return "|".join(str(choice) for choice in param.type.choices)
    return param.type.name.removesuffix(" range").upper()


def _meaning(option: click.Option) -> str:
    notes = []
    if option.required:
        notes.append("Required.")
    if option.show_default and not option.is_flag and isinstance(option.default, (int, float, str)):
        notes.append(f"Default: `{option.default}`.")
    return " ".join([option.help or "", *notes])


def _text(text: str | None) -> str:
    paragraphs = inspect.cleandoc(text or "").replace("\b\n", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
