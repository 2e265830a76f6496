"""The one place through which the commands print.

Much of what they print was written by an SDK, an adapter, a server or a file. On this console nothing in a
text is interpreted: neither markup such as `[bold]`, nor names of emoji such as `:train:`, nor control
characters, which are written out. Styles are given beside a text, never in it (`rich.text.Text`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook, RenderResult
from rich.segment import Segment
from rich.text import Text

from fake_server.core.visible_text import visible_lines

_LEAST_COLUMNS: Final = 40
"""Narrower, tables cannot be read; `COLUMNS=0` is what some programs say for "not known"."""
_MOST_COLUMNS: Final = 10_000


class Terminal(Console):
    """Standard output, or standard error, of a command."""

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        """Prints nothing yet.

        Args:
            stderr: Print to standard error.
            soft_wrap: Leave the breaking of long lines to the terminal.
        """
        columns = shutil.get_terminal_size().columns
        super().__init__(
            stderr=stderr,
            soft_wrap=soft_wrap,
            width=min(max(columns, _LEAST_COLUMNS), _MOST_COLUMNS),
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.push_render_hook(_WritesOut())

    def render_str(self, text: str, **options: Any) -> Text:
        """Make text printable before it is measured, so that columns keep their width."""
        return super().render_str(visible_lines(text), **options)


class _WritesOut(RenderHook):
    """Writes out what is invisible in everything that is printed, also in texts that came with a style."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Visible(each) for each in renderables]


class _Visible:
    """Anything that can be printed, without characters that a terminal obeys."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._segments(console, options)

    def _segments(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._renderable, options):
            # What rich itself says to the terminal, to move the cursor for instance, is marked as control.
            yield segment if segment.control else Segment(visible_lines(segment.text), segment.style)
