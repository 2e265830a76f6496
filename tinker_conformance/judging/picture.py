"""The layout of a timeline's picture: time from left to right, and a lane (row) for each kind of event.

Each point in time at which something happens has its own column. So 59.999 s and 60 s stand apart, and two
hours without events take no room. `tinker_conformance.report` draws the picture as SVG, `text_picture` as
text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Final

from tinker_conformance.judging.reply_text import body_text
from tinker_conformance.timeline import Callback, ClockStep, Event, Log, Outcome, Request, Response, Timeline

MOST_COLUMNS: Final = 24
_PLACES: Final = 6


class Look(StrEnum):
    """How a mark is highlighted."""

    FINE = "fine"
    MISSING = "missing"
    """The event was expected, but did not happen."""
    WRONG = "wrong"
    """The event happened, but was not expected."""


class LaneKind(StrEnum):
    """The kind of events in a pair of lanes, one with expected and one with actual events."""

    REQUESTS = "requests"
    CALLS = "observer"
    LINES = "log line"
    ENDS = "end"


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What is wrong according to one requirement.

    Attributes:
        lanes: The lanes that the requirement compares.
        wrong: Indices of the SDK's events that a mismatch names.
        missing: Indices of the reference's events that a mismatch names.
    """

    lanes: frozenset[LaneKind]
    wrong: frozenset[int]
    missing: frozenset[int]


