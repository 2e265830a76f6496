"""Whole training runs with the official SDK, in process and on a socket, with pauses by rule."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from fake_server import FakeTinker, FakeTinkerServer, every
from tinker_conformance.sdk.official.environments import lean_environment

PROGRAM = Path(__file__).with_name("loop_program.py")
ROOT = Path(__file__).parents[3]
VERSIONS = ("0.6.3", "0.38.0")


def _run(version: str, *arguments: str) -> dict[str, Any]:
    environment = lean_environment(version)
    done = subprocess.run(
        [str(environment.python), str(PROGRAM), *arguments],
        env=environment.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert isinstance(results, dict)
    return results


@pytest.fixture(scope="module", params=VERSIONS)
def in_process(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, _run(request.param, "7")


def test_the_losses_are_finite_fall_and_come_back_with_the_weights(
    in_process: tuple[str, dict[str, Any]],
) -> None:
    _, results = in_process
    assert len(results["losses"]) == 10
    assert all(map(math.isfinite, results["losses"]))
    assert results["losses"] == sorted(results["losses"], reverse=True)
    assert results["loaded"] == results["later"][0] < results["losses"][-1]
    assert results["problems"] == []


def test_samples_agree_with_the_logprobs_that_are_computed(in_process: tuple[str, dict[str, Any]]) -> None:
    _, results = in_process
    (tokens, logprobs, _), other = results["sampled"]
    assert results["scored"][0] is None
    assert results["scored"][2:] == logprobs
    assert len(tokens) <= 6
    assert tokens != other[0]
    assert results["greedy"][0] == results["greedy"][1]
    assert results["greedy"][0][2] == ("stop" if results["greedy"][0][0][-1] == 3 else "length")


def test_the_rest_client_sees_what_was_made(in_process: tuple[str, dict[str, Any]]) -> None:
    _, results = in_process
    model_id, rank, name = results["info"]
    assert (rank, name) == (16, "Qwen/Qwen3-8B")
    assert len(results["runs"]) == 3
    assert results["runs"][-1] == model_id  # the newest comes first
    assert results["checkpoints"] == [["weights/ten", "training"], ["sampler_weights/ten", "sampler"]]
    assert results["weights_info"] == ["Qwen/Qwen3-8B", 16]
    assert results["public"] == [False, True]  # the newest comes first
    assert results["session"][0] == results["runs"][::-1]
    assert results["sampler"] == results["paths"][1]


def test_what_is_not_there_raises_the_errors_of_the_sdk(in_process: tuple[str, dict[str, Any]]) -> None:
    _, results = in_process
    assert results["late"].startswith("BadRequestError: ")
    assert "LoadWeights is not permitted with seq_id" in results["late"]
    assert results["missing"].startswith("RequestFailedError: ")
    assert "no checkpoint was saved at" in results["missing"]
    assert results["deleted"].startswith("NotFoundError: ")


def test_a_socket_and_another_process_give_the_same_numbers(in_process: tuple[str, dict[str, Any]]) -> None:
    version, results = in_process
    engine = FakeTinker(seed=7)
    engine.add_rule(every(2).paused("paused_rate_limit", polls=1, signal="try_again"))
    with FakeTinkerServer(engine) as server:
        over_socket = _run(version, "7", server.url)
    engine.verify()
    assert over_socket == {key: results[key] for key in results if key not in ("problems", "cancelled")}
    assert any(event["event"] == "SESSION_START" for event in engine.telemetry)
    assert [len(session.run_ids) for session in _sessions(engine)] == [3]


def test_a_sample_that_nobody_waits_for_is_cancelled(in_process: tuple[str, dict[str, Any]]) -> None:
    version, results = in_process
    assert results.get("cancelled") is (True if version == "0.38.0" else None)


def test_another_seed_gives_others(in_process: tuple[str, dict[str, Any]]) -> None:
    version, results = in_process
    other = _run(version, "8")
    assert not set(results["losses"]) & set(other["losses"])
    assert results["info"][0] != other["info"][0]
    assert results["sampled"] != other["sampled"]


@pytest.mark.slow
def test_releases_agree_on_every_number() -> None:
    # Draws without a seed of their own are for a sampler of a session, which release 0.1 has not.
    keys = ("losses", "later", "loaded", "seeded", "greedy")
    results = (_run(version, "7") for version in ("0.1.3", *VERSIONS))
    first, old, new = ({key: result[key] for key in keys} for result in results)
    assert first == old == new


def _sessions(engine: FakeTinker) -> list[Any]:
    assert engine._service is not None
    return list(engine._service.sessions.values())


DOWNSTREAM = """
import itertools
import time
import pytest
import tinker
from tinker import types
from fake_server import at_most, every, outage
from tinker_conformance.downstream.options import FakeTinkerOptions

tinker.ServiceClient, tinker.SamplingClient


