"""How the official SDK, in its lean environment, handles refusals and lost replies of the service.

Prints JSON: by the name of a case what happened.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
import warnings
from types import SimpleNamespace
from typing import Any

import tinker
from tinker import _base_client, types
from tinker.lib import internal_client_holder

from fake_server import DropKind, FakeTinker, Reply, Request, TransportFault, mounted

BASE = "Qwen/Qwen3-8B"
MODERN = hasattr(tinker, "RestClient")
PROMPT = types.ModelInput.from_ints([1, 2])
DATA = [
    types.Datum(
        model_input=types.ModelInput.from_ints([1, 2, 3]),
        loss_fn_inputs={"target_tokens": [2, 3, 4], "weights": [1.0, 1.0, 1.0]},  # type: ignore[dict-item]
    )
]


class LosesReplies(FakeTinker):
    """A service whose first reply to each submission of some paths never arrives."""

    lost: tuple[str, ...] = ()

    def handle(self, request: Request) -> Reply | TransportFault:
        answer = super().handle(request)
        name = request.path.rsplit("/", 1)[-1]
        key = (name, request.body)
        if name in self.lost and key not in self._seen:
            self._seen.add(key)
            return TransportFault(DropKind.RESET)
        return answer

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._seen: set[tuple[str, bytes]] = set()


def resolved(value: Any) -> Any:
    return value.result(timeout=60) if callable(getattr(value, "result", None)) else value


def service() -> Any:
    return tinker.ServiceClient(base_url="http://tinker.test", api_key="tml-test")


def failure(act: Any) -> list[object]:
    try:
        resolved(act())
    except Exception as error:
        return [type(error).__name__, getattr(error, "status_code", None), str(error)]
    return ["none", None, ""]


def tokens(client: Any, prompt: types.ModelInput = PROMPT, limit: int = 6) -> list[int]:
    params = types.SamplingParams(max_tokens=limit)
    return list(
        resolved(client.sample(prompt=prompt, num_samples=1, sampling_params=params)).sequences[0].tokens
    )


def losses(engine: FakeTinker) -> list[float]:
    with mounted(engine):
        training = resolved(service().create_lora_training_client(base_model=BASE, rank=8))
        found = []
        for _ in range(3):
            passed = training.forward_backward(DATA, "cross_entropy")
            stepped = training.optim_step(types.AdamParams(learning_rate=1e-3))
            found.append(resolved(passed).metrics["loss:sum"])
            resolved(stepped)
        return found


def lost_replies() -> dict[str, object]:
    whole, lossy = FakeTinker(seed=7), LosesReplies(seed=7)
    lossy.lost = ("optim_step", "forward_backward", "create_model")
    results = {"whole": losses(whole), "lossy": losses(lossy)}
    submitted = [each.path for each in lossy.journal.exchanges() if each.path.endswith("/optim_step")]
    futures = [future for future in lossy.futures if future.operation == "optim_step"]
    return {**results, "submissions": len(submitted), "futures": len(futures)}


async def at_once(_seconds: float) -> None:
    """Sleeps no time."""


def refusals() -> dict[str, object]:
    engine = FakeTinker(seed=7)
    results: dict[str, object] = {}
    with mounted(engine):
        client = service()
        training = resolved(client.create_lora_training_client(base_model=BASE, rank=8))
        state = resolved(training.save_state("x")).path
        sampler_path = resolved(training.save_weights_for_sampler("x", **ttl(7200))).path
        # The SDK repeats a 409 for five minutes by this clock; up to 0.6.3 its HTTP client sleeps in between.
        real, real_anyio = internal_client_holder.time, _base_client.anyio
        _base_client.anyio = SimpleNamespace(sleep=at_once)  # type: ignore[assignment]
        jumps = itertools.count(time.time(), 400)
        internal_client_holder.time = SimpleNamespace(time=lambda: next(jumps), monotonic=time.monotonic)  # type: ignore[assignment]
        results["name that exists"] = failure(lambda: training.save_state("x"))
        results["name of a sampler that exists"] = failure(lambda: training.save_weights_for_sampler("x"))
        internal_client_holder.time, _base_client.anyio = real, real_anyio
        results["after a conflict"] = resolved(training.save_state("y")).path.rsplit("/", 1)[-1]
        if MODERN:
            results["short ttl"] = failure(lambda: training.save_state("z", ttl_seconds=300))
        results["late load"] = failure(lambda: training.load_state(state))
        of_state = resolved(client.create_sampling_client(model_path=state))
        results["sample of training weights"] = failure(lambda: sample_of(of_state))
        sampler = resolved(client.create_sampling_client(model_path=sampler_path))
        results["sampler id"] = sampler._sampling_session_id
        results["long prompt"] = failure(lambda: sample_of(sampler, types.ModelInput.from_ints([1] * 32_768)))
        rest = tinker.RestClient(base_url="http://tinker.test", api_key="tml-test") if MODERN else None
        rest = rest or client.create_rest_client()
        results["nobody's checkpoint"] = failure(
            lambda: rest.get_weights_info_by_tinker_path("tinker://nobody/weights/x")
        )
        engine.advance(7200)
        if MODERN:
            results["expired checkpoint"] = failure(lambda: sample_of(sampler))
            results["expired path"] = failure(lambda: rest.get_weights_info_by_tinker_path(sampler_path))
        session = sampler._sampling_session_id.split(":")[0]
        reason = b'{"reason": {"type": "success"}}'
        engine.handle(Request("POST", f"/api/v1/sessions/{session}/finish", body=reason))
        base = resolved(service().create_sampling_client(base_model=BASE))
        results["another session"] = len(tokens(base)) > 0
        results["finished session"] = failure(lambda: sample_of(sampler))
        results["finished training"] = failure(
            lambda: training.optim_step(types.AdamParams(learning_rate=1e-3))
        )
    results["problems"] = [problem.message for problem in engine.problems]
    return results


def sample_of(client: Any, prompt: types.ModelInput = PROMPT) -> Any:
    return client.sample(prompt=prompt, num_samples=1, sampling_params=types.SamplingParams(max_tokens=1))


def ttl(seconds: int) -> dict[str, int]:
    return {"ttl_seconds": seconds} if MODERN else {}


def clones() -> dict[str, object]:
    """Copies of a sampling client, and the polls of whole sessions (0.26 and later, behind flags)."""
    config = {"sample_use_retrieve_futures": True, "sample_join_sampling_session": True}
    engine = FakeTinker(seed=7, client_config=config)
    with mounted(engine):
        sampler = resolved(service().create_sampling_client(base_model=BASE))
        handle = sampler.get_sampler_handle()
        copies = [tinker.SamplingClient.from_sampler_handle(handle, api_key="tml-test") for _ in range(2)]
        found = [tokens(each) for each in (sampler, *copies, sampler)]
    polled = sum(each.path.endswith("/retrieve_futures") for each in engine.journal.exchanges())
    return {
        "samples": found,
        "polled": polled > 0,
        "problems": [problem.message for problem in engine.problems],
    }


def main() -> None:
    warnings.simplefilter("ignore")
    results: dict[str, object] = {"lost": lost_replies(), "refusals": refusals()}
    if MODERN:
        results["clones"] = clones()
    print(json.dumps(results))
    sys.stdout.flush()
    os._exit(0)


main()
