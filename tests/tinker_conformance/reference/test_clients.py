import asyncio
from typing import Any

import httpx
import pytest

from fake_server.operations import Operation
from tests.tinker_conformance.reference.virtual_time import (
    Clock,
    RaisedError,
    Server,
    done,
    dropped,
    play,
    status,
    timeout,
    try_again,
)
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile_files import load_profile, polling_revision
from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.clients import (
    FutureError,
    SamplingClient,
    ServiceClient,
    TrainingClient,
    error_kind,
)
from tinker_conformance.reference.observer import QueueStateObserver

OLDEST = load_profile("tinker-0.1+tinker-0.1")
SEED = load_profile("tinker-0.5.1")
NEWEST = load_profile("tinker-0.38")
TINKEX = load_profile("tinkex-seed")
PAUSED = "paused_capacity"


class Recording(QueueStateObserver):
    def __init__(self) -> None:
        self.states: list[QueueState] = []

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        self.states.append(state)


# -- wiring ---------------------------------------------------------------------------------------------

OPERATIONS = [op for op in polling_revision("tinker-0.3").operations if op is not Operation.CREATE_MODEL]
REQUEST_TYPES = {
    "sample": "Sample",
    "compute_logprobs": "Sample",
    "forward": "Forward",
    "forward_backward": "ForwardBackward",
    "optim_step": "OptimStep",
    "save_state": "SaveWeights",
    "load_state": "LoadWeights",
    "save_weights_for_sampler": "SaveWeightsForSampler",
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_notifies_its_clients_observer(operation: Operation) -> None:
    seen = play(SEED, timeout(queue_state=PAUSED), done(), operation=operation)
    assert seen.error is None
    assert [state for state, _ in seen.calls] == [PAUSED]
    assert seen.server.polls[0].headers["X-Tinker-Request-Type"] == REQUEST_TYPES[operation]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [(SEED, None), (load_profile("tinker-0.7"), None), (load_profile("tinker-0.10"), [PAUSED])],
)
def test_model_creation_is_observed_since_0_10(profile: Any, expected: list[str] | None) -> None:
    seen = play(profile, timeout(queue_state=PAUSED), done(), operation=Operation.CREATE_MODEL)
    assert seen.error is None
    assert [state for state, _ in seen.calls] == (expected or [])


def test_unload_model_is_in_0_1_only() -> None:
    seen = play(OLDEST, timeout(queue_state=PAUSED), done(), operation=Operation.UNLOAD_MODEL)
    assert [state for state, _ in seen.calls] == [PAUSED]
    seen = play(SEED, done(), operation=Operation.UNLOAD_MODEL)
    assert isinstance(seen.error, UserError)
    assert "use one of sample, " in str(seen.error)


def test_save_weights_external_is_there_since_0_28() -> None:
    assert play(NEWEST, done(), operation=Operation.SAVE_WEIGHTS_EXTERNAL).error is None
    early = load_profile("tinker-0.21+tinker-0.25")
    assert play(early, done(), operation=Operation.SAVE_WEIGHTS_EXTERNAL).error is not None


def test_forward_moves_to_the_path_of_forward_backward_at_0_25() -> None:
    early = play(SEED, done(), operation=Operation.FORWARD).server.submissions
    late = play(NEWEST, done(), operation=Operation.FORWARD).server.submissions
    assert early[0][0] == "forward"
    assert (late[0][0], late[0][1]["forward_only"]) == ("forward_backward", True)


def test_a_sampler_is_named_in_the_request_before_there_were_sessions() -> None:
    (_, body), = play(OLDEST, done()).server.submissions  # fmt: skip
    assert (body.get("base_model"), body.get("sampling_session_id")) == ("base", None)
    (_, body), = play(SEED, done()).server.submissions  # fmt: skip
    assert (body.get("base_model"), body.get("sampling_session_id")) == (None, "sampler-1")


def test_compute_logprobs_asks_for_the_prompts() -> None:
    (_, body), = play(SEED, done(), operation=Operation.COMPUTE_LOGPROBS).server.submissions  # fmt: skip
    assert body["prompt_logprobs"] is True


# -- observers of the caller's, and observers that raise ------------------------------------------------


