"""`client_config:` and `background:` of a scenario: read, written, run, and their mistakes."""

from __future__ import annotations

import pytest

from tests.support.shared_runs import SharedSession
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import ScenarioError, decode_scenario, encode_scenario
from tinker_conformance.timeline import Callback, Outcome, OutcomeKind, Request, Response

BOTH = {
    "id": "both",
    "client": "sampling",
    "client_config": {"sample_use_retrieve_futures": True},
    "background": {"retrieve_futures": [{"status": 503}, {"drop": "reset"}]},
    "futures": [[{"complete": {}}]],
}


def test_a_scenario_with_both_is_written_as_it_was_read() -> None:
    scenario = decode_scenario(BOTH, "test")
    assert decode_scenario(encode_scenario(scenario), "test") == scenario
    assert scenario.client_config == {"sample_use_retrieve_futures": True}
    assert [replies.name for replies in scenario.background] == ["retrieve_futures"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"background": {"retrieve_future": [{"status": 500}]}}, "did you mean 'retrieve_futures'"),
        ({"background": {"retrieve_futures": {"status": 500}}}, "retrieve_futures: expected a list"),
        ({"background": {"retrieve_futures": [{"complete": {}}]}}, "background, retrieve_futures: "),
        ({"client_config": [True]}, "client_config: expected a mapping"),
        ({"client_config": {"at": float("nan")}}, "client_config: nan is not a JSON number"),
    ],
)
def test_a_mistake_names_its_place(change: dict[str, object], expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected):
        decode_scenario({**BOTH, **change}, "test")


def test_the_reference_waits_for_its_session_and_the_timeline_shows_it(reference: SharedSession) -> None:
    timeline = reference.run(decode_scenario(BOTH, "test"), load_profile("tinker-0.38")).timeline
    asked = [event for event in timeline if isinstance(event, Request) and event.path.endswith("futures")]
    assert [request.at for request in asked[:3]] == [0.0, 1.0, 2.0]
    assert asked[0].body is not None
    assert asked[0].body["prev_cursor"] == 0
    replies = [event for event in timeline if isinstance(event, Response) and event.future is None]
    assert [(reply.status, reply.fault, reply.submission) for reply in replies[:2]] == [
        (503, None, False),
        (None, "reset", False),
    ]
    assert [event.kind for event in timeline if isinstance(event, Outcome)] == [OutcomeKind.RESULT]


def test_the_reference_of_an_older_release_does_not_wait(reference: SharedSession) -> None:
    timeline = reference.run(decode_scenario(BOTH, "test"), load_profile("tinker-0.10")).timeline
    assert not [event for event in timeline if isinstance(event, Request) and event.path.endswith("futures")]


def _created(**more: object) -> dict[str, object]:
    clients = {"client": {"kind": "model_creation", **more}}
    return {"id": "created", "clients": clients, "futures": [[{"complete": {}}]]}


def test_a_checkpoint_and_a_future_that_is_given_up_are_written_as_they_were_read() -> None:
    scenario = decode_scenario(_created(checkpoint="tinker://run/weights/1", optimizer=True), "test")
    assert decode_scenario(encode_scenario(scenario), "test") == scenario
    assert (scenario.clients[0].checkpoint, scenario.clients[0].optimizer) == ("tinker://run/weights/1", True)
    futures = [{"timeout": 2, "cancels": True, "steps": [{"complete": {}}]}]
    given_up = decode_scenario({**BOTH, "futures": futures}, "test")
    assert decode_scenario(encode_scenario(given_up), "test") == given_up
    assert given_up.futures[0].cancels


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (_created(optimizer=True), "'optimizer' is a part of a checkpoint"),
        (
            _created(kind="training", checkpoint="tinker://run/weights/1"),
            "a training client has no checkpoint",
        ),
        (
            {**BOTH, "futures": [{"cancels": True, "steps": []}]},
            "'cancels' says what happens after a 'timeout'",
        ),
    ],
)
def test_what_belongs_together_is_asked_for_together(data: dict[str, object], expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected):
        decode_scenario(data, "test")


def test_a_future_has_the_id_that_the_scenario_gives_it(reference: SharedSession) -> None:
    futures = [[{"complete": {}}], {"id": "A /b? ", "steps": [{"complete": {}}]}]
    scenario = decode_scenario({**BOTH, "futures": futures}, "test")
    assert decode_scenario(encode_scenario(scenario), "test") == scenario
    timeline = reference.run(scenario, load_profile("tinker-0.38")).timeline
    polled = [event.body for event in timeline if isinstance(event, Request) and event.is_poll]
    assert [(body or {})["request_id"] for body in polled] == ["future-1", "A /b? "]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["one", "one"], "two futures have the id 'one'"),
        (["future-2", None], "two futures have the id 'future-2'"),
        (["one", ""], "future 2, id: the id is empty"),
        (["one", 2], "future 2, id: expected a string"),
    ],
)
def test_futures_have_ids_of_their_own(ids: list[object], expected: str) -> None:
    futures = [{"steps": []} if each is None else {"id": each, "steps": []} for each in ids]
    with pytest.raises(ScenarioError, match=expected):
        decode_scenario({**BOTH, "futures": futures}, "test")


def test_the_reference_creates_and_loads_as_its_release(reference: SharedSession) -> None:
    scenario = decode_scenario(_created(checkpoint="tinker://run/weights/1"), "test")
    sent = {
        name: [
            event.path.removeprefix("/api/v1/")
            for event in reference.run(scenario, load_profile(name)).timeline
            if isinstance(event, Request)
        ]
        for name in ("tinker-0.10", "tinker-0.38")
    }
    assert sent["tinker-0.10"] == ["create_model", "retrieve_future", "load_weights", "retrieve_future"]
    assert sent["tinker-0.38"] == ["load_weights", "retrieve_future"]


def test_the_creation_of_a_client_is_observed_where_the_set_up_is_recorded(reference: SharedSession) -> None:
    data = {
        "id": "recorded",
        "client": "training",
        "setup": {"create_session": [{"status": 503}]},
        "futures": [[{"complete": {}}]],
    }
    scenario = decode_scenario(data, "test")
    called = {
        name: [
            (event.future, event.state)
            for event in reference.run(scenario, load_profile(name)).timeline
            if isinstance(event, Callback)
        ]
        for name in ("tinker-0.21", "tinker-0.38")
    }
    assert called == {"tinker-0.21": [], "tinker-0.38": [(None, "active"), (1, "active")]}
