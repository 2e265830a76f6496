"""Calls every public method and command of a release, in its lean environment.

Prints JSON, ``{"called": {name: type}, "failed": {name: error}, "without_a_call": [names]}``; a name is such
as ``RestClient.get_session`` or ``tinker session list``. What cannot be called here is in `REASONS`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import tinker
from tinker import types

from fake_server import FakeTinker, FakeTinkerServer
from fake_server.service.byte_tokenizer import ByteTokenizer

BASE = "Qwen/Qwen3-8B"
WINDOW = ("2026-07-13T00:00:00Z", "2026-07-14T00:00:00Z")
TORCH = "computed in the SDK with PyTorch; the service sees forward and forward_backward"
REASONS = {
    "ServiceClient.create_custom_loss": "traced by PyTorch in the SDK; sent if custom_loss_server_side is on",
    "TrainingClient.forward_backward_custom": TORCH,
    "TrainingClient.forward_backward_custom_async": TORCH,
    "tinker checkpoint push-hf": "uploads to another service",
    "tinker version": "asks no service",
}
"""Why a method or command is not called here."""

Arguments = tuple[Any, tuple[Any, ...]]
"""The object that a method is called on, and the method's arguments."""


def resolved(value: Any) -> Any:
    """What is left once every future and coroutine was waited for."""
    while True:
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        elif callable(getattr(value, "result", None)):
            value = value.result(timeout=60)
        else:
            return value


@dataclass
class World:
    """The objects whose methods are called."""

    url: str
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000)))

    def __post_init__(self) -> None:
        self.service = tinker.ServiceClient()
        self.training = self.new_training()
        self.path = self.new_path()
        self.sampler_path = resolved(self.training.save_weights_for_sampler("sampler")).path
        self.sampler = resolved(self.service.create_sampling_client(base_model=BASE))
        self.rest = self.new_rest()
        self.run_id = self.path.removeprefix("tinker://").split("/")[0]

    def new_rest(self) -> Any:
        # Only the newest release makes one without a service client.
        if hasattr(tinker, "RestClient"):
            return tinker.RestClient()
        return self.service.create_rest_client()

    def new_training(self) -> Any:
        return resolved(self.service.create_lora_training_client(base_model=BASE, rank=8))

    def name(self) -> str:
        return f"name-{next(self.numbers)}"

    def new_path(self) -> str:
        return str(resolved(self.training.save_state(self.name())).path)

    def published(self) -> str:
        path = self.new_path()
        resolved(self.rest.publish_checkpoint_from_tinker_path(path))
        return path

    def checkpoint(self) -> tuple[str, str]:
        run_id, checkpoint_id = self.new_path().removeprefix("tinker://").split("/", 1)
        return run_id, checkpoint_id

    def external(self) -> str:
        return str(resolved(self.training.save_weights_external(self.name())).path)

    def session_id(self) -> str:
        return str(resolved(self.rest.list_sessions()).sessions[0])

    def sampler_id(self) -> str:
        sessions = (
            resolved(self.rest.get_session(each)) for each in resolved(self.rest.list_sessions()).sessions
        )
        return next(str(found) for session in sessions for found in session.sampler_ids)

    def admin(self) -> Any:
        return tinker.AdminClient()


DATA = [
    types.Datum(
        model_input=types.ModelInput.from_ints([1, 2]),
        loss_fn_inputs={"target_tokens": [2, 3], "weights": [1.0, 1.0]},  # type: ignore[dict-item]
    )
]
PROMPT = types.ModelInput.from_ints([1, 2])


def on(name: str, *arguments: Any) -> Callable[[World], Arguments]:
    """Call it on an attribute of the world; functions among the arguments are given the world."""
    return lambda world: (
        getattr(world, name),
        tuple(each(world) if callable(each) else each for each in arguments),
    )


def sampled(_world: World) -> Arguments:
    return _world.sampler, (PROMPT, 1, types.SamplingParams(max_tokens=2))


def observed(target: Any) -> Arguments:
    from tinker.lib.api_future_impl import QueueState

    count = len(inspect.signature(target.on_queue_state_change).parameters)
    return target, (QueueState.ACTIVE, None)[:count]


