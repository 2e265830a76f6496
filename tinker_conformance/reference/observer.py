"""The observer of a client: the part of the reference that logs that the client's queue is paused.

Each client of the reference has a `ClientObserver`. The poll of a future notifies that observer of the queue
states in the server's replies, and the observer logs a pause line, at most once in 60 s. The *observer
facet*, one of the two parts of a `Profile`, has the texts and the times.

`log_state_change`, `should_log` and `reason_for_state` are the public logging functions that the
specification of Tinkex (an SDK for Elixir) asks for in its section "Shared Logger Module". By default, these
functions use the texts of that document.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final

from tinker_conformance.profile.profile import ClockKind, LogLevel, ObserverFacet, Profile
from tinker_conformance.profile.profile_files import observer_revision
from tinker_conformance.queue_state import ClientKind, QueueState

LOGGER_NAME: Final = "tinker_conformance.reference"
"""The parent of the reference's loggers; each kind of client logs its pauses to a child of it."""

_LEVELS: Final = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


class QueueStateObserver(ABC):
    """The interface of an object that is notified of the state of a request's queue."""

    @abstractmethod
    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        """Handle a state that the server reported.

        Args:
            state: The state, as the profile reads it.
            reason: ``queue_state_reason`` of the reply, of any JSON type; passed only where the profile's
                ``passes_reason`` says so.
        """


@dataclass(slots=True)
class _Memory:
    """What an observer remembers between calls: when a line was logged, and since when a state lasts."""

    logged_at: float = 0.0
    state: QueueState | None = None
    state_since: float = 0.0


@dataclass(eq=False)
class ClientObserver(QueueStateObserver):
    """An observer that logs the pauses of one client, with the texts and times of a profile. Thread-safe.

    Each observer limits how often it logs (*debounce*): one limit for all states, and for all futures of its
    client. Each call reads the clocks from the module `time`, where tests can replace them.

    Attributes:
        kind: The kind of client.
        identifier: The id of the client in its log lines; None prints as ``None``, as in the official SDK.
        facet: The observer facet of the profile; the facet must have texts for `kind`.
    """

    kind: ClientKind
    identifier: str | None
    facet: ObserverFacet
    _memory: _Memory = field(default_factory=_Memory, repr=False)
    _deciding: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        """Log a pause line unless it comes too soon; ACTIVE is never logged and does not restart the 60 s."""
        # One decision at a time: otherwise two threads could both find a line due before either has stored
        # its time.
        with self._deciding:
            due = self._should_log_now(state)
        if due:
            _log_pause(state, self.kind, self.identifier, self.facet, reason)

    def _should_log_now(self, state: QueueState) -> bool:
        if not self._outlasted_grace(state) or state is QueueState.ACTIVE:
            return False
        clock = self.facet.debounce_clock
        if not _is_due(self._memory.logged_at, self.facet, now=_now(clock)):
            return False
        # Read the clock again: the official SDK takes the time after its decision.
        self._memory.logged_at = _now(clock)
        return True

    def _outlasted_grace(self, state: QueueState) -> bool:
        """Return whether the state has lasted `grace_seconds`; each change, also to ACTIVE, starts again."""
        forms = self.facet.client(self.kind)
        if forms is None or forms.grace_seconds == 0:
            return True
        now = _now(self.facet.grace_clock)
        if state is not self._memory.state:
            self._memory.state = state
            self._memory.state_since = now
        return now - self._memory.state_since >= forms.grace_seconds


def log_state_change(
    state: QueueState | str,
    client: ClientKind | str,
    identifier: str | None,
    *,
    profile: Profile | None = None,
    facet: ObserverFacet | None = None,
) -> None:
    """Log one line about a queue state, however recent the last line is; log nothing for ACTIVE.

    Source: the specification of Tinkex, "Shared Logger Module" and "Phase 1".

    Args:
        state: A `QueueState`, or its value such as ``"paused_capacity"``; any other string counts as UNKNOWN.
        client: A `ClientKind`, or its value ``"sampling"``, ``"training"`` or ``"model_creation"``.
        identifier: The id in the line: of the session for sampling, of the model for training.
        profile: The profile whose texts are used; None with no `facet` means ``tinkex-seed``.
        facet: The observer facet whose texts are used in place of the profile's; None uses `profile`.

    Raises:
        ValueError: The kind of client is unknown, or the profile has no texts for it.
    """
    known = _state(state)
    kind = _kind(client)
    if known is not QueueState.ACTIVE:
        _log_pause(known, kind, identifier, _facet(profile, facet), None)


