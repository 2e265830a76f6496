"""Probes about saved weights: they can be loaded, sampled from, listed and deleted; others are refused."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from tinker_conformance.requirements import Level
from tinker_conformance.server.dialogue import is_missing, not_offered
from tinker_conformance.server.features import SAMPLING, TRAINING, Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import (
    NOWHERE,
    load_body,
    model_body_of,
    pass_body,
    sample_body_of,
)
from tinker_conformance.server.probing import Probing
from tinker_conformance.server.training_effects import PLAIN, differ, log_likelihood, passed, stepped
from tinker_conformance.server.workbench import checkpoint_url, delete_checkpoint

_STEPS: Final = TRAINING | {Feature.OPTIM_STEP}
_SAVES: Final = TRAINING | {Feature.SAVE_STATE}
_LOADS: Final = _SAVES | {Feature.LOAD_STATE}
_SAMPLES: Final = TRAINING | SAMPLING | {Feature.SAVE_FOR_SAMPLER}


def _save(p: Probing, endpoint: str = "save_weights", name: str | None = None) -> str:
    """Save the shared model of the run, and return the path in the server's reply."""
    model = p.bench.model(p)
    body: dict[str, object] = {
        "model_id": model,
        "seq_id": p.bench.next_number(model),
        "path": name or f"conformance-{p.bench.next_number('checkpoints')}",
    }
    path = p.result(p.submit(endpoint, body)).get("path")
    p.require(isinstance(path, str) and path != "", "a path that is text", path)
    p.bench.checkpoints.append(str(path))
    return str(path)


def _path(p: Probing) -> None:
    _has_form(p, _save(p), "weights")


def _sampler_path(p: Probing) -> None:
    _has_form(p, _save(p, "save_weights_for_sampler"), "sampler_weights")


def _has_form(p: Probing, path: str, folder: str) -> None:
    good = path.startswith("tinker://") and f"/{folder}/" in path and checkpoint_url(path) is not None
    p.expect(good, f"tinker://…/{folder}/NAME", path)


def _sampled(p: Probing) -> None:
    p.bench.sampler(p)
    sampler = p.bench.new_sampler(p, model_path=_save(p, "save_weights_for_sampler"))
    p.sampled(p.submit("asample", sample_body_of(sampler, 1)))


def _sampled_now(p: Probing) -> None:
    model = p.bench.model(p)
    body = {
        "model_id": model,
        "seq_id": p.bench.next_number(model),
        "sampling_session_seq_id": 1000 + p.bench.next_number("unnamed"),
    }
    sampler = p.result(p.submit("save_weights_for_sampler", body)).get("sampling_session_id")
    p.require(isinstance(sampler, str) and sampler != "", "a sampling_session_id that is text", sampler)
    p.sampled(p.submit("asample", sample_body_of(str(sampler), 1)))


def _resumed(p: Probing) -> None:
    model = p.bench.model(p)
    passed(p, model)
    stepped(p, model, None, **PLAIN)
    saved = log_likelihood(p, model)
    path = _save(p)
    other = p.bench.new_model(p)
    p.result(p.submit("load_weights", _load(p, other, path)))
    loaded = log_likelihood(p, other)
    p.expect(not differ(saved, loaded), f"a log-likelihood of {saved:g}, as when it was saved", f"{loaded:g}")


def _load(p: Probing, model: str, path: str) -> dict[str, object]:
    return load_body(model, p.bench.next_number(model), path)


def _saved_before(p: Probing) -> None:
    model = p.bench.model(p)
    path = _save(p)
    before = log_likelihood(p, model)
    passed(p, model)
    stepped(p, model, None, **PLAIN)
    other = p.bench.new_model(p)
    p.result(p.submit("load_weights", _load(p, other, path)))
    loaded = log_likelihood(p, other)
    p.expect(not differ(before, loaded), f"{before:g}, as when it was saved", f"{loaded:g}")


def _listed(p: Probing) -> None:
    model = p.bench.model(p)
    answer = p.get("training_runs?limit=100&offset=0")
    found = _named(answer.mapping().get("training_runs"), "training_run_id")
    p.expect(answer.ok and model in found, f"{model!r} among training_runs", found)


def _described(p: Probing) -> None:
    model = p.bench.model(p)
    answer = p.get(f"training_runs/{quote(model, safe='')}")
    run = answer.mapping()
    p.expect(answer.ok and run.get("training_run_id") == model, f"the run {model!r}", str(answer))
    p.expect(isinstance(run.get("base_model"), str), "a base_model that is text", str(answer))


def _checkpoint_listed(p: Probing) -> None:
    path = _save(p)
    model = p.bench.model(p)
    answer = p.get(f"training_runs/{quote(model, safe='')}/checkpoints")
    found = _named(answer.mapping().get("checkpoints"), "tinker_path")
    p.expect(answer.ok and path in found, f"{path} among the checkpoints of the run", found or str(answer))


