"""Which connections were used, on a real socket; in process there are none, and that is said."""

from __future__ import annotations

import httpx
import pytest

from fake_server.core.errors import ScriptError, ScriptViolation
from fake_server.core.http_messages import Request
from fake_server.engine.journal import Journal
from fake_server.http.http_server import FakeTinkerServer
from fake_server.httpx_transport import FakeTinkerTransport
from fake_server.script import complete, drop
from fake_server.verify.used_connections import connection_difference
from fake_server.verify.verified_tinker import VerifiedTinker


@pytest.fixture
def tinker() -> VerifiedTinker:
    return VerifiedTinker()


def _submit(client: httpx.Client, name: str) -> None:
    reply = client.post("/api/v1/asample", json={"num_samples": 1, "sampling_session_id": name})
    assert reply.status_code == 200


def _on_a_connection() -> Request:
    request = Request("GET", "/x")
    request.connection = 7
    return request


def test_requests_of_one_client_share_a_connection_and_each_new_client_has_its_own(
    tinker: VerifiedTinker,
) -> None:
    for _ in range(4):
        tinker.add_script([complete()])
    with FakeTinkerServer(tinker) as server:
        with httpx.Client(base_url=server.url) as client:
            _submit(client, "first")
            _submit(client, "second")
        tinker.assert_connections(1)
        for name in ("third", "fourth"):
            with httpx.Client(base_url=server.url) as client:
                _submit(client, name)
    used = tinker.connections
    assert [(each.number, len(each.requests)) for each in used] == [(1, 2), (2, 1), (3, 1)]
    assert [request.index for request in used[0].requests] == [0, 1]
    tinker.assert_connections(3)
    with pytest.raises(ScriptViolation) as caught:
        tinker.assert_connections(1)
    text = str(caught.value)
    assert "wanted 1 connection, got 3; keep one client open" in text
    assert "connection 1: POST /api/v1/asample, POST /api/v1/asample" in text
    assert "connection 3: POST /api/v1/asample" in text


def test_interleaved_clients_are_with_builds(tinker: VerifiedTinker) -> None:
    for _ in range(4):
        tinker.add_script([complete()])
    with (
        FakeTinkerServer(tinker) as server,
        httpx.Client(base_url=server.url) as one,
        httpx.Client(base_url=server.url) as two,
    ):
        for client, name in ((one, "1"), (two, "2"), (two, "3"), (one, "4")):
            _submit(client, name)
    assert [[each.index for each in used.requests] for used in tinker.connections] == [[0, 3], [1, 2]]


def test_a_dropped_connection_is_followed_by_another(tinker: VerifiedTinker) -> None:
    tinker.add_script([drop(), complete()], name="f")
    with FakeTinkerServer(tinker) as server, httpx.Client(base_url=server.url) as client:
        _submit(client, "s")
        with pytest.raises(httpx.TransportError):
            client.post("/api/v1/retrieve_future", json={"request_id": "f"})
        client.post("/api/v1/retrieve_future", json={"request_id": "f"})
    assert [len(used.requests) for used in tinker.connections] == [2, 1]


def test_in_process_there_are_none_and_asking_for_some_says_so(tinker: VerifiedTinker) -> None:
    tinker.add_script([complete()])
    with httpx.Client(transport=FakeTinkerTransport(tinker), base_url="http://tinker.test") as client:
        _submit(client, "s")
    assert tinker.connections == ()
    for count in (0, 1):
        with pytest.raises(ScriptViolation, match="1 request came in process.*behind a FakeTinkerServer"):
            tinker.assert_connections(count)


def test_nothing_asked_is_no_connection(tinker: VerifiedTinker) -> None:
    tinker.assert_connections(0)
    with pytest.raises(ScriptViolation, match=r"(?s)wanted 1 connection, got 0; see which.*none"):
        tinker.assert_connections(1)


def test_many_requests_are_shown_in_short(tinker: VerifiedTinker) -> None:
    tinker.journal.clear()
    for _ in range(8):
        tinker.handle(_on_a_connection())
    text = connection_difference(tinker.journal.exchanges(), 2, "use a socket")
    assert text is not None
    assert text.endswith("GET /x, GET /x, GET /x, GET /x, GET /x, … and 3 more")


def test_a_journal_that_let_go_of_requests_refuses_to_mislead(tinker: VerifiedTinker) -> None:
    tinker.journal = Journal(limit=1)
    for _ in range(2):
        tinker.handle(_on_a_connection())
    with pytest.raises(ScriptError, match=r"its oldest 1 request; call reset\(\)"):
        tinker.assert_connections(1)
