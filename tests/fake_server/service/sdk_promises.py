"""Promises of the official SDK's docstrings (tinker 0.38.0), run by `test_service_page.py`.

One test for each method that promises more than its type, which `test_public_methods.py` checks.
"""

from __future__ import annotations

import datetime

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
    service.close("success").result()
    (found,) = rest.search_sessions(types.SessionSearchRequest()).result().sessions
    assert (found.status.reason.type, found.status.detail) == ("errored", "out of money")
    with pytest.raises(Exception, match="session|finished|closed"):
        tinker.SamplingClient.from_sampler_handle(handle).sample(PROMPT, 1, PARAMS).result()


def test_a_session_has_what_its_client_says_of_it(fake_tinker, fake_tinker_clock, rest, monkeypatch):
    monkeypatch.setenv("TINKER_PROJECT_ID", "project-2")
    service = tinker.ServiceClient(user_metadata={"who": "me"}, display_name="My Run")
    training = service.create_lora_training_client(base_model=BASE, rank=8).result()
    sampler = service.create_sampling_client(base_model=BASE).result()
    session = training.model_id.partition(":")[0]
    found = rest.get_session(session).result()
    assert (found.user_metadata, found.display_name) == ({"who": "me"}, "My Run")
    assert found.training_run_ids == [training.model_id]
    assert found.sampler_ids == [sampler._sampling_session_id]
    # The project of the environment, since none is given.
    runs = rest.list_training_runs(project_id="project-2").result().training_runs
    assert [run.training_run_id for run in runs] == [training.model_id]
    described = rest.get_sampler(found.sampler_ids[0]).result()
    assert (described.sampler_id, described.base_model) == (found.sampler_ids[0], BASE)


def test_sessions_are_searched_by_words_and_pages_the_newest_first(fake_tinker, fake_tinker_clock, rest):
    for name in ("Alpha run", "beta RUN", "gamma"):
        tinker.ServiceClient(display_name=name, user_metadata={"of": name[0]}).create_sampling_client(
            base_model=BASE
        ).result()

    def names(**asked):
        return [each.display_name for each in search(rest, **asked).sessions]

    assert names() == ["gamma", "beta RUN", "Alpha run"]
    assert names(display_name="run ALPHA") == ["Alpha run"]
    assert names(user_metadata={"of": "b"}) == ["beta RUN"]
    first = search(rest, limit=2)
    second = search(rest, limit=2, cursor=first.next_cursor)
    assert [each.display_name for each in (*first.sessions, *second.sessions)] == names()
    assert (first.next_cursor is None, second.next_cursor) == (False, None)
    pages = [rest.list_sessions(limit=2, offset=offset).result().sessions for offset in (0, 2)]
    assert [*pages[0], *pages[1]] == [each.session_id for each in search(rest).sessions]


def test_lists_have_twenty_entries_unless_more_are_asked_for(service, rest):
    made = [service.create_lora_training_client(base_model=BASE, rank=8).result() for _ in range(21)]
    assert len(rest.list_training_runs().result().training_runs) == 20
    every = rest.list_training_runs(limit=50).result().training_runs
    assert {run.training_run_id for run in every} == {each.model_id for each in made}
    last = rest.list_training_runs(offset=20).result()
    assert (len(last.training_runs), last.cursor.total_count) == (1, 21)


def test_the_checkpoints_of_all_runs_are_listed_together(service, training, rest):
    other = service.create_lora_training_client(base_model=BASE, rank=8).result()
    paths = [each.save_state("x").result().path for each in (training, other)]
    listed = rest.list_user_checkpoints().result().checkpoints
    assert [each.tinker_path for each in listed] == paths[::-1]
    assert [each.tinker_path for each in rest.list_checkpoints(other.model_id).result().checkpoints] == paths[
        1:
    ]


def test_the_rank_is_32_and_layers_are_trained_unless_asked_otherwise(service, rest):
    training = service.create_lora_training_client(base_model=BASE, train_mlp=False).result()
    assert rest.get_training_run(training.model_id).result().lora_rank == 32
    path = training.save_state("x").result().path
    found = rest.get_weights_info_by_tinker_path(path).result()
    assert (found.lora_rank, found.train_mlp, found.train_attn, found.train_unembed) == (
        32,
        False,
        True,
        True,
    )


