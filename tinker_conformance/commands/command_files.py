"""Import a command's module only when that command is used.

Otherwise each start of `run` would be a third slower, because of libraries that only `server` needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from importlib import import_module
from typing import Final

import click

_PACKAGE: Final = "tinker_conformance.commands"


class CommandFiles(MutableMapping[str, click.Command]):
    """The commands of a click group, by name; reading a command imports its module."""

    def __init__(self, names: Iterable[str]) -> None:
        """Create the mapping without importing a command.

        Args:
            names: The names of commands in modules of the same name: `check-adapter` is in
                `check_adapter.py`.
        """
        self._commands: dict[str, click.Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> click.Command:
        """Return a command; import its module at the first use."""
        command = self._commands[name]
        if command is None:
            own = name.replace("-", "_")
            command = self._commands[name] = vars(import_module(f"{_PACKAGE}.{own}"))[own]
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Add a command."""
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        """Remove a command."""
        del self._commands[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is a command of that name, without importing it."""
        return name in self._commands

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the commands."""
        return iter(self._commands)

    def __len__(self) -> int:
        """Return the number of commands."""
        return len(self._commands)
