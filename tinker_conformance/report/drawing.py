"""The layout of the SVG picture of a timeline: time from left to right, a lane for each kind of event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tinker_conformance.judging.picture import Lane, Look, Mark, Picture, Window, grouped

_MARGIN: Final = 12
_CHARACTER: Final = 7.0
"""The width that is reserved for one character of a 12 px label, pixels."""
_LEAST_COLUMN: Final = 64
_AXIS: Final = 34
_BAR: Final = 20
_NAME: Final = 17
_ROW: Final = 20
_MOST_LABEL: Final = 36
_SIGNS: Final = {Look.FINE: "", Look.MISSING: "missing ", Look.WRONG: "✗ "}


@dataclass(frozen=True, slots=True)
class Placed:
    """A text in the picture: a label, or the mark of an event. All distances in pixels.

    Attributes:
        x: The distance of the text from the left.
        y: The distance of the text's baseline from the top.
        text: The text.
        width: The width reserved for the text.
        look: How a mark is highlighted.
        full: For a mark, the full text about the event.
    """

    x: float
    y: float
    text: str
    width: float = 0.0
    look: Look = Look.FINE
    full: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a window: the time after a pause line in which no other pause line is due. In pixels.

    Attributes:
        x: The left edge.
        y: The top.
        width: The width, up to the end of the window or of the picture.
        text: The label of the bar.
        open: Whether the timeline ends before the window does.
    """

    x: float
    y: float
    width: float
    text: str
    open: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture with all positions computed, in pixels.

    Attributes:
        width: The width of the picture.
        height: The height of the picture.
        top: The top of the first lane.
        ticks: The times on the axis.
        bars: The bars of the windows.
        names: The names of the lanes.
        marks: The marks of the events.
    """

    width: float
    height: float
    top: float
    ticks: tuple[Placed, ...]
    bars: tuple[Bar, ...]
    names: tuple[Placed, ...]
    marks: tuple[Placed, ...]


def draw(drawn: Picture) -> Drawing:
    """Return the layout of a picture."""
    heads = [f"{at:.3f} s" for at in drawn.times]
    widths = list(_widths(drawn, heads))
    starts = [_MARGIN + sum(widths[:column]) for column in range(len(widths) + 1)]
    right = starts[-1]
    top = _AXIS + _BAR * len(drawn.windows)
    names: list[Placed] = []
    marks: list[Placed] = []
    y: float = top
    for lane in drawn.lanes:
        names.append(Placed(_MARGIN, y + _NAME - 4, lane.name))
        placed, rows = _marks(lane, starts, y + _NAME)
        marks += placed
        y += _NAME + _ROW * rows + 4
    return Drawing(
        width=right + _MARGIN,
        height=y + 4,
        top=top,
        ticks=tuple(Placed(x, 22, head) for x, head in zip(starts, heads, strict=False)),
        bars=tuple(
            _bar(window, number, starts, drawn.interval, several=_several(drawn))
            for number, window in enumerate(drawn.windows)
        ),
        names=tuple(names),
        marks=tuple(marks),
    )


def _widths(drawn: Picture, heads: Sequence[str]) -> Iterator[float]:
    for column, head in enumerate(heads):
        labels = [_label(m, n) for lane in drawn.lanes for m, n in grouped(lane) if m.column == column]
        longest = max(len(text) for text in (head, *labels))
        yield max(_LEAST_COLUMN, longest * _CHARACTER + 26)


def _marks(lane: Lane, starts: Sequence[float], top: float) -> tuple[list[Placed], int]:
    rows: dict[int, int] = {}
    placed: list[Placed] = []
    for mark, count in grouped(lane):
        row = rows.get(mark.column, 0)
        rows[mark.column] = row + 1
        text = _label(mark, count)
        placed.append(
            Placed(
                starts[mark.column], top + _ROW * row + 14, text, len(text) * _CHARACTER, mark.look, mark.text
            )
        )
    return placed, max(rows.values(), default=1)


def _label(mark: Mark, count: int) -> str:
    text = f"{_SIGNS[mark.look]}{mark.label}"
    cut = text if len(text) <= _MOST_LABEL else f"{text[: _MOST_LABEL - 1]}…"
    return f"{cut} x{count}" if count > 1 else cut


def _bar(window: Window, number: int, starts: Sequence[float], interval: float, *, several: bool) -> Bar:
    begin = starts[window.first or 0]
    end = starts[-1] if window.last is None else starts[window.last]
    text = f"{interval:g} s window" + (f", {window.client}" if several else "")
    room = int((end - begin) // _CHARACTER)
    return Bar(begin, _AXIS + _BAR * number, end - begin, text[:room], window.last is None)


def _several(drawn: Picture) -> bool:
    return len({window.client for window in drawn.windows}) > 1