def should_log(
    last_logged: float,
    interval: float = 60,
    *,
    profile: Profile | None = None,
    facet: ObserverFacet | None = None,
) -> bool:
    """Return whether enough time has passed since the last pause line to log another.

    Exactly `interval` seconds is enough if the facet's `interval_inclusive` is true, as in the official SDK
    (``now - last >= 60``). Source: the specification of Tinkex, "Shared Logger Module".

    Args:
        last_logged: When the last line was logged, seconds on the facet's `debounce_clock`; 0 for never.
        interval: The shortest time between two lines, seconds.
        profile: The profile that names the clock; None with no `facet` means ``tinkex-seed``.
        facet: The observer facet that names the clock in place of the profile's; None uses `profile`.
    """
    rules = _facet(profile, facet)
    now = _now(rules.debounce_clock)
    return now - last_logged >= interval if rules.interval_inclusive else now - last_logged > interval


def reason_for_state(
    state: QueueState | str,
    client: ClientKind | str,
    *,
    profile: Profile | None = None,
    facet: ObserverFacet | None = None,
) -> str:
    """Return the text after "Reason:" in a pause line when the server's reply gives no reason.

    Source: the specification of Tinkex, "Shared Logger Module" and "Phase 1".

    Args:
        state: A `QueueState`, or its value such as ``"paused_capacity"``; any other string counts as UNKNOWN.
        client: A `ClientKind`, or its value ``"sampling"``, ``"training"`` or ``"model_creation"``.
        profile: The profile whose texts are used; None with no `facet` means ``tinkex-seed``.
        facet: The observer facet whose texts are used in place of the profile's; None uses `profile`.

    Raises:
        ValueError: The kind of client is unknown, or the profile has no texts for it.
    """
    rules = _facet(profile, facet)
    forms = rules.client(_kind(client))
    if forms is None:
        raise ValueError(_no_texts(_kind(client), rules))
    return forms.reasons.of(_state(state))


def _is_due(logged_at: float, facet: ObserverFacet, *, now: float) -> bool:
    elapsed = now - logged_at
    return elapsed >= facet.interval_seconds if facet.interval_inclusive else elapsed > facet.interval_seconds


def _log_pause(
    state: QueueState, kind: ClientKind, identifier: str | None, facet: ObserverFacet, server_reason: object
) -> None:
    forms = facet.client(kind)
    if forms is None:
        raise ValueError(_no_texts(kind, facet))
    replaced = forms.server_reason_replaces and bool(server_reason)
    reason = server_reason if replaced else forms.reasons.of(state)
    logger = logging.getLogger(f"{LOGGER_NAME}.{kind.value}")
    logger.log(_LEVELS[forms.level], "%s", forms.message.format(identifier=identifier, reason=reason))


def _now(clock: ClockKind) -> float:
    match clock:
        case ClockKind.WALL:
            return time.time()
        case ClockKind.MONOTONIC:
            return time.monotonic()


def _state(state: QueueState | str) -> QueueState:
    try:
        return QueueState(state)
    except ValueError:
        return QueueState.UNKNOWN


def _kind(client: ClientKind | str) -> ClientKind:
    try:
        return ClientKind(client)
    except ValueError:
        known = ", ".join(repr(kind.value) for kind in ClientKind)
        message = f"{client!r} is not a kind of client; use a ClientKind or one of {known}"
        raise ValueError(message) from None


def _facet(profile: Profile | None, facet: ObserverFacet | None) -> ObserverFacet:
    if facet is not None:
        return facet
    return profile.observer if profile is not None else observer_revision("tinkex-seed")


def _no_texts(kind: ClientKind, facet: ObserverFacet) -> str:
    return (
        f"the observer revision {facet.revision} has no texts for {kind.value}; "
        "use a profile that observes it, such as tinker-0.10 or later"
    )