@dataclass(frozen=True, slots=True)
class Mark:
    """One event in a lane.

    Attributes:
        column: The column of the event, from 0.
        label: A word or two about the event, for the picture.
        text: The full text about the event.
        look: How the mark is highlighted.
        future: The client and the future to which the event belongs.
    """

    column: int
    label: str
    text: str
    look: Look = Look.FINE
    future: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """The events of one kind, expected or actual.

    Attributes:
        name: The label of the lane.
        marks: The events, in order of time.
    """

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """The time after a pause line in which no other pause line of the same client is due.

    Attributes:
        first: The column at which the window begins; None if it begins before the first column.
        last: The column at which the window ends; None if it ends after the last column.
        client: The client that logged the pause line.
    """

    first: int | None
    last: int | None
    client: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of two timelines, before it is drawn as SVG or text.

    Attributes:
        times: The points in time, seconds; one column each.
        lanes: The lanes, from top to bottom.
        windows: The windows after the expected pause lines.
        interval: The length of a window, seconds.
        clocks_apart: Whether the wall clock moved differently from the axis, which is the monotonic clock.
        left_out: How many further points in time are not shown.
        real_time: Whether the seconds are real, as for a server, and not virtual, as for an SDK.
    """

    times: tuple[float, ...]
    lanes: tuple[Lane, ...]
    windows: tuple[Window, ...]
    interval: float
    clocks_apart: bool
    left_out: int
    real_time: bool = False

    @property
    def axis(self) -> str:
        """Return what the axis shows, in words."""
        return "real time" if self.real_time else "virtual time"


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    label: str
    text: str
    client: str
    place: int
    future: tuple[str, int] | None


_Choice = Callable[[int, Event], _Seen | None]


def picture(
    expected: Timeline,
    observed: Timeline,
    expected_lines: Collection[int],
    observed_lines: Collection[int],
    *,
    interval: float,
    mistakes: Mistakes | None = None,
    real_time: bool = False,
    sees_calls: bool = True,
) -> Picture:
    """Lay out the picture of two timelines.

    Args:
        expected: The reference's events.
        observed: The SDK's events.
        expected_lines: Indices of the pause lines among the reference's events.
        observed_lines: Indices of the pause lines among the SDK's events.
        interval: The shortest time between two pause lines of one client, seconds.
        mistakes: What is wrong according to a requirement; only that is marked, and log lines among it are
            shown too. None marks every difference.
        real_time: Whether the seconds are real, not virtual.
        sees_calls: Whether the adapter reports calls of the observer. If not, there are no rows of them.
    """
    marked = () if mistakes is None else mistakes.wrong
    lacked = () if mistakes is None else mistakes.missing
    rows: list[tuple[str, list[tuple[_Seen, Look]]]] = []
    replies = _chosen(observed, _reply)
    # An SDK that asks for nothing gets no reply: show what the server had for it.
    name = "server replies" if replies else "replies not sent"
    rows.append((name, [(seen, Look.FINE) for seen in replies or _chosen(expected, _reply)]))
    pairs: tuple[tuple[LaneKind, _Choice, _Choice, bool], ...] = (
        (LaneKind.REQUESTS, _request, _request, False),
        (LaneKind.CALLS, _callback, _callback, True),
        (LaneKind.LINES, _line_of(expected_lines, lacked), _line_of(observed_lines, marked), True),
        (LaneKind.ENDS, _outcome, _outcome, False),
    )
    for kind, of_expected, of_observed, always in pairs:
        if kind is LaneKind.CALLS and not sees_calls:
            continue
        wanted, got = _chosen(expected, of_expected), _chosen(observed, of_observed)
        compared = mistakes is None or kind in mistakes.lanes
        differs = compared and [(s.at, s.text) for s in wanted] != [(s.at, s.text) for s in got]
        named = any(seen.place in lacked for seen in wanted) or any(seen.place in marked for seen in got)
        if differs or (always and wanted) or named:
            if mistakes is None:
                missing = list(_with_looks(wanted, got, Look.MISSING))
                wrong = list(_with_looks(got, wanted, Look.WRONG))
            else:
                missing = [(seen, Look.MISSING if seen.place in lacked else Look.FINE) for seen in wanted]
                wrong = [(seen, Look.WRONG if seen.place in marked else Look.FINE) for seen in got]
            rows.append((f"{kind}, expected", missing))
            rows.append((f"{kind}, actual", wrong))
    lines = _chosen(expected, _line_of(expected_lines, ()))
    drawn = _laid_out(rows, lines, interval, expected, observed)
    return replace(drawn, real_time=real_time)


def lane_of(event: Event | None) -> LaneKind | None:
    """Return the kind of lane in which an event is drawn; None if no lane shows such an event."""
    match event:
        case Callback():
            return LaneKind.CALLS
        case Log():
            return LaneKind.LINES
        case Request():
            return LaneKind.REQUESTS
        case Outcome():
            return LaneKind.ENDS
        case _:
            return None


def grouped(lane: Lane) -> list[tuple[Mark, int]]:
    """Return the marks of a lane with equal ones merged, each with the number of marks that it replaces.

    Equal marks in a row are merged. If events of several futures alternate at one instant, as on threads,
    their order says nothing, and all equal marks of that instant are merged.
    """
    groups: list[tuple[Mark, int]] = []
    for _, each in groupby(lane.marks, key=lambda mark: mark.column):
        marks = tuple(each)
        if _alternate(marks):
            first = {_alike(mark): mark for mark in reversed(marks)}
            counts = Counter(map(_alike, marks))
            groups += [(first[alike], count) for alike, count in counts.items()]
        else:
            rows = [tuple(row) for _, row in groupby(marks, key=_alike)]
            groups += [(row[0], len(row)) for row in rows]
    return groups


def _alike(mark: Mark) -> tuple[str, Look]:
    return mark.label, mark.look


def _alternate(marks: Sequence[Mark]) -> bool:
    """Return whether a mark of one future is between marks of another."""
    turns = [future for future, _ in groupby(mark.future for mark in marks)]
    return len(turns) > len(set(turns))


def narrowed(drawn: Picture, widths: Sequence[int], room: int) -> Picture:
    """Return the picture reduced to the columns around the first mistake that fit, at least one.

    Args:
        drawn: The picture.
        widths: The width of each column.
        room: The greatest width of all columns together, in the same unit.
    """
    if sum(widths) <= room:
        return drawn
    wrong = (mark.column for lane in drawn.lanes for mark in lane.marks if mark.look is not Look.FINE)
    first = min(wrong, default=0)
    end = first + 1
    while True:
        # What came before explains a mistake, so the left side grows first.
        if first > 0 and sum(widths[first - 1 : end]) <= room:
            first -= 1
        elif end < len(widths) and sum(widths[first : end + 1]) <= room:
            end += 1
        else:
            break
    return replace(
        drawn,
        times=drawn.times[first:end],
        lanes=tuple(
            replace(
                lane,
                marks=tuple(
                    replace(mark, column=mark.column - first)
                    for mark in lane.marks
                    if first <= mark.column < end
                ),
            )
            for lane in drawn.lanes
        ),
        windows=tuple(
            clipped for window in drawn.windows if (clipped := _clipped(window, first, end)) is not None
        ),
        left_out=drawn.left_out + len(widths) - (end - first),
    )


def _clipped(window: Window, first: int, end: int) -> Window | None:
    """Return the part of a window within the columns `first` to `end`, renumbered from 0, or None."""
    begins = -1 if window.first is None else window.first - first
    ends = None if window.last is None else window.last - first
    if begins >= end - first or (ends is not None and ends <= 0):
        return None
    return replace(
        window,
        first=None if begins < 0 else begins,
        last=None if ends is None or ends >= end - first else ends,
    )


def _laid_out(
    rows: Sequence[tuple[str, list[tuple[_Seen, Look]]]],
    lines: Sequence[_Seen],
    interval: float,
    expected: Timeline,
    observed: Timeline,
) -> Picture:
    moments = {seen.at for _, marks in rows for seen, _ in marks}
    last = max(moments, default=0.0)
    ends = {_round(line.at + interval) for line in lines}
    beyond = min((end for end in ends if end > last), default=last)
    every = sorted(moments | {end for end in ends if end <= beyond})
    times = _kept(every, {seen.at for _, marks in rows for seen, look in marks if look is not Look.FINE})
    place = {at: column for column, at in enumerate(times)}
    return Picture(
        times=tuple(times),
        lanes=tuple(
            Lane(
                name,
                tuple(
                    Mark(place[s.at], s.label, s.text, look, s.future) for s, look in marks if s.at in place
                ),
            )
            for name, marks in rows
        ),
        windows=tuple(
            Window(place[line.at], place.get(_round(line.at + interval)), line.client)
            for line in lines
            if line.at in place
        ),
        interval=interval,
        clocks_apart=any(
            isinstance(event, ClockStep) and abs(event.wall - event.monotonic) > 1e-6
            for event in (*expected, *observed)
        ),
        left_out=len(every) - len(times),
    )


def _kept(times: Sequence[float], wrong: Collection[float]) -> Sequence[float]:
    """Return the times to draw: all, or if there are too many, those around the first mistake."""
    if len(times) <= MOST_COLUMNS:
        return times
    first = next((place for place, at in enumerate(times) if at in wrong), 0)
    begin = max(0, min(first - MOST_COLUMNS // 2, len(times) - MOST_COLUMNS))
    return times[begin : begin + MOST_COLUMNS]


def _with_looks(side: Iterable[_Seen], other: Iterable[_Seen], look: Look) -> Iterator[tuple[_Seen, Look]]:
    """Yield each event with its look: highlighted unless the other side has an equal event at that time."""
    left = Counter((seen.at, seen.client, seen.text) for seen in other)
    for seen in side:
        key = (seen.at, seen.client, seen.text)
        fine = left[key] > 0
        left[key] -= fine
        yield seen, Look.FINE if fine else look


def _chosen(timeline: Timeline, choice: _Choice) -> list[_Seen]:
    found = (choice(place, event) for place, event in enumerate(timeline))
    return [seen for seen in found if seen is not None]


def _round(at: float) -> float:
    return round(at, _PLACES)


def _seen(place: int, event: Event, label: str, text: str) -> _Seen:
    future = None if event.future is None else (event.client or "", event.future)
    return _Seen(_round(event.at), label, text, event.client or "", place, future)


def _reply(place: int, event: Event) -> _Seen | None:
    match event:
        case Response(fault=str() as fault):
            return _seen(place, event, fault, f"no reply: {fault}")
        case Response(status=status, body=dict() as body):
            state = str(body.get("queue_state", ""))
            kind = str(body.get("type", ""))
            # A try_again comes with HTTP 200, unless a scenario says otherwise.
            code = "" if (status, kind) == (200, "try_again") else str(status)
            words = " ".join(word for word in (code, _short(kind), _short(state)) if word)
            return _seen(place, event, words, f"HTTP {status} {body_text(event)}")
        case Response(status=status):
            what = body_text(event)
            return _seen(place, event, f"{status} {_short(what)}", f"HTTP {status} {what}")
        case _:
            return None


def _request(place: int, event: Event) -> _Seen | None:
    match event:
        case Request(iteration=None) if event.is_poll:
            return _seen(place, event, "poll", "poll without an iteration")
        case Request(iteration=str(iteration)) if event.is_poll:
            name = f"poll {_number(iteration)}"
            return _seen(place, event, name, f"{name} of {event.request_type}")
        case Request():
            return _seen(place, event, "submits", f"{event.method} {event.path}")
        case _:
            return None


def _number(iteration: str) -> str:
    """Return the number of a poll, from 1 as in mismatches; the header counts from 0."""
    plain = iteration.isascii() and iteration.isdigit() and len(iteration) <= _MOST_DIGITS
    return str(int(iteration) + 1) if plain else iteration


def _callback(place: int, event: Event) -> _Seen | None:
    match event:
        case Callback():
            reason = "" if event.reason is None else f", reason {event.reason!r}"
            return _seen(place, event, _short(event.state), f"{event.state}{reason}")
        case _:
            return None


def _line_of(lines: Collection[int], also: Collection[int]) -> _Choice:
    def choice(place: int, event: Event) -> _Seen | None:
        match event:
            case Log() if place in lines or place in also:
                return _seen(place, event, event.level.upper(), event.message)
            case _:
                return None

    return choice


def _outcome(place: int, event: Event) -> _Seen | None:
    match event:
        case Outcome():
            return _seen(place, event, event.kind.value, event.kind.value)
        case _:
            return None


_MOST_DIGITS: Final = 9
_MOST_CHARACTERS: Final = 17
"""The longest label, characters: as long as the longest queue state."""


def _short(word: str) -> str:
    return word if len(word) <= _MOST_CHARACTERS else f"{word[: _MOST_CHARACTERS - 1]}…"
