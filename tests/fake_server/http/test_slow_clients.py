"""Clients that are slow, idle, or do not read: the clock is the test's, and the sweep is called by it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fake_server.core.http_messages import Reply
from fake_server.http.http_protocol import LINGER_BYTES
from fake_server.http.open_connections import LINGER_SECONDS, SWEEP_SECONDS, Connections, Stage, Timer
from fake_server.http_limits import Limits
from tests.fuzz.talking import Talk

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
LIMITS = Limits(head_seconds=10, body_seconds=20, idle_seconds=30, unread_seconds=40)


class Later:
    """A timer of a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], object]]] = []

    def clock(self) -> float:
        return self.now

    def later(self, seconds: float, call: Callable[[], object]) -> Timer:
        entry = (self.now + seconds, call)
        self.due.append(entry)

        class Entry:
            def cancel(_) -> object:  # noqa: N805
                return self.due.remove(entry)

        return Entry()

    def move(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and min(at for at, _ in self.due) <= end:
            entry = min(self.due, key=lambda entry: entry[0])
            self.due.remove(entry)
            self.now = entry[0]
            entry[1]()
        self.now = end


@pytest.fixture
def time() -> Later:
    return Later()


@pytest.fixture
def among(time: Later) -> Connections:
    connections = Connections(LIMITS)
    connections.watch(time.clock, time.later)
    return connections


def text(talk: Talk) -> str:
    return str(json.loads(bytes(talk.transport.sent).rpartition(b"\r\n\r\n")[2])["error"])


def test_a_head_must_be_whole_in_time_however_steadily_it_comes(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    for at in range(10):
        talk.say(GET[at : at + 1])
        time.move(1)
    assert not talk.status
    talk.say(GET[10:11])
    time.move(SWEEP_SECONDS)
    assert talk.status == 408
    assert "took longer than 10 s; send it at once" in text(talk)
    assert not talk.is_open


def test_a_body_may_take_long_but_not_stand_still(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    talk.say(POST)
    for _ in range(8):
        time.move(19)
        talk.say(b"x")
    assert not talk.status
    time.move(19)
    assert not talk.status
    time.move(2)
    assert talk.status == 408
    assert "no byte of the body came for 20 s" in text(talk)
    assert not talk.requests


def test_an_idle_connection_is_closed_without_a_word(time: Later, among: Connections) -> None:
    fresh, used, busy = (Talk(among=among) for _ in range(3))
    used.say(GET)
    sent = bytes(used.transport.sent)
    for _ in range(6):
        assert fresh.is_open
        busy.say(GET)
        time.move(5)
    assert fresh.transport.closing
    assert not fresh.transport.sent
    assert used.is_open
    busy.say(GET)
    time.move(SWEEP_SECONDS)
    assert used.transport.closing
    assert used.transport.sent == sent
    assert busy.is_open
    assert list(among) == [busy.protocol]


def test_a_steady_poller_of_known_heads_is_not_idle(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    for count in range(100):
        talk.say(GET)
        assert len(talk.requests) == count + 1
        time.move(29)
    assert talk.is_open


def test_a_refused_client_has_a_moment_to_read(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    talk.say(b"nonsense\r\n")
    assert talk.transport.ended
    talk.say(b"more of it")
    time.move(LINGER_SECONDS / 2)
    assert not talk.transport.aborted
    time.move(LINGER_SECONDS + SWEEP_SECONDS)
    assert talk.transport.aborted
    assert len(among) == 0


def test_a_refused_client_that_sends_on_and_on_is_cut_off(among: Connections) -> None:
    talk = Talk(among=among)
    talk.say(b"nonsense\r\n", b"x" * LINGER_BYTES)
    assert not talk.transport.aborted
    talk.say(b"x")
    assert talk.transport.aborted


def test_a_client_that_does_not_read_is_dropped(time: Later, among: Connections) -> None:
    talk = Talk(lambda _: Reply(200, (), b"x" * 50_000), among=among)
    talk.transport.reads = False
    talk.say(GET * 10)
    assert len(talk.requests) == 2
    assert talk.transport.paused
    time.move(39)
    assert not talk.transport.aborted
    time.move(3)
    assert talk.transport.aborted


def test_a_client_that_reads_late_gets_everything(time: Later, among: Connections) -> None:
    talk = Talk(lambda _: Reply(200, (), b"x" * 50_000), among=among)
    talk.transport.reads = False
    talk.say(GET * 5 + GET[:9])
    time.move(39)
    assert talk.protocol.waits_for() is Stage.UNREAD
    talk.transport.read_all()
    assert len(talk.requests) == 5
    assert talk.protocol.waits_for() is Stage.HEAD
    assert not talk.transport.paused
    time.move(5)
    talk.say(GET[9:])
    assert len(talk.requests) == 6
    assert talk.protocol.waits_for() is Stage.IDLE


def test_a_client_that_asked_to_close_and_does_not_read_is_dropped(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    talk.transport.reads = False
    talk.say(GET.replace(b"Host", b"Connection: close\r\nHost"))
    assert talk.transport.closing
    time.move(39)
    assert len(among) == 1
    time.move(3)
    assert len(among) == 0


def test_an_idle_client_with_an_unread_reply_is_dropped(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    talk.transport.reads = False
    talk.say(GET)
    time.move(32)
    assert talk.transport.aborted


def test_one_that_must_leave_may_still_read(time: Later, among: Connections) -> None:
    talk = Talk(among=among)
    talk.transport.reads = False
    talk.say(GET)
    time.move(25)
    talk.protocol.close_unless_replying()
    time.move(39)
    assert not talk.transport.aborted
    time.move(3)
    assert talk.transport.aborted


def test_there_is_one_timer_while_connections_are_open_and_none_without(
    time: Later, among: Connections
) -> None:
    assert time.due == []
    talks = [Talk(among=among) for _ in range(300)]
    assert len(time.due) == 1
    time.move(100)
    assert not any(talk.is_open for talk in talks)
    assert len(among) == 0
    assert time.due == []
    Talk(among=among)
    among.close()
    assert (len(among), time.due) == (0, [])


def test_a_client_that_resets_as_it_is_refused_stops_no_sweep(
    time: Later, among: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise OSError(107, "not connected")

    talks = [Talk(among=among) for _ in range(3)]
    for talk in talks:
        talk.say(GET[:5])
        monkeypatch.setattr(talk.transport, "write_eof", gone)
    time.move(11)
    assert [talk.status for talk in talks] == [408, 408, 408]
    assert len(time.due) == 1


def test_the_sweep_goes_on_whatever_a_connection_does(
    time: Later, among: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Talk(among=among)
    monkeypatch.setattr(among, "sweep", lambda now: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        time.move(2)
    assert len(time.due) == 1
    assert talk.is_open
