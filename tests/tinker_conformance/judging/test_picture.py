"""The picture of a timeline: what stands where, and what is missing or wrong."""

from __future__ import annotations

from tinker_conformance.judging.picture import MOST_COLUMNS, Look, Picture, grouped, picture
from tinker_conformance.judging.text_picture import text_picture
from tinker_conformance.timeline import Callback, ClockStep, Event, Log, Request, Response, Timeline


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
    assert any(line.startswith("not shown: ") for line in text_picture(drawn))


def test_marks_that_look_alike_are_one_with_their_number() -> None:
    drawn = _drawn((*_pause(0.0), *_pause(0.0), *_pause(1.0)), ())
    assert [(mark.label, count) for mark, count in grouped(drawn.lanes[0])] == [
        ("408 paused_capacity", 2),
        ("408 paused_capacity", 1),
    ]


def test_the_marks_of_futures_that_alternate_are_one_for_each_label() -> None:
    def replies(future: int) -> tuple[Event, Event]:
        pause = {"queue_state": "paused_capacity"}
        return (
            Response(at=0.0, client="c", future=future, status=408, body=pause),
            Response(at=0.0, client="c", future=future, status=200, body={"type": "try_again", **pause}),
        )

    (one, one_again), (other, other_again) = replies(1), replies(2)

    def marks(*events: Event) -> list[tuple[str, int]]:
        return [(mark.label, count) for mark, count in grouped(_drawn(events, ()).lanes[0])]

    each = [("408 paused_capacity", 1), ("try_again paused_capacity", 1)]
    assert marks(one, one_again, other, other_again) == each * 2
    assert marks(one, other, other_again, one_again) == [(label, 2) for label, _ in each]


def test_replies_and_states_are_named_as_the_protocol_names_them() -> None:
    limited = {"type": "try_again", "queue_state": "paused_rate_limit"}
    drawn = _drawn(
        (
            *_pause(0.0),
            Response(at=0.0, client="c", future=1, status=200, body=limited),
            Response(at=0.0, client="c", future=1, status=503, body=limited),
            Response(at=0.0, client="c", future=1, status=200),
        ),
        (),
    )
    assert [mark.label for mark in drawn.lanes[0].marks] == [
        "408 paused_capacity",
        "try_again paused_rate_limit",
        "503 try_again paused_rate_limit",
        "200 result",
    ]
    assert {mark.label for mark in drawn.lanes[1].marks} == {"paused_capacity"}


def test_a_poll_has_the_number_that_mismatches_give_it() -> None:
    path = "/api/v1/retrieve_future"
    polls = tuple(
        Request(at=0.0, client="c", future=1, method="POST", path=path, iteration=sent)
        for sent in ("0", "7", "x")
    )
    (lane,) = (lane for lane in _drawn((), polls).lanes if lane.name == "requests, actual")
    assert [mark.label for mark in lane.marks] == ["poll 1", "poll 8", "poll x"]


def _columns(drawn: Picture) -> list[str]:
    axis, *_ = text_picture(drawn)
    return axis.removeprefix("virtual time").split(" s")[:-1]


def test_a_wide_picture_shows_the_columns_around_the_first_mistake_whole() -> None:
    long = tuple(event for second in range(12) for event in _pause(float(second)))
    drawn = _drawn((_line(0.0), *long), (_line(0.0), *long, _line(9.0)))
    lines = list(text_picture(drawn))
    assert [each.strip() for each in _columns(drawn)] == ["6", "7", "8", "9"]
    assert lines[-1] == "not shown: 9 more points in time"
    (window,) = (line for line in lines if line.startswith("60 s window"))
    assert "├" not in window
    assert max(map(len, lines)) <= 120
    assert not any("…" in line for line in lines)


def test_a_window_that_ends_before_the_columns_shown_is_left_out() -> None:
    minutes = tuple(event for second in range(0, 600, 60) for event in _pause(float(second)))
    drawn = _drawn((_line(0.0), *minutes), (_line(0.0), *minutes, _line(540.0)))
    assert not any(line.startswith("60 s window") for line in text_picture(drawn))


def test_windows_of_several_clients_are_named() -> None:
    both = (_line(0.0, "a"), _line(0.0, "b"))
    names = [line.split("├")[0].strip() for line in text_picture(_drawn(both, both)) if "├" in line]
    assert names == ["60 s window, a", "60 s window, b"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert list(text_picture(_drawn((), ()))) == []


def test_text_of_an_sdk_cannot_move_the_cursor() -> None:
    hostile = Callback(at=0.0, client="c", future=1, state="\x1b[2Jup")
    assert not any("\x1b" in line for line in text_picture(_drawn((), (hostile,))))
