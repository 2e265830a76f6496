"""The same engine behind respx, as an httpx transport and on a socket: the same replies."""

import asyncio
import contextlib
import gzip
import json
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import httpx
import pytest
import respx

from fake_server import FakeTinker, FakeTinkerServer, FakeTinkerTransport, ProblemKind, ScriptBuilder, mounted
from fake_server.in_process.respx_router import UnexpectedHostError
from fake_server.script import complete, drop, script, status, timeout, try_again
from tests.fake_server.asking import TRANSPORTS, Transport

POLL = "/api/v1/retrieve_future"
Exchange = tuple[int, list[tuple[str, str]], bytes]


def everything() -> ScriptBuilder:
    return (
        script()
        .then(timeout(queue_state="paused_capacity"), try_again(queue_state="active"))
        .then(status(503, {"a": [1, None]}), status(408, raw="not json"), status(500), status(204))
        .then(status(200, raw=b"\xff\x00", content_type="application/octet-stream", headers={"X-A": "b"}))
        .then(status(299, None), complete())
    )


def seen(client: httpx.Client) -> list[Exchange]:
    requests = [
        client.build_request("POST", "/api/v1/create_session", json={"tags": []}),
        client.build_request("GET", "/api/v1/get_server_capabilities?x=1"),
        client.build_request("POST", "/api/v1/asample", json={"prompt": {}}),
        *[client.build_request("POST", POLL, json={"request_id": "f"}) for _ in range(11)],
        client.build_request("POST", POLL, content=b"{"),
        client.build_request("POST", "/nothing", content=iter([b"a" * 70_000, b"b"])),
        client.build_request("HEAD", "/api/v1/healthz"),
        client.build_request("PUT", "/p%20q%2Fr?s=%20"),
    ]
    replies = [client.send(request) for request in requests]
    return [(reply.status_code, sorted(reply.headers.multi_items()), reply.content) for reply in replies]


def test_all_transports_give_equal_replies_and_equal_journals() -> None:
    found = {}
    for name, transport in TRANSPORTS.items():
        engine = FakeTinker()
        engine.add_script(everything(), name="f")
        with transport(engine) as client:
            replies = seen(client)
        journal = [
            (exchange.method, exchange.path, exchange.query, exchange.body, exchange.status, exchange.future)
            for exchange in engine.journal.exchanges()
        ]
        found[name] = (replies, journal, engine.problems)
    assert found["respx"] == found["transport"] == found["socket"]
    assert [status for status, _, _ in found["socket"][0]][3:12] == [
        408,
        200,
        503,
        408,
        500,
        204,
        200,
        299,
        200,
    ]


def test_transport_faults_reach_the_client(transport: Transport) -> None:
    engine = FakeTinker()
    engine.add_script(script().then(drop("reset"), drop("close"), complete()), name="f")
    with transport(engine) as client:
        client.post("/api/v1/asample", json={})
        with pytest.raises(httpx.ReadError):
            client.post(POLL, json={"request_id": "f"})
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(POLL, json={"request_id": "f"})
        assert client.post(POLL, json={"request_id": "f"}).status_code == 200
    assert [exchange.fault for exchange in engine.journal.exchanges()] == [None, "reset", "close", None]


def test_headers_of_polls_reach_the_journal(transport: Transport) -> None:
    engine = FakeTinker()
    with transport(engine) as client:
        client.post(POLL, json={"request_id": "f"}, headers={"X-Tinker-Request-Iteration": "7"})
    (exchange,) = engine.journal.exchanges()
    assert {name.lower(): value for name, value in exchange.headers}[b"x-tinker-request-iteration"] == b"7"


@pytest.mark.parametrize("kind", ["respx", "transport", "socket"])
def test_asynchronous_clients_are_answered(kind: str) -> None:
    engine = FakeTinker()
    engine.add_script([timeout(number) for number in range(500)], name="f")

    async def poll(client: httpx.AsyncClient) -> list[bytes]:
        await client.post("/api/v1/asample", json={})
        polls = (client.post(POLL, json={"request_id": "f"}) for _ in range(500))
        return [reply.content for reply in await asyncio.gather(*polls)]

    async def over(url: str, transport: httpx.AsyncBaseTransport | None = None) -> list[bytes]:
        async with httpx.AsyncClient(base_url=url, transport=transport, trust_env=False) as client:
            return await poll(client)

    if kind == "respx":
        with mounted(engine):
            bodies = asyncio.run(over("http://tinker.test"))
    elif kind == "transport":
        bodies = asyncio.run(over("http://any.test", FakeTinkerTransport(engine)))
    else:
        with FakeTinkerServer(engine) as server:
            bodies = asyncio.run(over(server.url))
    assert Counter(bodies) == Counter(str(number).encode() for number in range(500))


def test_threads_poll_one_future_and_lose_nothing(transport: Transport) -> None:
    engine = FakeTinker()
    engine.add_script([timeout(number) for number in range(100)], name="f")
    barrier = threading.Barrier(10)

    def polls(client: httpx.Client) -> list[bytes]:
        barrier.wait(timeout=10)
        return [client.post(POLL, json={"request_id": "f"}).content for _ in range(10)]

    with transport(engine) as client, ThreadPoolExecutor(10) as pool:
        client.post("/api/v1/asample", json={})
        bodies = [body for found in pool.map(polls, [client] * 10) for body in found]
    assert Counter(bodies) == Counter(str(number).encode() for number in range(100))


def test_respx_router_keeps_its_own_record() -> None:
    engine = FakeTinker()
    with mounted(engine) as router:
        httpx.get("http://tinker.test/api/v1/healthz")
        assert router.calls.call_count == 1
        assert router.calls.last.response.json() == {"status": "ok"}


