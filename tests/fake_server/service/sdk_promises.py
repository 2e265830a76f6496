"""Promises of the official SDK's docstrings (tinker 0.38.0), run by `test_service_page.py`.

One test for each method that promises more than its type, which `test_public_methods.py` checks.
"""

from __future__ import annotations

import pytest
import tinker
from tinker import types

from tinker_conformance.downstream.options import FakeTinkerOptions

BASE = "Qwen/Qwen3-8B"
PROMPT = types.ModelInput.from_ints([10, 20, 30, 40])
PARAMS = types.SamplingParams(max_tokens=4)
ADAM = types.AdamParams(learning_rate=1e-2)
DATUM = tinker.Datum(
    model_input=PROMPT,
    loss_fn_inputs={"target_tokens": [20, 30, 40, 50], "weights": [1.0, 1.0, 1.0, 1.0]},
)
HOUR = 3600


@pytest.fixture
def fake_tinker_options():
    return FakeTinkerOptions(unscripted_complete=True, seed=7)


@pytest.fixture
def service(fake_tinker, fake_tinker_clock):
    return tinker.ServiceClient()


@pytest.fixture
def rest(service):
    return tinker.RestClient()


@pytest.fixture
def training(service):
    return service.create_lora_training_client(base_model=BASE, rank=8, user_metadata={"a": "1"}).result()


def loss(training):
    return training.forward([DATUM], "cross_entropy").result().metrics["loss:sum"]


def step(training, steps=1):
    for _ in range(steps):
        training.forward_backward([DATUM], "cross_entropy").result()
        training.optim_step(ADAM).result()


def test_create_lora_training_client_keeps_rank_and_metadata(training, rest):
    run = rest.get_training_run(training.model_id).result()
    assert (run.lora_rank, run.user_metadata) == (8, {"a": "1"})
    assert training.get_info().model_data.model_name == BASE


def test_create_sampling_client_needs_a_model(service):
    with pytest.raises(ValueError, match="model_path|base_model"):
        service.create_sampling_client().result()


def test_forward_computes_no_gradients(training):
    before = loss(training)
    training.optim_step(ADAM).result()
    assert loss(training) == before


def test_create_training_client_from_state_restores_the_optimizer_only_if_asked(service, training):
    step(training, 3)
    path = training.save_state("three").result().path
    step(training, 2)
    with_it = service.create_training_client_from_state_with_optimizer(path).result()
    without = service.create_training_client_from_state(path).result()
    assert loss(with_it) == loss(without)
    step(with_it, 2)
    step(without, 2)
    assert loss(with_it) == loss(training) != loss(without)


def test_save_state_overwrites_if_asked_and_replaces_the_metadata(training, rest):
    path = training.save_state("x", user_metadata={"a": "1"}).result().path
    with pytest.raises(tinker.ConflictError):
        training.save_state("x").result()
    assert _checkpoint(rest, training, "weights/x").user_metadata == {"a": "1"}
    assert training.save_state("x", overwrite=True, user_metadata={"b": "2"}).result().path == path
    assert _checkpoint(rest, training, "weights/x").user_metadata == {"b": "2"}
    training.save_state("x", overwrite=True).result()
    assert not _checkpoint(rest, training, "weights/x").user_metadata


@pytest.mark.parametrize("seconds", [HOUR - 1, 10 * 366 * 86_400 + 1])
def test_save_takes_lives_of_an_hour_to_ten_years(training, rest, seconds):
    for save in (training.save_state, training.save_weights_for_sampler, training.save_weights_external):
        with pytest.raises(tinker.BadRequestError):
            save("x", ttl_seconds=seconds).result()
    path = training.save_state("y", ttl_seconds=HOUR).result().path
    with pytest.raises(tinker.BadRequestError):
        rest.set_checkpoint_ttl_from_tinker_path(path, seconds).result()
    rest.set_checkpoint_ttl_from_tinker_path(path, None).result()
    assert _checkpoint(rest, training, "weights/y").expires_at is None


def test_copy_weights_keeps_the_kind_in_a_new_run(service, training, rest, monkeypatch):
    monkeypatch.setenv("TINKER_PROJECT_ID", "project-1")
    path = training.save_weights_for_sampler("x").result().path
    copy = service.copy_weights(path, ttl_seconds=HOUR).result()
    assert "sampler_weights" in copy
    assert training.model_id not in copy
    draw = types.SamplingParams(max_tokens=4, seed=1)
    texts = [
        service.create_sampling_client(model_path=each).result().sample(PROMPT, 1, draw).result()
        for each in (path, copy)
    ]
    assert texts[0].sequences[0].tokens == texts[1].sequences[0].tokens
    assert rest.get_training_run_by_tinker_path(copy).result().training_run_id != training.model_id


def test_copy_weights_to_a_project_needs_one(training, rest, monkeypatch):
    monkeypatch.delenv("TINKER_PROJECT_ID", raising=False)
    path = training.save_state("x").result().path
    with pytest.raises(ValueError, match="TINKER_PROJECT_ID"):
        rest.copy_weights(path).result()


