"""Record when the official SDK calls an observer or emits a telemetry event.

Methods are wrapped on their classes, once per process, because the SDK creates its observers itself and
passes them on privately. Each wrapper records a call and then calls the original method, so the SDK behaves
as usual.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from tinker_conformance.scenario.scenario import ObserverUse
from tinker_conformance.sdk.adapter import CallRecorder, ObserverRaisedError
from tinker_conformance.sdk.catalogue.catalogue_entry import SdkNames

current_observer: ContextVar[ObserverUse] = ContextVar("current_observer", default=ObserverUse.DEFAULT)
"""Which observer the scenario asks for in the current future.

Asyncio carries the variable into the SDK's loop.
"""

_OBSERVER_METHOD: Final = "on_queue_state_change"
_TELEMETRY_PREFIX: Final = "APIFuture.result_async."
"""The prefix of the telemetry events about polling. Other events are about the SDK's internals."""
_IGNORED_KEYS: Final = frozenset({"exception_stack", "request_headers", "response_headers"})


class Hooks:
    """Passes the SDK's observer calls and telemetry events to the recorder of the current scenario.

    Attributes:
        recorder: The recorder; None between scenarios.
    """

    _installed: Hooks | None = None

    def __init__(self, names: SdkNames) -> None:
        """Prepare the hooks; no class is wrapped yet.

        Args:
            names: Where the classes of the SDK are.
        """
        self._names = names
        self.recorder: CallRecorder | None = None

    def install(self) -> None:
        """Wrap the SDK's classes. If they are wrapped already, let the wrappers report to this object."""
        wrapped_before = Hooks._installed is not None
        Hooks._installed = self
        if wrapped_before:
            return
        for path in self._names.observer_classes:
            # Releases 0.1 to 0.9 have no logger of its own for training.
            with contextlib.suppress(ModuleNotFoundError):
                observer = member(path)
                if _OBSERVER_METHOD in vars(observer):
                    setattr(observer, _OBSERVER_METHOD, _recorded_observer(vars(observer)[_OBSERVER_METHOD]))
        telemetry: Any = member(self._names.telemetry_class)
        telemetry.log = _recorded_log(telemetry.log)

    def observer_called(self, queue_state: Any, reason: object) -> None:
        """Record a call of an observer, and raise if the scenario asks for it.

        Raises:
            ObserverRaisedError: If the current future has an observer that raises.
        """
        if self.recorder is not None:
            state = str(getattr(queue_state, "value", queue_state))
            self.recorder.callback(state, reason if reason is None else str(reason))
        if current_observer.get() is ObserverUse.RAISING:
            msg = "the observer raises because the scenario says so"
            raise ObserverRaisedError(msg)

    def telemetry_logged(self, name: object, data: object) -> None:
        """Record a telemetry event, if it is about polling."""
        if self.recorder is not None and isinstance(name, str) and name.startswith(_TELEMETRY_PREFIX):
            self.recorder.telemetry(name, _as_json(data))


def member(path: str) -> Any:
    """Return the object at `package.module:name`."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _installed() -> Hooks | None:
    return Hooks._installed  # noqa: SLF001 - this module's own


def _recorded_observer(method: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(method)
    def on_queue_state_change(self: object, queue_state: object, *rest: object, **named: object) -> None:
        if (hooks := _installed()) is not None:
            hooks.observer_called(queue_state, rest[0] if rest else named.get("queue_state_reason"))
        method(self, queue_state, *rest, **named)

    return on_queue_state_change


def _recorded_log(method: Callable[..., bool]) -> Callable[..., bool]:
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
        if key not in _IGNORED_KEYS and (value is None or isinstance(value, str | int | float))
    }
