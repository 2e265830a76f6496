"""How a suite uses the client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from fake_tinker import FakeTinker, FakeTinkerError

PAUSE = [{"timeout": {"queue_state": "paused_capacity"}}, {"advance": 60}, {"complete": {}}]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeTinker]:
    with FakeTinker() as started:
        yield started


def post(url: str, body: object) -> tuple[int, dict]:
    request = urllib.request.Request(url, json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_sample_is_polled_while_the_queue_is_paused(server: FakeTinker) -> None:
    with server.test() as test, server.test() as other:
        test.add_scripts([{"operation": "sample", "steps": PAUSE}])
        before = test.clock()["monotonic_ns"]

        _, future = post(f"{test.base_url}/api/v1/asample", {"num_samples": 1})
        polls = [post(f"{test.base_url}/api/v1/retrieve_future", future)[0] for _ in range(2)]

        assert polls == [408, 200]
        assert test.clock()["monotonic_ns"] == before + 60_000_000_000
        assert test.advance(0.5)["monotonic_ns"] == before + 60_500_000_000
        assert test.clock_file.read_text().split()[2] == str(before + 60_500_000_000)
        assert other.clock()["monotonic_ns"] == before
        assert [exchange["status"] for exchange in test.journal()] == [200, 408, 200]
        assert other.journal() == []
        test.verify()


def test_a_script_that_was_not_served_to_its_end_is_an_error(server: FakeTinker) -> None:
    with server.test("short") as test:
        [future] = test.add_scripts([{"operation": "sample", "steps": PAUSE}])
        with pytest.raises(FakeTinkerError, match=future):
            test.verify()
        assert test.release() == 0


def test_a_mistake_says_what_to_do(server: FakeTinker) -> None:
    with server.test() as test, pytest.raises(FakeTinkerError, match="did you mean 'timeout'"):
        test.add_scripts([{"steps": [{"timout": {}}]}])


@pytest.mark.parametrize("arguments", [{"command": ["no-such-program"]}, {"command": ["false"]}])
def test_a_program_that_does_not_start_is_an_error(arguments: dict[str, list[str]]) -> None:
    with pytest.raises(FakeTinkerError, match="did not start"):
        FakeTinker(**arguments)
