"""The search for sessions keeps each promise of `SessionSearchRequest` of tinker 0.38.0."""

import pytest

from fake_server import FakeTinker
from tests.fake_server.service.service_client import Client

NAMES = ("Nightly Run 1", "weekly", "nightly run 2", None)


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


@pytest.fixture
def sessions(client):
    return [client.session(display_name=name, project_id=f"p{place % 2}") for place, name in enumerate(NAMES)]


def found(client, **body):
    return [each["session_id"] for each in client.post("sessions/search", **body)["sessions"]]


def test_the_newest_comes_first(client, sessions):
    assert found(client) == sessions[::-1]


@pytest.mark.parametrize(
    ("words", "places"),
    [("nightly", [2, 0]), ("RUN night", [2, 0]), ("2", [2]), ("week", [1]), ("run weekly", []), ("x", [])],
)
def test_words_of_a_name_match_anywhere_and_in_any_case(client, sessions, words, places):
    assert found(client, display_name=words) == [sessions[place] for place in places]


def test_an_id_or_a_name_is_enough(client, sessions):
    assert found(client, session_id=sessions[1]) == [sessions[1]]
    assert found(client, session_id=sessions[3], display_name="weekly") == [sessions[3], sessions[1]]


def test_statuses_and_their_reasons(client, sessions):
    for place, reason in ((0, "success"), (1, "errored")):
        client.post(f"sessions/{sessions[place]}/finish", reason={"type": reason})
    finished = {"type": "client_finished"}
    assert found(client, statuses=[{"type": "active"}]) == [sessions[3], sessions[2]]
    assert found(client, statuses=[finished]) == [sessions[1], sessions[0]]
    assert found(client, statuses=[finished | {"reasons": ["errored"]}]) == [sessions[1]]
    assert found(client, statuses=[{"type": "failed"}, {"type": "cancelled"}]) == []
    assert found(client, statuses=[finished, {"type": "active"}]) == sessions[::-1]


def test_projects_metadata_and_owners(client, sessions):
    mine = client.post("create_session", tags=[], user_metadata={"a": "1", "b": "2"})["session_id"]
    assert found(client, project_ids=["p0"]) == [sessions[2], sessions[0]]
    assert found(client, user_metadata={"a": "1"}) == [mine]
    assert found(client, user_metadata={"a": "1", "b": "3"}) == []
    user = client.post("sessions/search")["sessions"][0]["owner"]
    for owner in ({"type": "own"}, {"type": "accessible"}, {"type": "user", "owner_urns": [user]}):
        assert len(found(client, owner=owner)) == 5
    assert found(client, owner={"type": "user", "owner_urns": ["tml:user:other"]}) == []


def test_pages_lose_none(client, sessions):
    pages: list[list[str]] = []
    cursor = None
    while True:
        page = client.post("sessions/search", limit=3, **({"cursor": cursor} if cursor else {}))
        pages.append([each["session_id"] for each in page["sessions"]])
        if (cursor := page["next_cursor"]) is None:
            break
    assert [len(page) for page in pages] == [3, 1]
    assert [session for page in pages for session in page] == sessions[::-1]


@pytest.mark.parametrize(
    "body", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": {}}, {"statuses": [{"type": "actve"}]}]
)
def test_what_is_no_search_is_refused(client, sessions, body):
    assert client.ask("sessions/search", body).status == 400
