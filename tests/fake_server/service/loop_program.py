"""A training run with the official SDK, in its lean environment; prints its results as JSON.

Usage: loop_program.py SEED (in process, on respx), or loop_program.py SEED BASE_URL
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import tinker
from tinker import types

from fake_server import FakeTinker, Operation, Request, every, mounted
from fake_server.script import script, timeout

MODERN = hasattr(tinker, "RestClient")  # 0.38.0, whose futures of creations are to be resolved
SEED = int(sys.argv[1])


def datum(tokens: list[int], targets: list[int], weights: list[float]) -> types.Datum:
    return types.Datum(
        model_input=types.ModelInput.from_ints(tokens),
        loss_fn_inputs={"target_tokens": targets, "weights": weights},  # type: ignore[dict-item]
    )


DATA = [datum([1, 2, 3, 300], [2, 3, 300, 70_000], [0.0, 1.0, 1.0, 1.0]), datum([9, 8], [8, 7], [1.0, 1.0])]
PROMPT = types.ModelInput.from_ints([1, 2])


def resolved(created: Any) -> Any:
    return created.result() if MODERN else created


def failure(call: Any) -> str:
    try:
        call.result(timeout=30)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "none"


def train(client: Any, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        passed = client.forward_backward(DATA, "cross_entropy")
        stepped = client.optim_step(types.AdamParams(learning_rate=1e-3))
        losses.append(passed.result(timeout=30).metrics["loss:sum"])
        stepped.result(timeout=30)
    return losses


def sampled(client: Any, **params: Any) -> list[Any]:
    answer = client.sample(
        prompt=PROMPT, num_samples=2, sampling_params=types.SamplingParams(**params)
    ).result(timeout=30)
    return [[list(each.tokens), list(each.logprobs), each.stop_reason] for each in answer.sequences]


def run(base_url: str) -> dict[str, Any]:
    results: dict[str, Any] = {}
    service = tinker.ServiceClient(base_url=base_url, api_key="tml-test")
    results["models"] = [each.model_name for each in service.get_server_capabilities().supported_models]
    training = resolved(service.create_lora_training_client(base_model="Qwen/Qwen3-8B", rank=16))
    info = training.get_info()
    results["info"] = [info.model_id, info.lora_rank, info.model_data.model_name]
    results["losses"] = train(training, 10)
    state = training.save_state("ten").result(timeout=30).path
    weights = training.save_weights_for_sampler("ten").result(timeout=30).path
    results["paths"] = [state, weights]
    results["later"] = train(training, 2)
    loaded = resolved(service.create_training_client_from_state(state))
    results["loaded"] = loaded.forward(DATA, "cross_entropy").result(timeout=30).metrics["loss:sum"]
    results["late"] = failure(loaded.load_state(state))
    empty = resolved(service.create_lora_training_client(base_model="Qwen/Qwen3-8B", rank=16))
    results["missing"] = failure(empty.load_state("tinker://nobody/weights/nothing"))
    sampler = resolved(service.create_sampling_client(model_path=weights))
    results["sampled"] = sampled(sampler, max_tokens=6)
    results["seeded"] = sampled(sampler, max_tokens=6, seed=5)
    results["greedy"] = sampled(sampler, max_tokens=4, temperature=0.0, stop=[3])
    scored = sampler.compute_logprobs(types.ModelInput.from_ints([1, 2, *results["sampled"][0][0]]))
    results["scored"] = scored.result(timeout=30)
    rest = (
        tinker.RestClient(base_url=base_url, api_key="tml-test") if MODERN else service.create_rest_client()
    )
    if not hasattr(rest, "list_sessions"):  # 0.1.3
        return results
    results["runs"] = [
        each.training_run_id for each in rest.list_training_runs().result(timeout=30).training_runs
    ]
    listed = rest.list_checkpoints(info.model_id).result(timeout=30).checkpoints
    results["checkpoints"] = [[each.checkpoint_id, each.checkpoint_type] for each in listed]
    found = rest.get_weights_info_by_tinker_path(state).result(timeout=30)
    results["weights_info"] = [found.base_model, found.lora_rank]
    rest.publish_checkpoint_from_tinker_path(state).result(timeout=30)
    everything = rest.list_user_checkpoints().result(timeout=30).checkpoints
    results["public"] = [each.public for each in everything]
    rest.delete_checkpoint_from_tinker_path(state).result(timeout=30)
    results["deleted"] = failure(rest.get_weights_info_by_tinker_path(state))
    (session,) = rest.list_sessions().result(timeout=30).sessions
    found_session = rest.get_session(session).result(timeout=30)
    results["session"] = [found_session.training_run_ids, found_session.sampler_ids]
    results["sampler"] = rest.get_sampler(found_session.sampler_ids[0]).result(timeout=30).model_path
    return results


def cancelled(engine: FakeTinker) -> bool:
    """Whether a sample that nobody waits for any more is cancelled on the server."""
    endless = engine.add_script(
        script().then(timeout()).exhausted("repeat"), operation=Operation.SAMPLE, name="endless"
    )
    sampler = tinker.ServiceClient(base_url="http://tinker.test", api_key="tml-test").create_sampling_client(
        base_model="Qwen/Qwen3-8B"
    )
    future = resolved(sampler).sample(
        prompt=PROMPT, num_samples=1, sampling_params=types.SamplingParams(max_tokens=1)
    )
    while not endless.polls:
        time.sleep(0.01)
    future.future().cancel()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if any(each.path.endswith("/cancel_future") for each in engine.journal.exchanges()):
            answer = engine.handle(
                Request(
                    "POST", "/api/v1/retrieve_future", body=json.dumps({"request_id": "endless"}).encode()
                )
            )
            return b"was cancelled" in getattr(answer, "body", b"")
        time.sleep(0.01)
    return False


def main() -> None:
    warnings.simplefilter("ignore")
    if len(sys.argv) > 2:
        results = run(sys.argv[2])
    else:
        engine = FakeTinker(seed=SEED, client_config={"sample_cancel_enabled": True})
        engine.add_rule(every(3).paused("paused_capacity", polls=2))
        with mounted(engine):
            results = run("http://tinker.test")
            if MODERN:
                results["cancelled"] = cancelled(engine)
        results["problems"] = [problem.message for problem in engine.problems]
    print(json.dumps(results))


main()