@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(unscripted_complete=True, seed=7)


def test_a_pause_of_90_s_warns_as_it_would_in_reality(fake_tinker, fake_tinker_clock, fake_tinker_warnings):
    fake_tinker.add_rule(every(2, operation="sample").paused("paused_capacity", seconds=90))
    sampler = tinker.ServiceClient().create_sampling_client(base_model="Qwen/Qwen3-8B")
    sampler = sampler.result() if hasattr(sampler, "result") else sampler
    for _ in range(2):
        sampler.sample(
            prompt=types.ModelInput.from_ints([1]),
            num_samples=1,
            sampling_params=types.SamplingParams(max_tokens=2),
        ).result()
    assert logged(fake_tinker_warnings, "sampling") == [0, 60]
    assert fake_tinker_clock.elapsed == 90


def test_a_training_pause_warns_as_the_release_does(fake_tinker, fake_tinker_clock, fake_tinker_warnings):
    fake_tinker.add_rule(every(1, operation="optim_step").paused("paused_capacity", seconds=1000))
    training = tinker.ServiceClient().create_lora_training_client(base_model="Qwen/Qwen3-8B")
    training = training.result() if hasattr(training, "result") else training
    training.optim_step(types.AdamParams(learning_rate=1e-3)).result()
    # From 0.38 on a pause is told once it has lasted 15 minutes.
    wanted = [900, 960] if hasattr(tinker, "RestClient") else list(range(0, 1000, 60))
    assert logged(fake_tinker_warnings, "training") == wanted


def test_pauses_of_a_rule_pass_at_the_same_time(fake_tinker, fake_tinker_clock, fake_tinker_warnings):
    began = time.monotonic()
    fake_tinker.add_rule(every(1, operation="sample").paused("paused_capacity", seconds=600))
    take_sixteen_samples()
    # Each pause lasts 600 s from its first poll, which may come after polls of others moved the clock.
    polls = [fake_tinker.polls(future) for future in fake_tinker.futures]
    assert len(polls) == 16
    assert fake_tinker_clock.elapsed == 600 + max(each[0].arrived for each in polls) - began
    assert min(each[-1].left - each[0].arrived for each in polls) == 600
    is_told_once_a_minute(logged(fake_tinker_warnings, "sampling"), fake_tinker_clock.elapsed)


def test_an_outage_takes_as_long_for_sixteen_as_for_one(fake_tinker, fake_tinker_clock, fake_tinker_warnings):
    fake_tinker.add_rule(outage("paused_capacity", seconds=600))
    take_sixteen_samples()
    assert fake_tinker_clock.elapsed == 600
    is_told_once_a_minute(logged(fake_tinker_warnings, "sampling"), 600)


def test_the_fifth_sample_of_four_at_a_time_is_paused(fake_tinker, fake_tinker_clock, fake_tinker_warnings):
    # A sample that ends with its first poll is in flight for an instant only: let each take a minute.
    began = time.monotonic()
    fake_tinker.add_rule(every(1, operation="sample").paused("active", seconds=60))
    fake_tinker.add_rule(at_most(4, "paused_rate_limit", operation="sample"))
    take_sixteen_samples()
    ends = sorted(fake_tinker.polls(future)[-1].left - began for future in fake_tinker.futures)
    assert [end >= 60 * (place // 4 + 1) for place, end in enumerate(ends)] == [True] * 16
    assert fake_tinker_warnings.matching(kind="sampling", state="paused_rate_limit")


def take_sixteen_samples():
    sampler = tinker.ServiceClient().create_sampling_client(base_model="Qwen/Qwen3-8B")
    sampler = sampler.result() if hasattr(sampler, "result") else sampler
    params = types.SamplingParams(max_tokens=2)
    prompt = types.ModelInput.from_ints([1])
    samples = [sampler.sample(prompt=prompt, num_samples=1, sampling_params=params) for _ in range(16)]
    assert all(sample.result().sequences for sample in samples)


def is_told_once_a_minute(times, elapsed):
    # Lines come at least 60 s apart, and with the next poll, which is at most 30 s later.
    assert times[0] == 0
    assert all(60 <= after - before <= 90 for before, after in itertools.pairwise(times))
    assert elapsed - 90 <= times[-1] <= elapsed


def logged(warnings, kind):
    return [warning.at - 1_750_000_000 for warning in warnings.matching(kind=kind, state="paused_capacity")]
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pause_by_rule_warns_on_the_frozen_clock(tmp_path: Path, version: str) -> None:
    lean = lean_environment(version)
    (tmp_path / "test_pause.py").write_text(DOWNSTREAM)
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    command = [
        str(lean.python),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "test_pause.py",
    ]
    done = subprocess.run(  # noqa: PLW1510 - the assertion below shows more
        command,
        cwd=tmp_path,
        env={**lean.environment(), "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "5 passed" in done.stdout, done.stdout + done.stderr