NONE = "NoneType"
CALLS: dict[str, tuple[Callable[[World], Arguments], str]] = {
    "ServiceClient.close": (lambda w: (opened(), ("success",)), NONE),
    "ServiceClient.copy_weights": (lambda w: (tinker.ServiceClient(project_id="p"), (w.new_path(),)), "str"),
    "ServiceClient.create_lora_training_client": (on("service", BASE), "TrainingClient"),
    "ServiceClient.create_rest_client": (on("service"), "RestClient"),
    "ServiceClient.create_sampling_client": (on("service", lambda w: w.sampler_path), "SamplingClient"),
    "ServiceClient.create_training_client": (on("service", lambda w: w.run_id), "TrainingClient"),
    "ServiceClient.create_training_client_from_state": (on("service", lambda w: w.path), "TrainingClient"),
    "ServiceClient.create_training_client_from_state_with_optimizer": (
        on("service", lambda w: w.path),
        "TrainingClient",
    ),
    "ServiceClient.get_console_url": (on("service"), "str"),
    "ServiceClient.get_server_capabilities": (on("service"), "GetServerCapabilitiesResponse"),
    "ServiceClient.get_telemetry": (on("service"), "Telemetry"),
    "TrainingClient.create_sampling_client": (on("training", lambda w: w.sampler_path), "SamplingClient"),
    "TrainingClient.forward": (on("training", DATA, "cross_entropy"), "ForwardBackwardOutput"),
    "TrainingClient.forward_backward": (on("training", DATA, "cross_entropy"), "ForwardBackwardOutput"),
    "TrainingClient.get_console_url": (on("training"), "str"),
    "TrainingClient.get_info": (on("training"), "GetInfoResponse"),
    "TrainingClient.get_telemetry": (on("training"), "Telemetry"),
    "TrainingClient.get_tokenizer": (on("training"), "ByteTokenizer"),
    "TrainingClient.load_state": (lambda w: (w.new_training(), (w.path,)), "LoadWeightsResponse"),
    "TrainingClient.load_state_with_optimizer": (
        lambda w: (w.new_training(), (w.path,)),
        "LoadWeightsResponse",
    ),
    "TrainingClient.on_queue_state_change": (lambda w: observed(w.training), NONE),
    "TrainingClient.optim_step": (on("training", types.AdamParams(learning_rate=1e-3)), "OptimStepResponse"),
    "TrainingClient.save_state": (on("training", World.name), "SaveWeightsResponse"),
    "TrainingClient.save_weights_and_get_sampling_client": (on("training", World.name), "SamplingClient"),
    "TrainingClient.save_weights_and_get_sampling_client_submit": (on("training"), "SamplingClient"),
    "TrainingClient.save_weights_external": (on("training", World.name), "SaveWeightsExternalResponse"),
    "TrainingClient.save_weights_for_sampler": (on("training", World.name), "SaveWeightsForSamplerResponse"),
    "TrainingClient.unload_model": (lambda w: (w.new_training(), ()), "UnloadModelResponse"),
    "SamplingClient.compute_logprobs": (on("sampler", PROMPT), "list"),
    "SamplingClient.from_sampler_handle": (
        on("sampler", lambda w: w.sampler.get_sampler_handle()),
        "SamplingClient",
    ),
    "SamplingClient.get_base_model": (on("sampler"), "str"),
    "SamplingClient.get_sampler_handle": (on("sampler"), "str"),
    "SamplingClient.get_telemetry": (on("sampler"), "Telemetry"),
    "SamplingClient.get_tokenizer": (on("sampler"), "ByteTokenizer"),
    "SamplingClient.on_queue_state_change": (lambda w: observed(w.sampler), NONE),
    "SamplingClient.sample": (sampled, "SampleResponse"),
    "RestClient.assign_session_project": (on("rest", World.session_id, "p"), NONE),
    "RestClient.copy_weights": (on("rest", World.new_path, "p"), "str"),
    "RestClient.delete_checkpoint": (lambda w: (w.rest, w.checkpoint()), NONE),
    "RestClient.delete_checkpoint_from_tinker_path": (on("rest", World.new_path), NONE),
    "RestClient.download_checkpoint_archive": (lambda w: (w.rest, w.checkpoint()), "bytes"),
    "RestClient.download_checkpoint_archive_from_tinker_path": (on("rest", lambda w: w.path), "bytes"),
    "RestClient.export_session_trace": (on("rest", World.session_id), "str"),
    "RestClient.get_audit_log": (on("rest"), "AuditLogResponse"),
    "RestClient.get_billing_usage": (on("rest", *WINDOW), "BillingUsageResponse"),
    "RestClient.get_checkpoint_archive_url": (
        lambda w: (w.rest, w.checkpoint()),
        "CheckpointArchiveUrlResponse",
    ),
    "RestClient.get_checkpoint_archive_url_from_tinker_path": (
        on("rest", lambda w: w.path),
        "CheckpointArchiveUrlResponse",
    ),
    "RestClient.get_current_checkpoint_storage_usage": (on("rest"), "CurrentCheckpointStorageUsageResponse"),
    "RestClient.get_external_weights_urls": (on("rest", World.external), "ExternalWeightsUrlsResponse"),
    "RestClient.get_sampler": (on("rest", World.sampler_id), "GetSamplerResponse"),
    "RestClient.get_server_capabilities": (on("rest"), "GetServerCapabilitiesResponse"),
    "RestClient.get_session": (on("rest", World.session_id), "GetSessionResponse"),
    "RestClient.get_telemetry": (on("rest"), "Telemetry"),
    "RestClient.get_training_run": (on("rest", lambda w: w.run_id), "TrainingRun"),
    "RestClient.get_training_run_by_tinker_path": (on("rest", lambda w: w.path), "TrainingRun"),
    "RestClient.get_weights_info_by_tinker_path": (on("rest", lambda w: w.path), "WeightsInfoResponse"),
    "RestClient.list_checkpoints": (on("rest", lambda w: w.run_id), "CheckpointsListResponse"),
    "RestClient.list_sessions": (on("rest"), "ListSessionsResponse"),
    "RestClient.list_training_runs": (on("rest"), "TrainingRunsResponse"),
    "RestClient.list_user_checkpoints": (on("rest"), "CheckpointsListResponse"),
    "RestClient.publish_checkpoint_from_tinker_path": (on("rest", World.new_path), NONE),
    "RestClient.search_sessions": (
        on("rest", lambda w: types.SessionSearchRequest()),
        "SessionSearchResponse",
    ),
    "RestClient.set_checkpoint_ttl_from_tinker_path": (on("rest", World.new_path, 3600), NONE),
    "RestClient.unpublish_checkpoint_from_tinker_path": (on("rest", World.published), NONE),
    "RestClient.whoami": (on("rest"), "WhoamiResponse"),
    "AdminClient.get_audit_log": (lambda w: (w.admin(), ()), "AuditLogResponse"),
    "AdminClient.get_billing_usage": (lambda w: (w.admin(), WINDOW), "BillingUsageResponse"),
    "AdminClient.get_current_checkpoint_storage_usage": (
        lambda w: (w.admin(), ()),
        "CurrentCheckpointStorageUsageResponse",
    ),
    "AdminClient.get_telemetry": (lambda w: (w.admin(), ()), "Telemetry"),
}
"""How to call each method, and the name of the type that comes of it; ``…_async`` ones are called alike."""

