"""The picture of a timeline: what stands where, and what is missing or wrong."""

from __future__ import annotations

from tinker_conformance.judging.picture import MOST_COLUMNS, Look, Picture, grouped, picture
from tinker_conformance.judging.text_picture import text_picture
from tinker_conformance.timeline import Callback, ClockStep, Event, Log, Response, Timeline


def _pause(at: float, client: str = "c") -> tuple[Event, ...]:
    return (
        Response(at=at, client=client, future=1, status=408, body={"queue_state": "paused_capacity"}),
        Callback(at=at, client=client, future=1, state="paused_capacity"),
    )


def _line(at: float, client: str = "c", message: str = "paused") -> Log:
    return Log(at=at, client=client, future=1, level="warning", logger="l", message=message)


def _drawn(expected: Timeline, observed: Timeline) -> Picture:
    def lines(timeline: Timeline) -> list[int]:
        return [place for place, event in enumerate(timeline) if isinstance(event, Log)]

    return picture(expected, observed, lines(expected), lines(observed), interval=60.0)


EXPECTED = (*_pause(0.0), _line(0.0), *_pause(59.999), *_pause(60.0), _line(60.0))
EARLY = (*_pause(0.0), _line(0.0), *_pause(59.999), _line(59.999), *_pause(60.0))


def _looks(drawn: Picture, lane: str) -> list[tuple[float, Look]]:
    (found,) = (each for each in drawn.lanes if each.name == lane)
    return [(drawn.times[mark.column], mark.look) for mark in found.marks]


def test_a_line_that_comes_early_is_wrong_and_the_one_that_was_due_is_missing() -> None:
    drawn = _drawn(EXPECTED, EARLY)
    assert _looks(drawn, "log line, expected") == [(0.0, Look.FINE), (60.0, Look.MISSING)]
    assert _looks(drawn, "log line, actual") == [(0.0, Look.FINE), (59.999, Look.WRONG)]
    assert _looks(drawn, "observer, actual") == [(0.0, Look.FINE), (59.999, Look.FINE), (60.0, Look.FINE)]


def test_the_window_reaches_from_the_expected_line_to_a_minute_later() -> None:
    drawn = _drawn(EXPECTED, EARLY)
    assert [(drawn.times[w.first], drawn.times[w.last]) for w in drawn.windows if w.last is not None] == [
        (0.0, 60.0),
        (60.0, 120.0),
    ]


def test_a_silent_sdk_lacks_every_line() -> None:
    drawn = _drawn(EXPECTED, tuple(e for e in EXPECTED if not isinstance(e, Log)))
    assert _looks(drawn, "log line, expected") == [(0.0, Look.MISSING), (60.0, Look.MISSING)]
    assert _looks(drawn, "log line, actual") == []


def test_another_text_at_the_same_instant_is_both() -> None:
    drawn = _drawn((_line(0.0),), (_line(0.0, message="other"),))
    assert _looks(drawn, "log line, expected") == [(0.0, Look.MISSING)]
    assert _looks(drawn, "log line, actual") == [(0.0, Look.WRONG)]


def test_clocks_that_moved_apart_are_noted() -> None:
    step = ClockStep(at=1.0, client="c", future=1, wall=-5.0, monotonic=1.0)
    assert _drawn((step, *EXPECTED), EXPECTED).clocks_apart
    assert not _drawn(EXPECTED, EXPECTED).clocks_apart
    assert any("wall clock" in line for line in text_picture(_drawn((step, *EXPECTED), EXPECTED)))


def test_a_long_timeline_is_cut_around_the_first_thing_that_is_wrong() -> None:
    long = tuple(event for second in range(200) for event in _pause(float(second)))
    drawn = _drawn(long, (*long, _line(150.0)))
    assert len(drawn.times) == MOST_COLUMNS
    assert 150.0 in drawn.times
    assert drawn.left_out == 200 - MOST_COLUMNS
    assert f"{drawn.left_out} more points in time are not shown" in list(text_picture(drawn))


def test_marks_that_look_alike_are_one_with_their_number() -> None:
    drawn = _drawn((*_pause(0.0), *_pause(0.0), *_pause(1.0)), ())
    assert [(mark.label, count) for mark, count in grouped(drawn.lanes[0])] == [
        ("408 capacity", 2),
        ("408 capacity", 1),
    ]


def test_windows_of_several_clients_are_named() -> None:
    both = (_line(0.0, "a"), _line(0.0, "b"))
    names = [line.split("├")[0].strip() for line in text_picture(_drawn(both, both)) if "├" in line]
    assert names == ["60 s window, a", "60 s window, b"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert list(text_picture(_drawn((), ()))) == []


def test_text_of_an_sdk_cannot_move_the_cursor() -> None:
    hostile = Callback(at=0.0, client="c", future=1, state="\x1b[2Jup")
    assert not any("\x1b" in line for line in text_picture(_drawn((), (hostile,))))
