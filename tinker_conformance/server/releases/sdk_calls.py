"""How to do each verb with the official SDK, in the worker process of a release.

A verb is one thing that a user does with the SDK, such as "sample". It has two steps: to get the objects that
the verb needs, which an earlier verb created or a new process opens again, and the call itself. Only public
classes are used. Differences between releases are found by features, never by version. The requests are
small: prompts of two tokens, samples of two tokens, adapters of rank 8.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from fake_server.core.wanted_got import expected_got
from tinker_conformance.report.verb_outcome import VerbOutcome
from tinker_conformance.server.releases.release_failures import VerbError
from tinker_conformance.server.releases.release_messages import Kept

tinker: Any = importlib.import_module("tinker")
types: Any = importlib.import_module("tinker.types")

RANK: Final = 8
PROMPT_TOKENS: Final = (1, 2)
SAMPLED_TOKENS: Final = 2
CANCELLED_TOKENS: Final = 64
"""How many tokens the sample has that is to be cancelled: enough that the server still computes it then."""
TTL_SECONDS: Final = 3600


def resolved(value: Any) -> Any:
    """Return the value of a future or coroutine; if that is one again, wait for its value."""
    while True:
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        elif callable(getattr(value, "result", None)):
            value = value.result()
        else:
            return value


@dataclass
class ReleaseClient:
    """The SDK's clients in one process. Each is created when a verb first needs it.

    Attributes:
        wanted_model: The base model to request; None for the first that the server lists.
        prefix: The beginning of the name of everything that is saved.
        model_ids: The ids of the models that exist.
        state_path: The path of the saved weights with optimizer; None if nothing was saved.
        sampler_path: The path of the weights saved for a sampler; None if nothing was saved.
        paths: The paths of everything that was saved.
    """

    wanted_model: str | None
    prefix: str
    model_ids: list[str] = field(default_factory=list)
    state_path: str | None = None
    sampler_path: str | None = None
    paths: list[str] = field(default_factory=list)

    def restore(self, kept: Kept) -> None:
        """Take over what another process of the same release has created."""
        self.model_ids = list(kept.model_ids)
        self.state_path, self.sampler_path = kept.state_path, kept.sampler_path
        self.paths = list(kept.paths)

    @property
    def kept(self) -> Kept:
        """What has been created on the server, for a later process."""
        return Kept(
            model_ids=tuple(self.model_ids),
            state_path=self.state_path,
            sampler_path=self.sampler_path,
            paths=tuple(self.paths),
        )

    @cached_property
    def service(self) -> Any:
        """A service client with a session.

        Since 0.38 the SDK opens the session when the attribute `holder` is first read; before, when the
        client is created.
        """
        service = tinker.ServiceClient()
        _ = service.holder
        return service

    @cached_property
    def base_model(self) -> str:
        """The base model to request."""
        if self.wanted_model is not None:
            return self.wanted_model
        listed = resolved(self.service.get_server_capabilities()).supported_models
        names = [each.model_name for each in listed if isinstance(getattr(each, "model_name", None), str)]
        if not names:
            text = "the server's capabilities list no model_name; name one with --base-model"
            raise VerbError(VerbOutcome.NOT_TESTABLE, text)
        return str(names[0])

    @cached_property
    def training(self) -> Any:
        """The training client for verbs that change a model."""
        return self.new_training()

    def new_training(self) -> Any:
        """Create a model and return its training client."""
        made = self.service.create_lora_training_client(base_model=self.base_model, rank=RANK)
        return self.noted(resolved(made))

    def noted(self, client: Any) -> Any:
        """Remember the model of a training client, to delete the model at the end; return the client."""
        model_id = getattr(client, "model_id", None)
        if isinstance(model_id, str) and model_id not in self.model_ids:
            self.model_ids.append(model_id)
        return client

    @cached_property
    def saved_state(self) -> str:
        """The path of the saved weights with optimizer."""
        if self.state_path is None:
            self.state_path = self.saved(resolved(self.training.save_state(self.name("state"))))
        return self.state_path

    @cached_property
    def saved_sampler(self) -> str:
        """The path of the weights saved for a sampler."""
        if self.sampler_path is None:
            made = self.training.save_weights_for_sampler(self.name("sampler"))
            self.sampler_path = self.saved(resolved(made))
        return self.sampler_path

    def name(self, what: str) -> str:
        """Return a name to save something under, which no other run uses."""
        return f"{self.prefix}-{what}-{len(self.paths)}"

    def saved(self, response: Any) -> str:
        """Remember the path in the reply to a save, so that it is deleted at the end, and return the path."""
        path = response.path
        expect(isinstance(path, str) and bool(path), "a path", path)
        self.paths.append(path)
        return str(path)

    @cached_property
    def sampler(self) -> Any:
        """A sampling client for the saved weights."""
        return self.sampling_client(model_path=self.saved_sampler)

    def sampling_client(self, **source: str) -> Any:
        """Return a new sampling client."""
        return resolved(self.service.create_sampling_client(**source))

    @cached_property
    def rest(self) -> Any:
        """A REST client."""
        if not hasattr(self.service, "create_rest_client"):
            raise VerbError(VerbOutcome.ABSENT)
        return self.service.create_rest_client()

    @cached_property
    def session_id(self) -> str:
        """The id of a session in the server's list."""
        return str(resolved(self.rest.list_sessions()).sessions[0])

    @property
    def run_id(self) -> str:
        """The id of the training run of the saved weights, which every release takes from their path."""
        return self.saved_state.removeprefix("tinker://").split("/")[0]