COMMANDS: dict[str, Callable[[World], tuple[str, ...]]] = {
    "auth login": lambda w: (),
    "auth whoami": lambda w: (),
    "auth status": lambda w: (),
    "auth logout": lambda w: (),
    "billing checkpoint-storage": lambda w: (),
    "billing usage": lambda w: WINDOW,
    "checkpoint delete": lambda w: (w.new_path(), "--yes"),
    "checkpoint download": lambda w: (w.new_path(), "--output", "downloads"),
    "checkpoint info": lambda w: (w.path,),
    "checkpoint list": lambda w: (),
    "checkpoint publish": lambda w: (w.new_path(),),
    "checkpoint set-ttl": lambda w: (w.new_path(), "--ttl", "3600"),
    "checkpoint unpublish": lambda w: (w.published(),),
    "model list": lambda w: (),
    "run info": lambda w: (w.run_id,),
    "run list": lambda w: (),
    "session export-trace": lambda w: (w.session_id(), "--output", "session.pftrace"),
    "session list": lambda w: (),
}
"""The arguments of each command of ``tinker``."""


def opened() -> Any:
    service = tinker.ServiceClient()
    resolved(service.create_sampling_client(base_model=BASE))
    return service


def classes() -> Iterator[type]:
    modules = ("service_client", "training_client", "sampling_client", "rest_client", "admin_client")
    for name in modules:
        try:
            module = import_module(f"tinker.lib.public_interfaces.{name}")
        except ModuleNotFoundError:
            continue
        yield getattr(module, "".join(part.title() for part in name.split("_")))


