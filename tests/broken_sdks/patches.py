"""Base classes of broken SDKs: the reference with one part replaced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar
from unittest import mock

import httpx

from tinker_conformance.queue_state import Parsing, QueueState, parse_queue_state
from tinker_conformance.reference import polling
from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.session_poller import SessionPoller
from tinker_conformance.reference.submission import PendingRequest
from tinker_conformance.reference.wire import json_or_none
from tinker_conformance.sdk.adapter import ScenarioContext
from tinker_conformance.sdk.in_process import reference_adapter as reference
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import ShowsSomewhere
from .shows_in import reads_otherwise
from .unbroken import Unbroken


class WithObserver(ReferenceAdapter):
    """The reference with another class of observer."""

    observer: ClassVar[type[ClientObserver]]

    def _watched(self, method: Callable[..., None]) -> Callable[..., None]:
        observer = method.__self__  # type: ignore[attr-defined]
        observer.__class__ = self.observer
        return super()._watched(observer.on_queue_state_change)


class WithPoll(ReferenceAdapter):
    """The reference with another class of poll; the class must have empty `__slots__`."""

    poll: ClassVar[type[Poll]]

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        service._poll = making(self.poll, service._poll)


class WithSubmission(ReferenceAdapter):
    """The reference with another class of submission; the class must have empty `__slots__`."""

    submission: ClassVar[type[PendingRequest]]

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        service._submission = making(self.submission, service._submission)


class WithSessionPoller(ReferenceAdapter):
    """The reference with another class of poll of a session; the class must have empty `__slots__`."""

    poller: ClassVar[type[SessionPoller]]

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        service._new_session_poller = making(self.poller, service._new_session_poller)


def making(another: type, make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes what `make` does, as an instance of another class."""

    def made(*arguments: Any) -> Any:
        instance = make(*arguments)
        instance.__class__ = another
        return instance

    return made


class WithParser(ShowsSomewhere):
    """The reference with another parser of queue states, in its polls and as a public function."""

    @staticmethod
    def parse(value: object, parsing: Parsing) -> QueueState:
        raise NotImplementedError

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        return reads_otherwise(cls.parse)(unbroken)

    def __init__(self) -> None:
        super().__init__()
        self._undo = contextlib.ExitStack()

    async def open(self, context: ScenarioContext) -> None:
        for module in (polling, reference):
            self._undo.enter_context(mock.patch.object(module, "parse_queue_state", self.parse))
        await super().open(context)

    async def close(self) -> None:
        self._undo.close()
        await super().close()


def exactly(value: object) -> QueueState:
    """Parse a state as the official SDK does."""
    return parse_queue_state(value, Parsing.EXACT)


def state_in(response: httpx.Response) -> object:
    """Return the value under `queue_state` in a reply; None if there is none."""
    body = json_or_none(response)
    return body.get("queue_state") if isinstance(body, dict) else None
