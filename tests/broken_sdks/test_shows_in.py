"""Each condition of `shows_in` is true where a fault can show, and false elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fake_server.core.operations import Operation
from tests.support.shared_runs import SharedRuns
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.scenario import ObserverUse, Scenario, parse_scenarios, shipped_scenarios
from tinker_conformance.sdk.session import Run
from tinker_conformance.timeline import Callback, Event, Outcome, OutcomeKind, Request, Response

from . import shows_in
from .laboratory import Laboratory
from .shows_in import ShowsIn
from .unbroken import Unbroken

PROFILE = load_profile("tinker-0.38")
SHIPPED = shipped_scenarios()
_USUAL = "{id: usual, client: sampling, futures: [[{pause: {queue_state: active}}, {complete: {}}]]}"


@pytest.fixture(scope="module")
def laboratory(shared_runs: SharedRuns) -> Iterator[Laboratory]:
    made = Laboratory(shared_runs)
    yield made
    made.close()


def did(scenario: Scenario | str = _USUAL, *events: Event, used: frozenset[str] = frozenset()) -> Unbroken:
    if isinstance(scenario, str):
        (scenario,) = parse_scenarios(f"[{scenario}]", source="the test")
    return Unbroken(scenario, Run(events), used)


def with_futures(futures: str, client: str = "sampling", more: str = "") -> Unbroken:
    return did(f"{{id: own, client: {client}, futures: {futures}{more}}}")


_TWO = "[[{complete: {}}], [{complete: {}}]]"
_USUAL_RUN = did()


@pytest.mark.parametrize(
    ("condition", "where", "not_where"),
    [
        pytest.param(
            shows_in.every(shows_in.several_futures, shows_in.on_threads),
            did(SHIPPED["threads-sampling"]),
            with_futures(_TWO),
            id="every",
        ),
        pytest.param(
            shows_in.submits(Operation.OPTIM_STEP, Operation.SAMPLE),
            _USUAL_RUN,
            with_futures("[[{complete: {}}]]", "training"),
            id="submits",
        ),
        pytest.param(shows_in.several_futures, with_futures(_TWO), _USUAL_RUN, id="several_futures"),
        pytest.param(
            shows_in.several_clients(),
            did(SHIPPED["concurrency-many-clients"]),
            _USUAL_RUN,
            id="several_clients",
        ),
        pytest.param(
            shows_in.several_clients(ClientKind.SAMPLING),
            did(SHIPPED["concurrency-many-clients"]),
            did(SHIPPED["debounce-separate-training-clients"]),
            id="several_clients_of_a_kind",
        ),
        pytest.param(
            shows_in.several_creations,
            with_futures(_TWO, "model_creation"),
            with_futures(_TWO, "training"),
            id="several_creations",
        ),
        pytest.param(
            shows_in.several_polls,
            with_futures(_TWO),
            did(used=frozenset({"gets 408 from retrieve_future"})),
            id="several_polls",
        ),
        pytest.param(
            shows_in.futures_overlap,
            with_futures(_TWO, more=", concurrent: true"),
            with_futures(_TWO),
            id="futures_overlap",
        ),
        pytest.param(shows_in.on_threads, did(SHIPPED["threads-sampling"]), _USUAL_RUN, id="on_threads"),
        pytest.param(
            shows_in.observed_by(ObserverUse.RAISING),
            with_futures("[{observer: raising, steps: [{complete: {}}]}]"),
            with_futures("[{observer: none, steps: [{complete: {}}]}]"),
            id="observed_by",
        ),
        pytest.param(
            shows_in.has_a_timeout,
            with_futures("[{timeout: 5, steps: [{complete: {}}]}]"),
            _USUAL_RUN,
            id="has_a_timeout",
        ),
        pytest.param(
            shows_in.loads_a_checkpoint,
            did(SHIPPED["checkpoint-weights"]),
            with_futures(_TWO, "model_creation"),
            id="loads_a_checkpoint",
        ),
        pytest.param(
            shows_in.has_a_base_path,
            with_futures(_TWO, more=", base_path: /team"),
            _USUAL_RUN,
            id="has_a_base_path",
        ),
        pytest.param(
            shows_in.scripts_the_setup,
            did(SHIPPED["setup-refused"]),
            with_futures("[{submission: [{status: 503}], steps: [{complete: {}}]}]"),
            id="scripts_the_setup",
        ),
        pytest.param(
            shows_in.scripts_a_submission,
            with_futures("[{submission: [{status: 503}], steps: [{complete: {}}]}]"),
            _USUAL_RUN,
            id="scripts_a_submission",
        ),
        pytest.param(
            shows_in.has_a_read_timeout,
            did(SHIPPED["fault-read-timeout-sampling"]),
            _USUAL_RUN,
            id="has_a_read_timeout",
        ),
        pytest.param(
            shows_in.begins_before(86_400),
            with_futures(_TWO, more=", epoch: -5"),
            _USUAL_RUN,
            id="begins_before",
        ),
        pytest.param(
            shows_in.a_client_is_called(lambda name: not name.isascii()),
            did('{id: own, clients: {a: {kind: training, id: "mödel"}}, futures: [[{complete: {}}]]}'),
            _USUAL_RUN,
            id="a_client_is_called",
        ),
        pytest.param(
            shows_in.has_unusual_replies,
            with_futures("[[{drop: reset}, {complete: {}}]]"),
            with_futures("[[{status: 503}, {timeout: {}}, {fail: {}}]]"),
            id="has_unusual_replies",
        ),
        pytest.param(
            shows_in.has_unusual_replies,
            with_futures("[[{complete: {sequences: []}}]]"),
            _USUAL_RUN,
            id="has_an_unusual_result",
        ),
        pytest.param(
            shows_in.has_unusual_replies,
            with_futures("[{submission: [{drop: reset}], steps: [{complete: {}}]}]"),
            _USUAL_RUN,
            id="has_unusual_replies_to_a_submission",
        ),
        pytest.param(
            shows_in.has_unusual_replies,
            did(SHIPPED["setup-refused"]),
            _USUAL_RUN,
            id="has_unusual_replies_in_the_setup",
        ),
        pytest.param(
            shows_in.sends("asample"),
            did(used=frozenset({"sends asample"})),
            did(used=frozenset({"sends asample_later", "gets 200 from asample"})),
            id="sends",
        ),
        pytest.param(
            shows_in.polls_get(500, 503),
            did(used=frozenset({"gets 503 from retrieve_future"})),
            did(used=frozenset({"gets 503 from asample", "gets 408 from retrieve_future"})),
            id="polls_get",
        ),
        pytest.param(
            shows_in.requests_get(lambda status: status == "nothing"),
            did(used=frozenset({"gets nothing from client/config"})),
            did(used=frozenset({"gets nothing from retrieve_future", "gets 200 from asample"})),
            id="requests_get",
        ),
        pytest.param(
            shows_in.refused_with(409),
            did(used=frozenset({"gets 409 from retrieve_futures"})),
            did(used=frozenset({"gets 409 from retrieve_future"})),
            id="refused_with",
        ),
        pytest.param(
            shows_in.gets(402),
            did(used=frozenset({"gets 402 from retrieve_future"})),
            did(used=frozenset({"gets 408 from retrieve_future"})),
            id="gets_to_a_poll",
        ),
        pytest.param(
            shows_in.gets(402),
            did(used=frozenset({"gets 402 from asample"})),
            _USUAL_RUN,
            id="gets_elsewhere",
        ),
        pytest.param(
            shows_in.polls(lambda identifier: len(identifier) > 8),
            did(used=frozenset({"polls future-12"})),
            did(used=frozenset({"polls future-1"})),
            id="polls",
        ),
        pytest.param(
            shows_in.calls("Poll._back_off"),
            did(used=frozenset({"Poll._back_off()"})),
            did(used=frozenset({"Poll._ask()"})),
            id="calls",
        ),
        pytest.param(
            shows_in.reads_otherwise(
                lambda value, _: QueueState.ACTIVE if value == 1 else QueueState.UNKNOWN
            ),
            did(used=frozenset({'parses ["exact", 1]'})),
            did(used=frozenset({'parses ["exact", 2]', 'parses ["exact", "x"]'})),
            id="reads_otherwise",
        ),
        pytest.param(
            shows_in.pauses,
            did(_USUAL, Callback(at=0, state="paused_capacity")),
            did(_USUAL, Callback(at=0, state="active")),
            id="pauses",
        ),
        pytest.param(
            shows_in.uses(ClientKind.TRAINING, ClientKind.MODEL_CREATION),
            with_futures("[[{complete: {}}]]", "model_creation"),
            _USUAL_RUN,
            id="uses",
        ),
        pytest.param(
            shows_in.replies_with(lambda reply: reply.status == 408, times=2),
            did(_USUAL, *[Response(at=0, status=408, body={})] * 2),
            did(_USUAL, Response(at=0, status=408, body={}), Response(at=0, status=503, body={})),
            id="replies_with_twice",
        ),
        pytest.param(
            shows_in.gives_a_reason,
            did(_USUAL, Response(at=0, status=408, body={"queue_state_reason": None})),
            did(_USUAL, Response(at=0, status=408, body={"queue_state": "active"})),
            id="gives_a_reason",
        ),
        pytest.param(
            shows_in.lasts(60),
            did(_USUAL, Callback(at=60, state="active")),
            did(_USUAL, Callback(at=59.9, state="active")),
            id="lasts",
        ),
        pytest.param(
            shows_in.notifies(QueueState.ACTIVE),
            did(_USUAL, Callback(at=0, state="active")),
            did(_USUAL, Callback(at=0, state="paused_capacity")),
            id="notifies",
        ),
        pytest.param(
            shows_in.replies_with(lambda reply: shows_in.state_of(reply) == ""),
            did(_USUAL, Response(at=0, status=408, body={"queue_state": ""})),
            did(_USUAL, Response(at=0, status=408, body={"queue_state": "active"})),
            id="replies_with",
        ),
        pytest.param(
            shows_in.replies_with(lambda _: False),
            did(_USUAL, Response(at=0, status=408, raw="{")),
            did(_USUAL, Response(at=0, status=408, body={}), Response(at=0, status=200)),
            id="replies_with_a_body_that_is_not_json",
        ),
        pytest.param(
            shows_in.replies_with(lambda _: False),
            did(_USUAL, Response(at=0, status=200, body={}, fault="cut")),
            did(_USUAL, Response(at=0, status=200, body={})),
            id="replies_with_a_fault",
        ),
        pytest.param(
            shows_in.ends_in(OutcomeKind.EXPIRED),
            did(_USUAL, Outcome(at=0, kind=OutcomeKind.EXPIRED)),
            did(_USUAL, Outcome(at=0, kind=OutcomeKind.FAILED)),
            id="ends_in",
        ),
        pytest.param(
            shows_in.sends_many(2),
            did(_USUAL, *[Request(at=0, method="POST", path="/x")] * 2),
            did(_USUAL, Request(at=0, method="POST", path="/x"), Callback(at=0, state="active")),
            id="sends_many",
        ),
    ],
)
def test_a_condition_is_true_in_one_scenario_and_false_in_another(
    condition: ShowsIn, where: Unbroken, not_where: Unbroken
) -> None:
    assert condition(where)
    assert not condition(not_where)


def test_a_future_that_its_caller_left_overlaps_the_next() -> None:
    left = "[{timeout: 5, steps: [{complete: {}}]}, [{complete: {}}]]"
    assert shows_in.futures_overlap(with_futures(left))


def test_a_sample_that_is_submitted_again_is_polled_twice() -> None:
    assert shows_in.several_polls(did(used=frozenset({"gets 410 from retrieve_future"})))


@pytest.mark.parametrize(
    ("scenario", "condition"),
    [
        ("setup-refused", shows_in.sends("create_session", "create_sampling_session")),
        ("setup-refused", shows_in.refused_with(429)),
        ("setup-refused", shows_in.requests_get(lambda status: status == "nothing")),
        ("trigger-408", shows_in.polls_get(408)),
        ("trigger-408", shows_in.polls(lambda identifier: identifier == "future-1")),
        ("trigger-408", shows_in.pauses),
        ("polling-failure", shows_in.ends_in(OutcomeKind.FAILED)),
        ("functions-parse", shows_in.reads_otherwise(lambda _, __: QueueState.ACTIVE)),
        ("threads-sampling", shows_in.polls_get(200)),
    ],
)
def test_the_reference_notes_what_the_conditions_look_for(
    laboratory: Laboratory, scenario: str, condition: ShowsIn
) -> None:
    unbroken = laboratory.unbroken_runs.of(SHIPPED[scenario], PROFILE)
    assert unbroken is not None
    assert condition(unbroken)