def expect(holds: object, wanted: str, got: object) -> None:
    """Check a result of the SDK.

    Raises:
        VerbError: `holds` is false.
    """
    if not holds:
        raise VerbError(VerbOutcome.ERROR, expected_got(wanted, repr(str(got)[:200])))


Act = Callable[[], object]
Call = Callable[[ReleaseClient], Act]
"""A function that gets the objects that a verb needs, and returns a function that does the verb."""


def data() -> list[Any]:
    """Return one training example of two tokens."""
    tokens = types.TensorData(data=[2, 3], dtype="int64", shape=[2])
    weights = types.TensorData(data=[1.0, 1.0], dtype="float32", shape=[2])
    return [types.Datum(model_input=prompt(), loss_fn_inputs={"target_tokens": tokens, "weights": weights})]


def prompt() -> Any:
    """Return a prompt of two tokens."""
    return types.ModelInput.from_ints(list(PROMPT_TOKENS))


def _method(target: Any, name: str) -> Any:
    """Return the method of this name.

    Raises:
        VerbError: The release does not have the method.
    """
    found = getattr(target, name, None)
    if found is None:
        raise VerbError(VerbOutcome.ABSENT)
    return found


def _connect(session: ReleaseClient) -> Act:
    return lambda: session.service


def _capabilities(session: ReleaseClient) -> Act:
    service = session.service
    return lambda: resolved(service.get_server_capabilities())


def _create_model(session: ReleaseClient) -> Act:
    _ = session.base_model
    return lambda: session.training


def _on_model(name: str, *arguments: Callable[[], object], check: Callable[[Any], None]) -> Call:
    def call(session: ReleaseClient) -> Act:
        method = _method(session.training, name)

        def act() -> None:
            check(resolved(method(*(each() for each in arguments))))

        return act

    return call


def _check_passed(result: Any) -> None:
    outputs = result.loss_fn_outputs
    expect(len(outputs) == 1, "outputs for one example", outputs)
    numbers = outputs[0]["logprobs"].data if "logprobs" in outputs[0] else None
    expect(numbers is not None and len(numbers) == len(PROMPT_TOKENS), "two log-probabilities", outputs)


def _optim_step(session: ReleaseClient) -> Act:
    training = session.training

    def act() -> None:
        passed = training.forward_backward(data(), "cross_entropy")
        stepped = training.optim_step(types.AdamParams(learning_rate=1e-4))
        resolved(passed)
        resolved(stepped)

    return act


def _save_state(session: ReleaseClient) -> Act:
    _ = session.training
    return lambda: session.saved_state


def _save_for_sampler(session: ReleaseClient) -> Act:
    _ = session.training
    return lambda: session.saved_sampler


def _load(name: str) -> Call:
    def call(session: ReleaseClient) -> Act:
        path, training = session.saved_state, session.new_training()
        method = _method(training, name)
        return lambda: resolved(method(path))

    return call


def _resume(session: ReleaseClient) -> Act:
    path = session.saved_state
    method = _method(session.service, "create_training_client_from_state")
    return lambda: session.noted(resolved(method(path)))


def _create_sampling_client(session: ReleaseClient) -> Act:
    _ = session.saved_sampler
    return lambda: session.sampler


def _check_sampled(result: Any) -> None:
    expect(len(result.sequences) == 1, "one sequence", result.sequences)
    tokens = list(result.sequences[0].tokens)
    expect(0 < len(tokens) <= SAMPLED_TOKENS, "one or two tokens", tokens)


def _sampled(sampler: Any) -> None:
    _check_sampled(resolved(_submitted(sampler, SAMPLED_TOKENS)))