def _of_all_listed(p: Probing) -> None:
    path = _save(p)
    answer = p.get("checkpoints?limit=100&offset=0")
    found = _named(answer.mapping().get("checkpoints"), "tinker_path")
    p.expect(answer.ok and path in found, f"{path} among all checkpoints", found or str(answer))


def _named(listed: object, key: str) -> list[object]:
    return [each.get(key) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _deleted(p: Probing) -> None:
    path = _save(p)
    model = p.bench.model(p)
    answer = delete_checkpoint(p, path)
    if answer is None or is_missing(answer):
        raise not_offered(f"a checkpoint cannot be deleted: {answer}")
    p.require(answer.ok, "HTTP 200 or 204", str(answer))
    listed = p.get(f"training_runs/{quote(model, safe='')}/checkpoints")
    if not is_missing(listed):
        found = _named(listed.mapping().get("checkpoints"), "tinker_path")
        p.expect(path not in found, f"{path} no longer among the checkpoints", found)


def _deleted_nobody(p: Probing) -> None:
    model = p.bench.model(p)
    answer = p.ask("DELETE", f"training_runs/{quote(model, safe='')}/checkpoints/weights/no-such-checkpoint")
    p.offered(answer)
    p.expect(400 <= answer.status < 500, "a 4xx", str(answer))


def _described_weights(p: Probing) -> None:
    answer = p.post("weights_info", {"tinker_path": _save(p)})
    base = answer.mapping().get("base_model")
    p.expect(answer.ok and isinstance(base, str), "HTTP 200 with a base_model that is text", str(answer))


def _same_name(p: Probing) -> None:
    name = f"conformance-twice-{p.bench.next_number('checkpoints')}"
    _save(p, name=name)
    model = p.bench.model(p)
    body = {"model_id": model, "seq_id": p.bench.next_number(model), "path": name}
    answer = p.post("save_weights", body)
    if answer.ok:
        p.end(p.request_id(answer))
    else:
        p.bench.take_back(body)
        p.refused(answer)


def _unknown_checkpoint(p: Probing) -> None:
    p.bench.model(p)
    other = p.bench.new_model(p)
    p.refused_or_failed(p.post("load_weights", _load(p, other, NOWHERE)))


def _sampled_unknown(p: Probing) -> None:
    path = "tinker://no-such-run/sampler_weights/no-such-checkpoint"
    answer = p.bench.open_sampler(p, model_path=path)
    if not answer.ok:
        p.refused(answer)
        return
    sampler = answer.mapping().get("sampling_session_id")
    p.refused_or_failed(p.post("asample", sample_body_of(str(sampler), 1)))


def _other_base(p: Probing) -> None:
    other_base = next((name for name in p.bench.offer.models if name != p.bench.base_model), None)
    if other_base is None:
        raise not_offered("the capabilities list one base model only")
    path = _save(p)
    other = p.bench.new_model(p, other_base)
    p.refused_or_failed(p.post("load_weights", _load(p, other, path)))


def _somebody_elses(p: Probing) -> None:
    model = p.bench.model(p)
    body = pass_body(model, p.bench.next_number(model))
    answer = p.post(
        "forward_backward",
        body,
        with_key=False,
        headers={"x-api-key": "tml-no-such-key"},
    )
    if answer.ok:
        p.end(p.request_id(answer))
        raise not_offered("the server takes any key")
    p.bench.take_back(body)
    p.refused(answer)


def _in_no_session(p: Probing) -> None:
    p.bench.session(p)
    answer = p.post("create_model", model_body_of("no-such-session", 0, p.bench.base_model))
    if answer.ok:
        p.end(p.request_id(answer))
    else:
        p.refused(answer)


PROBES: Final = (
    Probe(
        id="state.path",
        sentence="`save_weights` returns a path `tinker://…/weights/NAME`.",
        source="`ParsedCheckpointTinkerPath` of every release of tinker splits the path into these parts",
        check=_path,
        needs=_SAVES,
    ),
    Probe(
        id="state.sampler_path",
        sentence="`save_weights_for_sampler` with a name returns a path `tinker://…/sampler_weights/NAME`.",
        source="`ParsedCheckpointTinkerPath` of every release of tinker splits the path into these parts",
        check=_sampler_path,
        needs=TRAINING | {Feature.SAVE_FOR_SAMPLER},
    ),
    Probe(
        id="state.sampled",
        sentence="Weights that were saved for a sampler can be sampled from.",
        source="`TrainingClient.save_weights_and_get_sampling_client` of every release of tinker does this",
        check=_sampled,
        needs=_SAMPLES,
    ),
    Probe(
        id="state.sampled_now",
        sentence=(
            "`save_weights_for_sampler` without a name returns a `sampling_session_id` that can be sampled "
            "from."
        ),
        source="tinker 0.5.1 saves weights for a sampler without a name",
        check=_sampled_now,
        needs=_SAMPLES,
        releases=Releases("0.5.1"),
    ),
    Probe(
        id="state.resumed",
        sentence="A checkpoint loaded into a new model gives the same numbers as the model that was saved.",
        source="`ServiceClient.create_training_client_from_state` of every release of tinker does this",
        check=_resumed,
        needs=_LOADS | _STEPS,
    ),
    Probe(
        id="state.saved_before",
        sentence="A checkpoint does not change when its model is trained further.",
        source=(
            "`ServiceClient.create_training_client_from_state` of every release of tinker loads such a "
            "checkpoint"
        ),
        check=_saved_before,
        needs=_LOADS | _STEPS,
    ),
    Probe(
        id="state.listed",
        sentence="`training_runs` lists the model.",
        source="`RestClient.list_training_runs` of tinker 0.1.0 returns this list",
        check=_listed,
        needs=TRAINING | {Feature.TRAINING_RUNS},
    ),
    Probe(
        id="state.described",
        sentence="`training_runs/MODEL_ID` describes the model and names its base model.",
        source="tinker 0.1.0 requests this before it creates a model from a checkpoint",
        check=_described,
        needs=TRAINING | {Feature.TRAINING_RUNS},
    ),
    Probe(
        id="state.checkpoint_listed",
        sentence="The list of a run's checkpoints contains what was saved.",
        source="`RestClient.list_checkpoints` of tinker 0.1.0 returns this list",
        check=_checkpoint_listed,
        needs=_SAVES | {Feature.TRAINING_RUNS},
    ),
    Probe(
        id="state.of_all_listed",
        sentence="The list `checkpoints` contains what was saved.",
        source="`RestClient.list_user_checkpoints` of tinker 0.4.0 returns this list",
        check=_of_all_listed,
        needs=_SAVES | {Feature.CHECKPOINTS},
        releases=Releases("0.4.0"),
    ),
    Probe(
        id="state.deleted",
        sentence="A checkpoint that was deleted is no longer listed.",
        source="`RestClient.delete_checkpoint` of tinker 0.1.0 deletes a checkpoint",
        check=_deleted,
        needs=_SAVES,
    ),
    Probe(
        id="state.deleted_nobody",
        sentence="Deleting a checkpoint that does not exist is refused.",
        source="`RestClient.delete_checkpoint` of tinker 0.1.0 raises an error for a refusal",
        check=_deleted_nobody,
        level=Level.QUIRK,
        needs=_SAVES,
    ),
    Probe(
        id="state.weights_info",
        sentence="`weights_info` names the base model of a checkpoint.",
        source="tinker 0.6.0 requests this before it creates a model from a checkpoint",
        check=_described_weights,
        needs=_SAVES | {Feature.WEIGHTS_INFO},
        releases=Releases("0.6.0"),
    ),
    Probe(
        id="state.same_name",
        sentence="Saving under a name that exists is refused or succeeds, but does not stay pending.",
        source="tinker-cookbook handles the 409 with which the real service refuses such a name",
        check=_same_name,
        needs=_SAVES,
    ),
    Probe(
        id="state.unknown_checkpoint",
        sentence="Loading a checkpoint that does not exist is refused, or its future fails.",
        source="Every release of tinker raises an error for a refusal; it would repeat the request on a 5xx",
        check=_unknown_checkpoint,
        needs=_LOADS,
    ),
    Probe(
        id="state.sampled_unknown",
        sentence="Sampling from a checkpoint that does not exist is refused, or its future fails.",
        source="Every release of tinker raises an error for a refusal; it would repeat the request on a 5xx",
        check=_sampled_unknown,
        needs=SAMPLING,
    ),
    Probe(
        id="state.other_base",
        sentence="Loading a checkpoint of another base model is refused, or its future fails.",
        source=(
            "Every release of tinker raises an error for a refusal; weights of another shape are useless "
            "to its user"
        ),
        check=_other_base,
        needs=_LOADS | {Feature.CAPABILITIES},
    ),
    Probe(
        id="state.somebody_elses",
        sentence="If the server checks keys, training a model with another key than its owner's is refused.",
        source="The real service keeps the models of its users apart",
        check=_somebody_elses,
        needs=TRAINING,
    ),
    Probe(
        id="state.in_no_session",
        sentence=(
            "Creating a model in a session that does not exist is refused or succeeds, but does not stay "
            "pending."
        ),
        source="tinker 0.3.0 raises an error for a refusal; it would repeat the request on a 5xx",
        check=_in_no_session,
        level=Level.QUIRK,
        needs=TRAINING,
        releases=Releases("0.3.0"),
    ),
)
