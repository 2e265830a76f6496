"""Commands that have a file of their own, imported when somebody asks for them.

What `server` alone needs would make each start of `run` a third slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from importlib import import_module
from typing import Final

import click

_PACKAGE: Final = "tinker_conformance.commands"


class CommandFiles(MutableMapping[str, click.Command]):
    """The commands of a group, by name; each is imported when it is asked for."""

    def __init__(self, names: Iterable[str]) -> None:
        """Import nothing yet.

        Args:
            names: Commands with a file of their own, of their name: `check-adapter` is in `check_adapter.py`.
        """
        self._commands: dict[str, click.Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> click.Command:
        """Return a command, and import its file if nobody has asked for it before."""
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
        """Return whether there is such a command, without importing it."""
        return name in self._commands

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._commands)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._commands)