def _submitted(sampler: Any, tokens: int) -> Any:
    parameters = types.SamplingParams(max_tokens=tokens)
    return sampler.sample(prompt=prompt(), num_samples=1, sampling_params=parameters)


def _sample(session: ReleaseClient) -> Act:
    sampler = session.sampler
    return lambda: _sampled(sampler)


def _sample_base_model(session: ReleaseClient) -> Act:
    base_model = session.base_model
    return lambda: _sampled(session.sampling_client(base_model=base_model))


def _logprobs(session: ReleaseClient) -> Act:
    method = _method(session.sampler, "compute_logprobs")

    def act() -> None:
        found = list(resolved(method(prompt())))
        expect(len(found) == len(PROMPT_TOKENS), "one entry for each of two tokens", found)

    return act


def _cancel(session: ReleaseClient) -> Act:
    sampler = session.sampler

    def act() -> None:
        future = _submitted(sampler, CANCELLED_TOKENS)
        future.cancel()
        with contextlib.suppress(concurrent.futures.CancelledError, asyncio.CancelledError):
            resolved(future)
        _sampled(sampler)

    return act


def _rest(name: str, *arguments: Callable[[ReleaseClient], object]) -> Call:
    def call(session: ReleaseClient) -> Act:
        method = _method(session.rest, name)
        given = [each(session) for each in arguments]
        return lambda: resolved(method(*given))

    return call


def _state(session: ReleaseClient) -> str:
    return session.saved_state


def _run(session: ReleaseClient) -> str:
    return session.run_id


def _get_sampler(session: ReleaseClient) -> Act:
    method = _method(session.rest, "get_sampler")
    listed = resolved(session.rest.get_session(session.session_id)).sampler_ids
    expect(listed, "a session that lists its samplers", listed)
    return lambda: resolved(method(listed[0]))


def _archive_url(session: ReleaseClient) -> Act:
    method = _method(session.rest, "get_checkpoint_archive_url_from_tinker_path")
    path = session.saved_sampler
    return lambda: resolved(method(path))


def _delete(session: ReleaseClient) -> Act:
    method = _method(session.rest, "delete_checkpoint_from_tinker_path")

    def act() -> None:
        while session.paths:
            resolved(method(session.paths[-1]))
            session.paths.pop()

    return act


def _unload(session: ReleaseClient) -> Act:
    training = session.training
    method = _method(training, "unload_model")

    def act() -> None:
        resolved(method())
        session.model_ids.clear()

    return act


CALLS: Final[Mapping[str, Call]] = {
    "connect": _connect,
    "get_server_capabilities": _capabilities,
    "create_model": _create_model,
    "get_info": _on_model("get_info", check=lambda info: expect(info.model_data, "a model", info)),
    "forward": _on_model("forward", data, lambda: "cross_entropy", check=_check_passed),
    "forward_backward": _on_model("forward_backward", data, lambda: "cross_entropy", check=_check_passed),
    "optim_step": _optim_step,
    "save_state": _save_state,
    "load_state": _load("load_state"),
    "load_state_with_optimizer": _load("load_state_with_optimizer"),
    "create_training_client_from_state": _resume,
    "save_weights_for_sampler": _save_for_sampler,
    "create_sampling_client": _create_sampling_client,
    "sample": _sample,
    "compute_logprobs": _logprobs,
    "sample_base_model": _sample_base_model,
    "cancel": _cancel,
    "list_sessions": _rest("list_sessions"),
    "get_session": _rest("get_session", lambda session: session.session_id),
    "list_training_runs": _rest("list_training_runs"),
    "get_training_run": _rest("get_training_run", _run),
    "list_checkpoints": _rest("list_checkpoints", _run),
    "list_user_checkpoints": _rest("list_user_checkpoints"),
    "get_weights_info_by_tinker_path": _rest("get_weights_info_by_tinker_path", _state),
    "get_sampler": _get_sampler,
    "get_checkpoint_archive_url": _archive_url,
    "publish_checkpoint_from_tinker_path": _rest("publish_checkpoint_from_tinker_path", _state),
    "unpublish_checkpoint_from_tinker_path": _rest("unpublish_checkpoint_from_tinker_path", _state),
    "set_checkpoint_ttl_from_tinker_path": _rest(
        "set_checkpoint_ttl_from_tinker_path", _state, lambda _session: TTL_SECONDS
    ),
    "delete_checkpoint": _delete,
    "unload_model": _unload,
}
"""How to do each verb of `verbs.VERBS`, by its name."""