def test_respx_refuses_other_hosts_by_name() -> None:
    engine = FakeTinker()
    with (
        mounted(engine, "http://tinker.test:81"),
        pytest.raises(UnexpectedHostError, match=r"went to tinker\.test, "),
    ):
        httpx.get("http://tinker.test/api/v1/healthz")
    assert [problem.kind for problem in engine.problems] == [ProblemKind.UNEXPECTED_HOST]
    assert "give the client base_url='http://tinker.test:81'" in engine.problems[0].message


def test_respx_leaves_other_hosts_to_other_routers() -> None:
    one, two = FakeTinker(), FakeTinker()
    with (
        mounted(one, "http://one.test"),
        mounted(two, "http://two.test"),
        respx.mock(using="httpx") as router,
    ):
        router.get("http://three.test/").respond(203)
        assert httpx.get("http://one.test/api/v1/healthz").status_code == 200
        assert httpx.get("http://two.test/api/v1/healthz").status_code == 200
        assert httpx.get("http://three.test/").status_code == 203
    assert (one.problems, two.problems) == ([], [])
    assert (len(one.journal), len(two.journal)) == (1, 1)


@contextlib.contextmanager
def _mocked_by_respx() -> Iterator[None]:
    with respx.mock() as router:
        router.get("https://example.test/api/v1/models").respond(203)
        yield


@contextlib.contextmanager
def _mocked_at_the_transport() -> Iterator[None]:
    """As pytest-httpx does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", lambda *_: httpx.Response(203))
        yield


@pytest.mark.parametrize("other", [_mocked_by_respx, _mocked_at_the_transport])
@pytest.mark.parametrize("first", ["fake", "other"])
def test_requests_for_other_hosts_go_on_to_whoever_was_there(
    other: Callable[[], AbstractContextManager[None]], first: str
) -> None:
    engine = FakeTinker()
    blocks: list[Callable[[], AbstractContextManager[object]]] = [lambda: mounted(engine), other]
    with contextlib.ExitStack() as stack:
        for block in blocks if first == "fake" else reversed(blocks):
            stack.enter_context(block())
        assert httpx.get("https://example.test/api/v1/models").status_code == 203
        assert httpx.get("http://tinker.test/api/v1/healthz").json() == {"status": "ok"}
    assert engine.problems == []
    assert len(engine.journal) == 1


async def _get(url: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).status_code


def test_a_local_service_and_a_fake_on_a_socket_are_reached_beside_the_one_in_process() -> None:
    inside, outside = FakeTinker(), FakeTinker()
    with mounted(inside), FakeTinkerServer(outside) as server:
        assert asyncio.run(_get(f"{server.url}/api/v1/healthz")) == 200
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{server.url}/api/v1/healthz").status_code == 200
    assert (len(inside.journal), len(outside.journal)) == (0, 2)
    assert (inside.problems, outside.problems) == ([], [])


def test_respx_is_gone_after_the_block() -> None:
    with mounted(FakeTinker()):
        pass
    with mounted(FakeTinker()) as router:
        assert router.calls.call_count == 0
    assert "mock" not in httpx._client.Client._transport_for_url.__module__


def test_a_large_reply_arrives_whole(transport: Transport) -> None:
    engine = FakeTinker()
    engine.add_script(script().then(status(200, raw=b"x" * 3_000_000)), name="f")
    with transport(engine) as client:
        client.post("/api/v1/asample", json={})
        assert client.post(POLL, json={"request_id": "f"}).content == b"x" * 3_000_000


def test_submissions_over_a_transport_carry_sequence_ids(transport: Transport) -> None:
    engine = FakeTinker()
    engine.add_script(script(), name="f")
    with transport(engine) as client:
        reply = client.post("/api/v1/asample", json={"num_samples": 2})
    assert json.loads(reply.content) == {"request_id": "f", "sample_sequence_ids": ["f/0", "f/1"]}


def answered(**headers: str) -> FakeTinker:
    engine = FakeTinker()
    engine.add_script(script().then(status(200, raw=gzip.compress(b"abc"), headers=headers)), name="f")
    return engine


@pytest.mark.parametrize("encoded", [True, False])
def test_a_reply_is_read_as_one_that_comes_over_a_stream(transport: Transport, encoded: bool) -> None:
    content = b"abc" if encoded else gzip.compress(b"abc")
    with transport(answered(**{"Content-Encoding": "gzip"} if encoded else {})) as client:
        client.post("/api/v1/asample", json={})
        reply = client.post(POLL, json={"request_id": "f"})
        assert (reply.read(), reply.content) == (content, content)
        assert (reply.is_closed, reply.is_stream_consumed) == (True, True)
        assert reply.num_bytes_downloaded == len(gzip.compress(b"abc"))


@pytest.mark.parametrize("streamed", [True, False])
def test_the_transport_streams_and_times_as_a_network_does(streamed: bool) -> None:
    async def asked() -> httpx.Response:
        transport = FakeTinkerTransport(answered())
        async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as client:
            await client.post("/api/v1/asample", json={})
            if not streamed:
                return await client.post(POLL, json={"request_id": "f"})
            async with client.stream("POST", POLL, json={"request_id": "f"}) as reply:
                assert [piece async for piece in reply.aiter_raw()] == [gzip.compress(b"abc")]
            with pytest.raises(httpx.StreamConsumed):
                await reply.aread()
            return reply

    reply = asyncio.run(asked())
    assert reply.is_closed
    assert reply.elapsed.total_seconds() >= 0
    if not streamed:
        assert pickle.loads(pickle.dumps(reply)).content == gzip.compress(b"abc")
