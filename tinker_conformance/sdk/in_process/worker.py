"""The worker process, which runs scenarios with a Python SDK, the SDK's adapter and frozen clocks.

The kit starts it as `python -m tinker_conformance.sdk.in_process.worker SPEC`. It reads `RunMessage` lines
from standard input and answers on standard output. Anything that the SDK prints goes to standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import os
import platform
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.quiet import LOOK_SECONDS, QuietWatch
from tinker_conformance.clocks.seen_waits import waits_are_seen
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop, virtual_loops
from tinker_conformance.error_families import SdkStartError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.sdk.adapter import Adapter, Capability, RunsOnThreads
from tinker_conformance.sdk.catalogue.catalogue_entry import DrivenSdk
from tinker_conformance.sdk.in_process.runner import run_scenario
from tinker_conformance.sdk.in_process.shared_tls import share_ssl_contexts
from tinker_conformance.sdk.in_process.worker_messages import (
    DoneMessage,
    FaultMessage,
    ReadyMessage,
    RunMessage,
    decode_run,
    encode,
)
from tinker_conformance.sdk.session import FaultKind, ScenarioFaultError

_OFFICIAL: Final = "tinker_conformance.sdk.official.official_adapter"
_NO_TINKER: Final = (
    "This environment has no tinker. Install it (pip install tinker), or judge a release in an environment "
    "of its own, with --sdk official==latest."
)


def load_adapter(spec: str, sdk: DrivenSdk | None = None) -> Adapter:
    """Create the adapter that a SPEC names.

    Args:
        spec: `reference`, `official` or `python:package.module:Class`.
        sdk: The SDK of the catalogue that the adapter of `official` drives; None: the official SDK.

    Raises:
        SdkStartError: If there is no such class, it cannot be created, or it is not an adapter.
    """
    match spec.split(":"):
        case ["reference"]:
            path, name = "tinker_conformance.sdk.in_process.reference_adapter", "ReferenceAdapter"
        case ["official"]:
            path, name = _OFFICIAL, "OfficialAdapter"
        case ["python", path, name] if path and name:
            pass
        case _:
            message = f"{spec!r} names no adapter. Write python:package.module:Class."
            raise SdkStartError(message)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        made = getattr(importlib.import_module(path), name)(*([] if sdk is None else [sdk]))
    except ImportError as error:
        if error.name == "tinker" and path == _OFFICIAL:
            raise SdkStartError(_NO_TINKER) from error
        raise SdkStartError(_import_problem(path, error, sdk)) from error
    except AttributeError as error:
        if sdk is not None:
            raise SdkStartError(_import_problem(path, error, sdk)) from error
        message = f"{path} has no class {name} ({error}). Check the name after the last colon."
        raise SdkStartError(message) from error
    except Exception as error:
        message = (
            f"{name}() raised {type(error).__name__}: {error}. "
            "The kit calls the class without arguments, and that call must succeed."
        )
        raise SdkStartError(message) from error
    if not isinstance(made, Adapter):
        missing = [
            m for m in ("info", "open", "create_client", "run", "classify", "close") if not hasattr(made, m)
        ]
        message = (
            f"{path}.{name} is not an adapter: it lacks {', '.join(missing)}. "
            "Add what is missing; `tinker-conformance docs adapter-in-python` shows how."
        )
        raise SdkStartError(message)
    if Capability.THREADS in made.info.capabilities and not isinstance(made, RunsOnThreads):
        message = f"{path}.{name} claims threads but has no method run_on_thread. Add it, or drop the claim."
        raise SdkStartError(message)
    return made


def _import_problem(path: str, error: Exception, sdk: DrivenSdk | None) -> str:
    if sdk is None:
        return (
            f"cannot import {path} ({error}). Install it, or run the command from the folder that holds it."
        )
    return (
        f"{sdk.name} lacks what its catalogue entry names ({error}). Correct names, install.leave_out or "
        "install.substitutes in its entry; `tinker-conformance docs catalogue` describes them."
    )


def main() -> None:
    """Run scenarios until standard input ends."""
    # Until the adapter is there, nothing is garbage, and to look for some takes a tenth of the start.
    gc.disable()
    answers = _private_stdout()
    clock = FrozenClock()
    with virtual_loops(clock):
        _serve(answers, clock)


def _serve(answers: BinaryIO, clock: FrozenClock) -> None:
    share_ssl_contexts()
    try:
        sdk = msgspec.json.decode(sys.argv[2], type=DrivenSdk) if len(sys.argv) > 2 else None
        adapter = load_adapter(sys.argv[1], sdk)
        info = adapter.info
        if not info.runtime:
            info = msgspec.structs.replace(info, runtime=_runtime())
    except SdkStartError as error:
        _answer(answers, FaultMessage(id=0, kind=FaultKind.SET_UP, text=str(error)))
        return
    gc.freeze()
    gc.enable()
    messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, messages), daemon=True).start()
    loop = VirtualTimeLoop(clock)
    asyncio.set_event_loop(loop)
    with frozen_process(clock):
        _answer(answers, ReadyMessage(info=info))
        while True:
            _answer(answers, _run(loop, adapter, decode_run(messages.get()), clock))


def _runtime() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _run(
    loop: VirtualTimeLoop, adapter: Adapter, message: RunMessage, clock: FrozenClock
) -> DoneMessage | FaultMessage:
    scenario, profile = _scenario(bytes(message.scenario)), _profile(bytes(message.profile))
    try:
        timeline = loop.run_until_complete(run_scenario(adapter, scenario, profile, clock))
    except ScenarioFaultError as error:
        return FaultMessage(id=message.id, kind=error.kind, text=str(error), timeline=error.timeline)
    except Exception:  # noqa: BLE001 - the run goes on with the next scenario
        return FaultMessage(id=message.id, kind=FaultKind.SET_UP, text=traceback.format_exc())
    return DoneMessage(id=message.id, timeline=timeline)


@functools.lru_cache(maxsize=1024)
def _scenario(data: bytes) -> Scenario:
    return decode_scenario(msgspec.json.decode(data), "worker")


@functools.lru_cache(maxsize=64)
def _profile(data: bytes) -> Profile:
    return msgspec.json.decode(data, type=Profile)


def _private_stdout() -> BinaryIO:
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb", buffering=0)


def _answer(stream: BinaryIO, message: msgspec.Struct) -> None:
    line = memoryview(encode(message) + b"\n")
    while line:
        line = line[stream.write(line) :]


def _read(stream: BinaryIO, messages: queue.SimpleQueue[bytes]) -> None:
    while line := stream.readline():
        messages.put(line)
    os._exit(0)  # the kit has exited, so the SDK must not keep this process alive


@contextlib.contextmanager
def frozen_process(clock: FrozenClock) -> Iterator[None]:
    """Freeze the time of this process within the block.

    The clocks jump to the next timer whenever all threads of the process wait.
    """
    threading.Thread(target=_watch_for_idle, args=(clock,), daemon=True).start()
    with clock.frozen(), waits_are_seen(clock):
        yield


def _watch_for_idle(clock: FrozenClock) -> None:
    never = threading.Event()
    watch = QuietWatch()
    while True:
        never.wait(LOOK_SECONDS)
        clock.jump_if_at_rest(watch)


if __name__ == "__main__":
    main()