def test_a_checkpoint_expires_so_many_seconds_from_now(fake_tinker, training, rest):
    path = training.save_state("x").result().path
    rest.set_checkpoint_ttl_from_tinker_path(path, 2 * HOUR).result()
    fake_tinker.advance(HOUR)
    assert _checkpoint(rest, training, "weights/x")
    fake_tinker.advance(HOUR + 5)
    assert rest.list_checkpoints(training.model_id).result().checkpoints == []


def test_a_copy_cannot_be_trained_on(service, training, rest, monkeypatch):
    monkeypatch.setenv("TINKER_PROJECT_ID", "project-1")
    copy = service.copy_weights(training.save_state("x").result().path).result()
    run = rest.get_training_run_by_tinker_path(copy).result()
    assert run.training_run_id.partition(":")[0] != training.model_id.partition(":")[0]
    # It can be loaded into a run of its own.
    assert loss(service.create_training_client_from_state(copy).result()) == loss(training)


def test_a_new_run_from_a_state_has_the_metadata_that_it_is_given(service, training, rest):
    path = training.save_state("x").result().path
    made = service.create_training_client_from_state(path, user_metadata={"b": "2"}).result()
    assert rest.get_training_run(made.model_id).result().user_metadata == {"b": "2"}


def test_the_files_of_external_weights_and_the_trace_can_be_downloaded(training, rest):
    path = training.save_weights_external("x").result().path
    found = rest.get_external_weights_urls(path).result()
    assert "adapter_config.json" in found.urls
    assert all(url.startswith("http") for url in found.urls.values())
    assert found.expires > datetime.datetime.now(datetime.UTC)
    session = training.model_id.partition(":")[0]
    assert rest.export_session_trace(session).result().startswith("http")


def test_what_is_known_already_asks_the_server_nothing(fake_tinker, service, training, rest):
    sampler = service.create_sampling_client(base_model=BASE).result()
    before = len(fake_tinker.journal)
    assert sampler.get_base_model() == training.get_info().model_data.model_name == BASE
    assert "tml-" not in sampler.get_sampler_handle()
    assert len(fake_tinker.journal) == before


def test_inflight_clients_share_the_newest_weights(training):
    first = training.save_weights_and_get_sampling_client(kind="inflight").result()
    fixed = training.save_weights_and_get_sampling_client().result()
    before = first.compute_logprobs(PROMPT).result()
    assert fixed.compute_logprobs(PROMPT).result() == before
    step(training, 3)
    second = training.save_weights_and_get_sampling_client(kind="inflight").result()
    assert first.compute_logprobs(PROMPT).result() == second.compute_logprobs(PROMPT).result() != before
    assert fixed.compute_logprobs(PROMPT).result() == before


def test_loads_restore_the_weights_and_come_first(training):
    path = training.save_state("x").result().path
    for load in (training.load_state, training.load_state_with_optimizer):
        with pytest.raises(tinker.BadRequestError, match="LoadWeights is not permitted"):
            load(path).result()


def test_the_logprobs_of_named_tokens_and_alternatives(service):
    sampler = service.create_sampling_client(base_model=BASE).result()
    named = types.TensorData(data=[20, 7, 30, -1, 40, 7], dtype="int64", shape=[3, 2])
    found = sampler.sample(
        PROMPT, 1, PARAMS, include_prompt_logprobs=True, target_prompt_logprobs=named, prompt_alt_tokens_k=2
    ).result()
    rows = found.target_prompt_logprobs
    assert rows.shape == [3, 2]
    assert rows.data[::2] == pytest.approx(found.prompt_logprobs[1:])
    alternatives = found.prompt_alt_tokens
    assert (alternatives.tokens.shape, alternatives.logprobs.shape) == ([3, 2], [3, 2])


@pytest.mark.parametrize("last", [0, 4])
def test_the_last_n_are_between_one_and_the_prompt(service, last):
    sampler = service.create_sampling_client(base_model=BASE).result()
    with pytest.raises((ValueError, tinker.RequestFailedError)):
        sampler.compute_logprobs(PROMPT, prompt_logprobs_last_n=last).result()


def search(rest, **asked):
    return rest.search_sessions(types.SessionSearchRequest(**asked)).result()


def _checkpoint(rest, training, name):
    found = rest.list_checkpoints(training.model_id).result().checkpoints
    (checkpoint,) = [each for each in found if each.checkpoint_id == name]
    return checkpoint
