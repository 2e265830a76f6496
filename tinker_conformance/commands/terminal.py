"""The console that all commands print to.

Much of the output comes from an SDK, an adapter, a server or a file. This console interprets nothing in a
text: no markup such as `[bold]`, and no emoji names such as `:train:`. Control characters are printed
as escapes. Styles are passed separately, never inside a text (`rich.text.Text`).
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
"""The width below which tables are unreadable; some programs set `COLUMNS=0` for "unknown"."""
_MOST_COLUMNS: Final = 10_000


class Terminal(Console):
    """The standard output, or the standard error, of a command."""

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        """Create a console without printing anything.

        Args:
            stderr: Whether to print to standard error.
            soft_wrap: Whether to let the terminal break long lines.
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
        self.push_render_hook(_EscapesInvisible())

    def render_str(self, text: str, **options: Any) -> Text:
        """Escape invisible characters before text is measured, so that columns keep their width."""
        return super().render_str(visible_lines(text), **options)


class _EscapesInvisible(RenderHook):
    """A render hook of rich that escapes invisible characters in everything printed, styled text too."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Visible(each) for each in renderables]


class _Visible:
    """A rich renderable, printed without characters that control the terminal."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._segments(console, options)

    def _segments(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._renderable, options):
            # rich marks its own control sequences, such as cursor movements, as control.
            yield segment if segment.control else Segment(visible_lines(segment.text), segment.style)
