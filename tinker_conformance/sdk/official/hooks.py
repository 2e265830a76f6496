"""Watching the official SDK from inside: its observer calls and its telemetry.

Methods are wrapped at class level, once for a process, because the SDK makes its observers itself and
passes them on privately. A wrapper records first and then calls what it wraps, so that the SDK behaves as
it always does.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from tinker_conformance.scenario.scenario import ObserverUse
from tinker_conformance.sdk.adapter import CallRecorder

current_observer: ContextVar[ObserverUse] = ContextVar("current_observer", default=ObserverUse.DEFAULT)
"""What is to become of observer calls of the future at hand; carried by asyncio into the SDK's loop."""

_OBSERVERS: Final = (
    ("tinker.lib.public_interfaces.sampling_client", "SamplingClient"),
    ("tinker.lib.public_interfaces.training_client", "TrainingClient"),
    ("tinker.lib.queue_state_logger", "QueueStateLogger"),
)
"""Every class that implements the observer: clients up to 0.9, a logger of its own for training from 0.10."""

_OBSERVER_METHOD: Final = "on_queue_state_change"
_TELEMETRY_PREFIX: Final = "APIFuture.result_async."
"""The telemetry events of polling; others are about the SDK's own plumbing."""
_LEFT_OUT: Final = frozenset({"exception_stack", "request_headers", "response_headers"})


class ObserverRaisedError(RuntimeError):
    """What an observer raises where a scenario wants a raising one."""


class Hooks:
    """Hands what the SDK does on to the recorder of the scenario at hand.

    Attributes:
        recorder: Where to; None between scenarios.
    """

    _installed: Hooks | None = None

    def __init__(self) -> None:
        self.recorder: CallRecorder | None = None

    def install(self) -> None:
        """Wraps the SDK's classes, or takes over the wrappers that are there."""
        wrapped_before = Hooks._installed is not None
        Hooks._installed = self
        if wrapped_before:
            return
        for module_name, class_name in _OBSERVERS:
            # 0.1 to 0.9 have no such logger.
            with contextlib.suppress(ModuleNotFoundError):
                observer = getattr(importlib.import_module(module_name), class_name)
                if _OBSERVER_METHOD in vars(observer):
                    setattr(observer, _OBSERVER_METHOD, _watched(vars(observer)[_OBSERVER_METHOD]))
        telemetry: Any = importlib.import_module("tinker.lib.telemetry").Telemetry
        telemetry.log = _overheard(telemetry.log)

    def observer_called(self, queue_state: Any, reason: object) -> None:
        """Records a call of an observer, and raises where the scenario wants that.

        Raises:
            ObserverRaisedError: If the future at hand has a raising observer.
        """
        if self.recorder is not None:
            state = str(getattr(queue_state, "value", queue_state))
            self.recorder.callback(state, reason if reason is None else str(reason))
        if current_observer.get() is ObserverUse.RAISING:
            msg = "the observer raises because the scenario says so"
            raise ObserverRaisedError(msg)

    def telemetry_logged(self, name: object, data: object) -> None:
        """Records a telemetry event of polling."""
        if self.recorder is not None and isinstance(name, str) and name.startswith(_TELEMETRY_PREFIX):
            self.recorder.telemetry(name, _as_json(data))


def _installed() -> Hooks | None:
    return Hooks._installed  # noqa: SLF001 - this module's own


def _watched(method: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(method)
    def on_queue_state_change(self: object, queue_state: object, *rest: object, **named: object) -> None:
        if (hooks := _installed()) is not None:
            hooks.observer_called(queue_state, rest[0] if rest else named.get("queue_state_reason"))
        method(self, queue_state, *rest, **named)

    return on_queue_state_change


def _overheard(method: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(method)
    def log(
        self: object, event_name: object, event_data: object = None, *rest: object, **named: object
    ) -> bool:
        if (hooks := _installed()) is not None:
            hooks.telemetry_logged(event_name, event_data)
        return method(self, event_name, event_data, *rest, **named)

    return log


def _as_json(data: object) -> dict[str, object]:
    if not isinstance(data, dict):
        return {}
    return {
        str(key): value
        for key, value in data.items()
        if key not in _LEFT_OUT and (value is None or isinstance(value, str | int | float))
    }