def test_save_weights_external_is_listed_and_deleted_as_any_other(training, rest):
    path = training.save_weights_external("x").result().path
    assert rest.get_external_weights_urls(path).result().urls
    assert _checkpoint(rest, training, "external_weights/x")
    rest.delete_checkpoint_from_tinker_path(path).result()
    assert rest.list_checkpoints(training.model_id).result().checkpoints == []


def test_publishing_twice_is_a_conflict(training, rest):
    path = training.save_state("x").result().path
    for change, public in (
        (rest.publish_checkpoint_from_tinker_path, True),
        (rest.unpublish_checkpoint_from_tinker_path, False),
    ):
        change(path).result()
        assert _checkpoint(rest, training, "weights/x").public is public
        with pytest.raises(tinker.ConflictError):
            change(path).result()


@pytest.mark.parametrize("path", ["tinker://nobody/weights/x", "no path"])
def test_what_is_not_there_is_refused(rest, path):
    expected = tinker.NotFoundError if path.startswith("tinker:") else (tinker.BadRequestError, ValueError)
    for ask in (
        rest.publish_checkpoint_from_tinker_path,
        rest.unpublish_checkpoint_from_tinker_path,
        rest.delete_checkpoint_from_tinker_path,
        lambda where: rest.set_checkpoint_ttl_from_tinker_path(where, HOUR),
    ):
        with pytest.raises(expected):
            ask(path).result()


def test_a_sessions_project_is_set(training, rest):
    session = training.model_id.partition(":")[0]
    rest.assign_session_project(session, "project-1").result()
    found = rest.list_training_runs(project_id="project-1").result().training_runs
    assert [run.training_run_id for run in found] == [training.model_id]
    assert rest.list_training_runs(project_id="project-2").result().training_runs == []
    with pytest.raises(tinker.NotFoundError):
        rest.assign_session_project("nobody", "project-1").result()


def test_lists_come_in_pages_and_checkpoints_the_newest_first(training, rest):
    for name in "abc":
        training.save_state(name).result()
    names = [
        checkpoint.checkpoint_id
        for offset in (0, 2)
        for checkpoint in rest.list_user_checkpoints(limit=2, offset=offset).result().checkpoints
    ]
    assert names == ["weights/c", "weights/b", "weights/a"]


def test_compute_logprobs_scores_the_last_tokens_if_asked(service):
    sampler = service.create_sampling_client(base_model=BASE).result()
    every = sampler.compute_logprobs(PROMPT).result()
    assert (every[0], len(every)) == (None, 4)
    last = sampler.compute_logprobs(PROMPT, prompt_logprobs_last_n=2).result()
    assert last == [None, None, *every[-2:]]


def test_sample_has_the_logprobs_that_are_asked_for(service):
    sampler = service.create_sampling_client(base_model=BASE).result()
    found = sampler.sample(
        PROMPT, 3, PARAMS, include_prompt_logprobs=True, topk_prompt_logprobs=2, topk_sample_logprobs=2
    ).result()
    assert len(found.sequences) == 3
    assert found.prompt_logprobs == pytest.approx(sampler.compute_logprobs(PROMPT).result())
    assert [row and len(row) for row in found.topk_prompt_logprobs] == [None, 2, 2, 2]
    assert all(len(sequence.tokens) == len(sequence.logprobs) for sequence in found.sequences)


def test_a_handle_is_another_client_of_the_same_sampler(service):
    sampler = service.create_sampling_client(base_model=BASE).result()
    other = tinker.SamplingClient.from_sampler_handle(sampler.get_sampler_handle())
    assert other.get_base_model() == sampler.get_base_model() == BASE
    assert other.sample(PROMPT, 1, PARAMS).result().sequences


def test_save_weights_and_get_sampling_client_captures_fixed_weights(training):
    sampler = training.save_weights_and_get_sampling_client().result()
    before = sampler.compute_logprobs(PROMPT).result()
    step(training, 3)
    assert sampler.compute_logprobs(PROMPT).result() == before
    assert (
        training.save_weights_and_get_sampling_client().result().compute_logprobs(PROMPT).result() != before
    )


def test_after_close_nothing_is_accepted_and_the_first_reason_stays(service, rest):
    sampler = service.create_sampling_client(base_model=BASE).result()
    assert sampler.sample(PROMPT, 1, PARAMS).result().sequences
    handle = sampler.get_sampler_handle()
    service.close("errored", "out of money").result()
    with pytest.raises(Exception, match="session|finished|closed"):
        tinker.SamplingClient.from_sampler_handle(handle).sample(PROMPT, 1, PARAMS).result()


def _checkpoint(rest, training, name):
    found = rest.list_checkpoints(training.model_id).result().checkpoints
    (checkpoint,) = [each for each in found if each.checkpoint_id == name]
    return checkpoint
