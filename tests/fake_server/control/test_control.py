"""The control plane: one engine a test, a clock file, and nobody let in without the token."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from fake_server.control.clock_file import SteppedClock
from fake_server.control.control_plane import ControlledServer
from fake_server.engine.tinker_api import FakeTinker
from fake_server.http.http_server import FakeTinkerServer
from tests.support.needs_tools import tool

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/how-to/fake-server-from-another-language.md"
NODE_TEST = ROOT / "tests/fake_server/control/control.test.mjs"
SCRIPT = [{"operation": "sample", "steps": [{"timeout": {}}, {"complete": {}}]}]


@pytest.fixture
def clock(tmp_path: Path) -> SteppedClock:
    return SteppedClock(tmp_path / "clock")


@pytest.fixture
def control(clock: SteppedClock) -> Iterator[httpx.Client]:
    plane = ControlledServer(FakeTinker(), FakeTinker, clock)
    headers = {"Authorization": f"Bearer {plane.token}"}
    with (
        FakeTinkerServer(plane) as server,
        httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client,
        closing(plane),
    ):
        yield client


def begin(control: httpx.Client, name: str, script: object = SCRIPT) -> str:
    made = control.post("/_control/tests", json={"name": name})
    assert made.status_code == 201
    added = control.post(f"/_control/tests/{name}/scripts", json=script)
    assert (added.status_code, added.json()) == (201, {"futures": ["future-1"]})
    return str(made.json()["base_url"])


def monotonic_ns(clock: Path) -> int:
    return int(clock.read_text().split()[2])


def sample(base_url: str) -> list[int]:
    with httpx.Client(trust_env=False) as client:
        future = client.post(f"{base_url}/api/v1/asample", json={}).json()
        polls = [client.post(f"{base_url}/api/v1/retrieve_future", json=future) for _ in range(2)]
    return [poll.status_code for poll in polls]


def test_each_test_has_an_engine_of_its_own(control: httpx.Client) -> None:
    urls = [begin(control, "one"), begin(control, "two")]
    assert sample(urls[0]) == [408, 200]
    assert control.get("/_control/tests/one/verdict").json() == {"ok": True, "text": ""}
    unfinished = control.get("/_control/tests/two/verdict").json()
    assert unfinished["ok"] is False
    assert "future-1" in unfinished["text"]
    assert control.get("/_control/tests/two/journal").text == ""
    assert len(control.get("/_control/tests/one/journal").text.splitlines()) == 3
    assert sample(urls[1]) == [408, 200]


def test_a_script_list_may_hold_rules(clock: SteppedClock) -> None:
    plane = ControlledServer(FakeTinker(seed=1), lambda: FakeTinker(seed=1), clock)
    headers = {"Authorization": f"Bearer {plane.token}"}
    rule = {"every": 2, "paused": {"state": "paused_capacity", "seconds": 90}}
    with (
        FakeTinkerServer(plane) as server,
        httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client,
    ):
        made = client.post("/_control/tests", json={"name": "one"}).json()
        url, moved = str(made["base_url"]), Path(made["clock"])
        added = client.post("/_control/tests/one/scripts", json=[rule, *SCRIPT])
        assert (added.status_code, added.json()) == (201, {"futures": ["future-1"]})
        before = monotonic_ns(moved)
        assert sample(url) == [408, 200]
        assert sample(url) == [200, 200]
        assert sample(url) == [408, 408]
        assert monotonic_ns(moved) - before == 30 * 10**9
        wrong = client.post("/_control/tests/one/scripts", json=[{"every": 0, "steps": []}])
        assert wrong.status_code == 400
        assert "the request, script 1: every is 0" in wrong.json()["error"]


def test_scripts_lose_the_reply_to_an_accepted_submission(control: httpx.Client) -> None:
    lost = {"drop": "close", "after": "accepted"}
    url = begin(control, "lost", [{"submission": [lost], "steps": [{"complete": {}}]}])
    control.post("/_control/tests/lost/scripts", json=[{"setup": "create_session", "steps": [lost]}])
    numbered = {"sampling_session_id": "s", "seq_id": 0}
    with httpx.Client(trust_env=False) as client:
        for path, body in (("asample", numbered), ("create_session", {})):
            with pytest.raises(httpx.RemoteProtocolError):
                client.post(f"{url}/api/v1/{path}", json=body)
        again = client.post(f"{url}/api/v1/asample", json=numbered).json()
        assert again["request_id"] == "future-1"
        assert client.post(f"{url}/api/v1/create_session", json={}).json()["session_id"] == "session-2"
        assert client.post(f"{url}/api/v1/retrieve_future", json=again).status_code == 200
    assert control.get("/_control/tests/lost/verdict").json()["ok"] is True


def test_a_test_can_begin_again_and_end(control: httpx.Client) -> None:
    url = begin(control, "one")
    assert sample(url) == [408, 200]
    assert sample(begin(control, "one")) == [408, 200]
    assert control.delete("/_control/tests/one").status_code == 204
    assert httpx.post(f"{url}/api/v1/asample", json={}, trust_env=False).status_code == 404
    begin(control, "two")
    assert control.post("/_control/reset").status_code == 204
    assert control.get("/_control/tests/two/verdict").status_code == 404


def test_names_are_given_where_none_is_asked_for(control: httpx.Client) -> None:
    names = {control.post("/_control/tests").json()["name"] for _ in range(3)}
    assert len(names) == 3


PATIENT = [{"steps": [{"timeout": {}}, {"advance": 59.999}, {"complete": {}}]}]


def test_scripts_and_requests_move_the_clock_of_their_test(control: httpx.Client) -> None:
    made = control.post("/_control/tests", json={"name": "one"}).json()
    control.post("/_control/tests/one/scripts", json=PATIENT)
    clock = Path(made["clock"])
    before = clock.read_text().split()
    assert sample(made["base_url"]) == [408, 200]
    after = clock.read_text().split()
    assert [int(a) - int(b) for a, b in zip(after, before, strict=True)] == [
        1,
        59_999_000_000,
        59_999_000_000,
    ]
    step = {"advance": {"wall": -5, "monotonic": 1}}
    moved = control.post("/_control/tests/one/clock", json=step).json()
    assert moved["wall_ns"] - int(after[1]) == -5_000_000_000
    assert moved["monotonic_ns"] - int(after[2]) == 1_000_000_000
    assert control.get("/_control/tests/one/clock").json() == moved
    assert [int(word) for word in clock.read_text().split()] == list(moved.values())


def test_no_test_moves_the_clock_of_another_or_of_the_server(
    control: httpx.Client, clock: SteppedClock
) -> None:
    made = [control.post("/_control/tests", json={"name": name}).json() for name in ("one", "ONE", "new")]
    for test in made:
        control.post(f"/_control/tests/{test['name']}/scripts", json=PATIENT)
    files = [Path(test["clock"]) for test in made]
    start = monotonic_ns(clock.path)
    assert [monotonic_ns(file) for file in files] == [start] * 3
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(sample, [made[0]["base_url"], made[1]["base_url"]]))
    control.post("/_control/tests/ONE/clock", json={"advance": 1})
    control.post("/_control/clock", json={"advance": 5})
    moved = [monotonic_ns(file) - start for file in [*files, clock.path]]
    assert moved == [59_999_000_000, 60_999_000_000, 0, 5_000_000_000]


def test_a_test_that_begins_again_has_a_new_clock(control: httpx.Client) -> None:
    first = control.post("/_control/tests", json={"name": "one"}).json()
    control.post("/_control/tests/one/clock", json={"advance": 60})
    second = control.post("/_control/tests", json={"name": "one"}).json()
    assert not Path(first["clock"]).exists()
    assert control.get("/_control/tests/one/clock").json()["seq"] == 0
    assert Path(second["clock"]).read_text().startswith("0 ")


def test_no_clock_file_of_a_test_outlives_it(control: httpx.Client, clock: SteppedClock) -> None:
    made = [control.post("/_control/tests", json={"name": name}).json() for name in ("one", "two")]
    files = [Path(test["clock"]) for test in made]
    control.delete("/_control/tests/one")
    assert [file.exists() for file in files] == [False, True]
    control.post("/_control/reset")
    assert not files[1].exists()
    assert clock.path.exists()


def test_a_reply_that_is_held_while_its_test_ends_leaves_no_clock_file(control: httpx.Client) -> None:
    made = control.post("/_control/tests", json={"name": "held"}).json()
    steps = [{"complete": {}, "wire": {"hold": True}}]
    control.post("/_control/tests/held/scripts", json=[{"operation": "sample", "steps": steps}])
    with httpx.Client(base_url=made["base_url"], trust_env=False) as client, ThreadPoolExecutor(1) as pool:
        future = client.post("/api/v1/asample", json={}).json()
        reply = pool.submit(client.post, "/api/v1/retrieve_future", json=future)
        while not control.get("/_control/tests/held/journal").text.count("retrieve_future"):
            assert not reply.done()
        control.delete("/_control/tests/held")
        reply.result(timeout=5)
    assert list(Path(made["clock"]).parent.iterdir()) == []


def test_without_a_clock_file_a_test_has_no_clock() -> None:
    plane = ControlledServer(FakeTinker(), FakeTinker)
    headers = {"Authorization": f"Bearer {plane.token}"}
    with (
        FakeTinkerServer(plane) as server,
        httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client,
    ):
        assert set(client.post("/_control/tests", json={"name": "one"}).json()) == {"name", "base_url"}
        for path in ("/_control/clock", "/_control/tests/one/clock"):
            answer = client.get(path)
            assert answer.status_code == 404
            assert "start it with --clock-file" in answer.json()["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer guessed"}, 401),
        ({"Authorization": "Bearer \xe4"}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
    ],
)
def test_nobody_else_is_let_in(control: httpx.Client, headers: dict[str, str], status: int) -> None:
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    assert control.post("/_control/reset", headers=sent).status_code == status


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("/_control/tests", '{"name": "../x"}', 400, "is not a valid name"),
        ("/_control/tests", "[]", 400, "an object with the key 'name', or nothing"),
        ("/_control/tests", "{", 400, "the body, line 1, column 2: is not valid JSON"),
        ("/_control/tests", "[" * 100_000, 400, "the body: has more than 200 levels"),
        ("/_control/tests/none/scripts", "[]", 404, "there is no test 'none'"),
        ("/_control/tests/t/scripts", '[{"steps": [{"timout": {}}]}]', 400, "did you mean 'timeout'?"),
        ("/_control/tests/t/scripts", "7", 400, "a list of scripts"),
        ("/_control/tests/t/scripts", '[{"stps": []}]', 400, "unknown key 'stps'; did you mean 'steps'?"),
        ("/_control/tests/t/scripts", '[{"evry": 1, "steps": []}]', 400, "did you mean 'every'?"),
        ("/_control/tests/t/scripts", '[{"setup": "smaple", "steps": [{"status": 500}]}]', 400, "'sample'?"),
        ("/_control/tests/t/release", '{"futur": "a"}', 400, "unknown key 'futur'; did you mean 'future'?"),
        ("/_control/tests", '{"nam": "a"}', 400, "unknown key 'nam'; did you mean 'name'?"),
        ("/_control/clock", '{"advance": "soon"}', 400, "not a number of seconds"),
        (
            "/_control/clock",
            '{"advance": {"wall": 0, "monotonic": -1}}',
            400,
            "move the monotonic clock back",
        ),
        ("/_control/clock", "[]", 400, "send"),
        ("/_control/nothing", "{}", 404, "is not an endpoint of the control plane"),
    ],
)
def test_mistakes_say_what_to_do(
    control: httpx.Client, path: str, body: str, status: int, expected: str
) -> None:
    control.post("/_control/tests", json={"name": "t"})
    answer = control.post(path, content=body)
    assert answer.status_code == status
    assert expected in answer.json()["error"]


def test_a_clock_file_that_can_no_longer_be_written_is_an_answer(
    control: httpx.Client, clock: SteppedClock
) -> None:
    control.post("/_control/tests", json={"name": "one"})
    shutil.rmtree(clock.path.parent)
    for path, body in [
        ("/_control/clock", {"advance": 1}),
        ("/_control/tests/one/clock", {"advance": 1}),
        ("/_control/tests", {"name": "two"}),
    ]:
        answer = control.post(path, json=body)
        assert answer.status_code == 500
        assert "cannot be written" in answer.json()["error"]


def test_what_belongs_to_no_test_is_answered_as_without_a_control_plane(control: httpx.Client) -> None:
    assert control.post("/api/v1/asample", json={}).status_code == 404
    assert control.get("/api/v1/healthz").status_code == 200


@pytest.mark.needs_tool("node")
def test_the_node_test_on_the_page_runs(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [tool("node"), "--test", str(NODE_TEST)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert NODE_TEST.read_text(encoding="utf-8").strip() in PAGE.read_text(encoding="utf-8")


def test_a_held_reply_goes_when_it_is_released_or_its_test_ends(control: httpx.Client) -> None:
    script = [{"operation": "sample", "steps": [{"complete": {}, "wire": {"hold": True}}]}]
    ends: list[Callable[[str], httpx.Response]] = [
        lambda _: control.post("/_control/tests/held/release", json={"future": "future-1"}),
        lambda _: control.post("/_control/tests/held/release"),
        lambda _: control.delete("/_control/tests/held"),
        lambda _: control.post("/_control/reset"),
        lambda _: control.post("/_control/tests", json={"name": "held"}),
    ]
    for end in ends:
        url = begin(control, "held", script)
        with httpx.Client(base_url=url, trust_env=False) as client, ThreadPoolExecutor(1) as pool:
            future = client.post("/api/v1/asample", json={}).json()
            reply = pool.submit(client.post, "/api/v1/retrieve_future", json=future)
            while not control.get("/_control/tests/held/journal").text.count("retrieve_future"):
                assert not reply.done()
            assert not reply.done()
            assert end(url).is_success
            assert reply.result(timeout=5).status_code == 200


def test_a_release_says_how_many_it_let_go(control: httpx.Client) -> None:
    begin(control, "one")
    assert control.post("/_control/tests/one/release").json() == {"released": 0}
    assert control.post("/_control/tests/one/release", json={"futures": []}).status_code == 400


def test_words_that_may_be_misspelt_come_with_the_answer(control: httpx.Client) -> None:
    control.post("/_control/tests", json={"name": "one"})
    wrong = [{"steps": [{"timeout": {"queue_stat": "active"}}]}]
    added = control.post("/_control/tests/one/scripts", json=wrong).json()
    assert added["futures"] == ["future-1"]
    (warning,) = added["warnings"]
    assert warning.startswith("the request, script 1, step 1: timeout has the key 'queue_stat'")