def test_a_callers_observer_replaces_the_clients_where_the_profile_allows_it() -> None:
    mine = Recording()
    seen = play(
        TINKEX, try_again(queue_state=PAUSED), done(), operation=Operation.OPTIM_STEP, observer_for_call=mine
    )
    assert mine.states == [QueueState.PAUSED_CAPACITY]
    assert seen.calls == []


def test_a_callers_observer_is_refused_where_the_profile_has_none() -> None:
    seen = play(SEED, done(), observer_for_call=Recording())
    assert isinstance(seen.error, UserError)
    assert seen.server.polls == []


@pytest.mark.parametrize("name", ["tinker-0.1", "tinker-0.5.1", "tinker-0.21", "tinkex-seed"])
def test_an_observer_that_raises_on_a_408_does_no_harm(name: str) -> None:
    seen = play(
        load_profile(name), timeout(queue_state=PAUSED), done(), operation=Operation.OPTIM_STEP, raising=True
    )
    assert seen.error is None


@pytest.mark.parametrize(
    ("name", "ends"),
    [("tinker-0.5.1", False), ("tinker-0.21", True), ("tinker-0.38", True), ("tinkex-seed", False)],
)
def test_an_observer_that_raises_on_a_try_again_ends_the_poll_since_0_21(name: str, ends: bool) -> None:
    profile = load_profile(name)
    seen = play(profile, try_again(queue_state=PAUSED), done(), operation=Operation.SAVE_STATE, raising=True)
    assert isinstance(seen.error, RaisedError) is ends
    assert len(seen.server.polls) == (1 if ends else 2)
    assert seen.error is None or error_kind(seen.error) == "error"


def test_an_observer_that_raises_at_the_end_ends_the_poll_in_0_38() -> None:
    assert isinstance(play(NEWEST, done(), operation=Operation.SAVE_STATE, raising=True).error, RaisedError)
    assert (
        play(load_profile("tinker-0.21"), done(), operation=Operation.SAVE_STATE, raising=True).error is None
    )


# -- time limits ----------------------------------------------------------------------------------------


def test_a_time_limit_stops_the_waiting_and_not_the_polling() -> None:
    clock = Clock()
    server = Server(clock, [*[dropped()] * 3, done()])

    async def main() -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
            service = ServiceClient("http://tinker.test", SEED, http=http)
            sampler = await service.create_sampling_client(base_model="base")
            with pytest.raises(FutureError, match="within 2.5 s"):
                await sampler.sample(timeout=2.5)
            polled = len(server.polls)
            await asyncio.sleep(60)
            await service.aclose()
            return polled

    assert clock.run(main()) == 2
    assert len(server.polls) == 4


def test_a_closed_service_leaves_no_poll_behind() -> None:
    clock = Clock()
    server = Server(clock, [dropped()] * 1000)

    async def main() -> None:
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(server)) as http,
            ServiceClient("http://tinker.test", SEED, http=http) as service,
        ):
            with pytest.raises(FutureError, match="no result within"):
                await TrainingClient(service, "m").run(Operation.OPTIM_STEP, timeout=2.5)
        polled = len(server.polls)
        await asyncio.sleep(600)
        assert len(server.polls) == polled

    clock.run(main())


def test_a_failure_reaches_the_caller_when_its_telemetry_is_sent() -> None:
    assert play(SEED, status(404)).took == pytest.approx(0.1)
    assert play(TINKEX, status(404)).took == 0


# -- one client, many futures ---------------------------------------------------------------------------


def test_the_debounce_holds_across_the_futures_of_a_client(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    steps = [timeout(queue_state=PAUSED), done(), 59.999, timeout(queue_state=PAUSED), done(), 0.001]
    server = Server(clock, [*steps, timeout(queue_state=PAUSED), done()])

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
            service = ServiceClient("http://tinker.test", SEED, http=http)
            trainer = TrainingClient(service, "m")
            for _ in range(3):
                await trainer.optim_step()

    clock.run(main())
    assert [record.message for record in caplog.records] == [
        "Training is paused for m. Reason: out of capacity"
    ] * 2


def test_futures_of_one_client_run_concurrently() -> None:
    clock = Clock()
    server = Server(clock, [dropped()] * 20 + [done()] * 20)

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
            service = ServiceClient("http://tinker.test", SEED, http=http)
            sampler: SamplingClient = await service.create_sampling_client(model_path="tinker://m")
            await asyncio.gather(*[sampler.sample() for _ in range(20)])

    clock.run(main())
    assert clock.now() == pytest.approx(1)