def methods() -> Iterator[str]:
    for each in classes():
        for name in sorted(dir(each)):
            if not name.startswith("_") and callable(getattr(each, name)):
                yield f"{each.__name__}.{name}"


def commands() -> dict[str, Any]:
    try:
        root = import_module("tinker.cli.__main__").main_cli
    except ModuleNotFoundError:
        return {}
    import click

    def below(command: Any, name: str) -> Iterator[str]:
        if not isinstance(command, click.Group):
            yield name.strip()
            return
        context = click.Context(command)
        for each in command.list_commands(context):
            yield from below(command.get_command(context, each), f"{name} {each}")

    return dict.fromkeys(below(root, ""), root)


def call(world: World, name: str) -> str:
    """The name of the type of what a method gives."""
    if name == "SamplingClient.create":
        wanted, value = "SamplingClient", type(world.sampler).create(world.sampler.holder, base_model=BASE)
    else:
        arranged, wanted = CALLS[name.removesuffix("_async")]
        target, arguments = arranged(world)
        value = getattr(target, name.split(".")[1])(*arguments)
    value = resolved(value)
    found = type(value).__name__
    if found != wanted and (wanted, found) != ("Telemetry", NONE):
        raise AssertionError(f"gave a {found}, not a {wanted}")
    return found


def run_command(world: World, name: str, root: Any) -> str:
    from click.testing import CliRunner

    arguments = COMMANDS[name](world)
    # The newest login asks for a key on standard input.
    done = CliRunner().invoke(root, [*name.split(), *arguments], input="tml-pasted\n")
    if done.exit_code:
        raise AssertionError(f"exit code {done.exit_code}: {done.exception!r} {done.output[-500:]}")
    return "0"


def main() -> None:
    warnings.simplefilter("ignore")
    tokenizers = ModuleType("transformers.models.auto.tokenization_auto")
    tokenizers.AutoTokenizer = SimpleNamespace(from_pretrained=lambda *_, **__: ByteTokenizer())  # type: ignore[attr-defined]
    sys.modules[tokenizers.__name__] = tokenizers
    results: dict[str, Any] = {"called": {}, "failed": {}, "without_a_call": []}
    # The identity of `whoami` is that of a token; every other call works with and without one.
    engine = FakeTinker(seed=7, client_config={"pjwt_auth_enabled": True})
    with FakeTinkerServer(engine) as server, tempfile.TemporaryDirectory() as home:
        os.environ |= {"TINKER_BASE_URL": server.url, "TINKER_API_KEY": "tml-test", "HOME": home}
        os.environ["XDG_CONFIG_HOME"] = str(Path(home) / "config")
        os.chdir(home)
        world = World(server.url)

        def attempt(name: str, act: Callable[[], str]) -> None:
            try:
                results["called"][name] = act()
            except Exception as error:
                results["failed"][name] = f"{type(error).__name__}: {error}"

        for name in methods():
            known = name == "SamplingClient.create" or name.removesuffix("_async") in CALLS
            if name in REASONS:
                continue
            if known:
                attempt(name, lambda name=name: call(world, name))
            else:
                results["without_a_call"].append(name)
        found = commands()
        # In the order of the table: a login comes before its logout.
        for command in sorted(found, key=lambda each: list(COMMANDS).index(each) if each in COMMANDS else -1):
            root, name = found[command], f"tinker {command}"
            if name in REASONS:
                continue
            if command in COMMANDS:
                attempt(name, lambda command=command, root=root: run_command(world, command, root))
            else:
                results["without_a_call"].append(name)
        results["excused"] = sorted({*methods(), *(f"tinker {each}" for each in found)} & set(REASONS))
        results["reasons"] = REASONS
        results["problems"] = [problem.message for problem in engine.problems]
    print(json.dumps(results))
    # Heartbeats of the SDK's threads go on; the program is done.
    sys.stdout.flush()
    os._exit(0)


main()
