"""The picture of a timeline as lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fake_server.core.number_words import counted
from fake_server.core.visible_text import visible
from tinker_conformance.judging.picture import Lane, Look, Mark, Picture, Window, grouped, narrowed

_NAME_WIDTH: Final = 20
_GAP: Final = 2
_MOST_WIDTH: Final = 120


def text_picture(drawing: Picture) -> Iterator[str]:
    """Yield the lines of the picture: axis, windows, lanes; each cut to 120 characters."""
    if not drawing.times:
        return
    drawing = narrowed(drawing, _widths(drawing), _MOST_WIDTH - _NAME_WIDTH + _GAP)
    stacks = [_stacks(lane, len(drawing.times)) for lane in drawing.lanes]
    heads = _heads(drawing)
    widths = _widths(drawing)
    starts = [sum(widths[:column]) for column in range(len(widths) + 1)]
    yield _row(drawing.axis, "".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)))
    for window in drawing.windows:
        name = f"{drawing.interval:g} s window" + (f", {window.client}" if _several(drawing) else "")
        yield _row(name, _bar(window, starts))
    for lane, stack in zip(drawing.lanes, stacks, strict=True):
        height = max(1, *(len(labels) for labels in stack))
        for level in range(height):
            cells = (
                (labels[level] if level < len(labels) else "").ljust(width)
                for labels, width in zip(stack, widths, strict=True)
            )
            yield _row(lane.name if level == 0 else "", "".join(cells))
    if drawing.clocks_apart:
        yield "this axis is the monotonic clock; the wall clock moved differently"
    if drawing.left_out:
        yield f"not shown: {counted(drawing.left_out, 'more point', 'more points')} in time"


def _heads(drawing: Picture) -> list[str]:
    return [f"{at:g} s" if at == round(at) else f"{at:.3f} s" for at in drawing.times]


def _widths(drawing: Picture) -> list[int]:
    stacks = [_stacks(lane, len(drawing.times)) for lane in drawing.lanes]
    return [
        max(len(head), *(len(label) for stack in stacks for label in stack[column]), 1) + _GAP
        for column, head in enumerate(_heads(drawing))
    ]


def _stacks(lane: Lane, columns: int) -> Sequence[list[str]]:
    stacks: list[list[str]] = [[] for _ in range(columns)]
    for mark, count in grouped(lane):
        stacks[mark.column].append(f"{_label(mark)} x{count}" if count > 1 else _label(mark))
    return stacks


def _label(mark: Mark) -> str:
    match mark.look:
        case Look.MISSING:
            return "✗ missing"
        case Look.WRONG:
            return visible(f"✗ {mark.label}")
        case Look.FINE:
            return visible(mark.label)


def _several(drawing: Picture) -> bool:
    return len({window.client for window in drawing.windows}) > 1


def _bar(window: Window, starts: Sequence[int]) -> str:
    begin, edge = (0, "─") if window.first is None else (starts[window.first], "├")
    if window.last is None:
        return f"{' ' * begin}{edge}{'─' * (starts[-1] - _GAP - begin - 1)}"
    end = starts[window.last]
    return f"{' ' * begin}{edge}{'─' * (end - begin - 1)}┤" if end > begin else f"{' ' * begin}┤"


def _row(name: str, text: str) -> str:
    line = f"{visible(name)[:_NAME_WIDTH]:<{_NAME_WIDTH}}{text}".rstrip()
    return line if len(line) <= _MOST_WIDTH else f"{line[: _MOST_WIDTH - 1]}…"
