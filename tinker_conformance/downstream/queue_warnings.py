"""Queue-state warnings that were logged, taken apart: whose, which client, which state, when.

The message forms are those of every profile that the kit knows, so a line of any official release is read. A
state is known where the reason is a text that the SDK itself has for it; a reason of the server hides it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import overload

from fake_server.core.wanted_got import wanted_got
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.queue_state import ClientKind, QueueState


@dataclass(frozen=True, slots=True)
class QueueWarning:
    """One warning about a paused queue.

    Attributes:
        kind: Which kind of client logged it.
        identifier: The sampler, model or base model that it names.
        reason: The reason that it gives.
        state: The state behind it; None where the reason is none of the SDK's own texts.
        at: The wall clock when it was logged, seconds since 1970 (frozen, where the clock is).
        logger: The name of the logger.
        message: The whole line.
    """

    kind: ClientKind
    identifier: str
    reason: str
    state: QueueState | None
    at: float
    logger: str
    message: str

    def __str__(self) -> str:
        state = "unknown to the SDK" if self.state is None else self.state.value
        return f"{self.kind.value} {self.identifier!r}, {state}, reason {self.reason!r}, at {self.at:.3f}"


@dataclass(frozen=True, slots=True)
class _Form:
    kind: ClientKind
    pattern: re.Pattern[str]
    states: dict[str, QueueState]


def parse_queue_warning(message: str, *, logger: str = "", at: float = 0.0) -> QueueWarning | None:
    """Takes a log line apart; None if it is no queue-state warning of any known profile."""
    for form in _forms():
        if (found := form.pattern.fullmatch(message)) is not None:
            reason = found["reason"]
            return QueueWarning(
                form.kind, found["identifier"], reason, form.states.get(reason), at, logger, message
            )
    return None


@cache
def _forms() -> tuple[_Form, ...]:
    states: dict[ClientKind, dict[str, QueueState]] = {kind: {} for kind in ClientKind}
    templates: dict[str, ClientKind] = {}
    for profile in map(load_profile, known_profiles()):
        for kind in ClientKind:
            forms = profile.observer.client(kind)
            if forms is not None:
                templates[forms.message] = kind
                for state in (QueueState.PAUSED_RATE_LIMIT, QueueState.PAUSED_CAPACITY, QueueState.UNKNOWN):
                    states[kind][forms.reasons.of(state)] = state
    # The longest first: `paused for {identifier}` would take `paused for sampler {identifier}` too.
    ordered = sorted(templates, key=len, reverse=True)
    return tuple(_Form(templates[text], _pattern(text), states[templates[text]]) for text in ordered)


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.escape(template)
    for place in ("identifier", "reason"):
        escaped = escaped.replace(re.escape(f"{{{place}}}"), f"(?P<{place}>.*?)")
    return re.compile(escaped, re.DOTALL)


class QueueWarnings(Sequence[QueueWarning]):
    """The warnings so far, in order; grows while the test runs."""

    def __init__(self) -> None:
        """Nothing was logged yet."""
        self._lock = threading.Lock()
        self._found: list[QueueWarning] = []

    @overload
    def __getitem__(self, place: int) -> QueueWarning: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[QueueWarning, ...]: ...
    def __getitem__(self, place: int | slice) -> QueueWarning | tuple[QueueWarning, ...]:
        """One warning, or some."""
        with self._lock:
            return tuple(self._found[place]) if isinstance(place, slice) else self._found[place]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def __repr__(self) -> str:
        return f"<QueueWarnings: {'; '.join(map(str, self)) or 'none'}>"

    def add(self, warning: QueueWarning) -> None:
        """Adds one."""
        with self._lock:
            self._found.append(warning)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._found.clear()

    def matching(
        self,
        *,
        kind: ClientKind | str | None = None,
        identifier: str | None = None,
        state: QueueState | str | None = None,
        reason: str | None = None,
    ) -> tuple[QueueWarning, ...]:
        """Those that have all of these; None stands for any.

        Raises:
            ValueError: There is no such kind or state.
        """
        wanted = _wanted(kind, identifier, state, reason)
        return tuple(warning for warning in self if not _differences(warning, wanted))

    def assert_logged(
        self,
        count: int | None = None,
        *,
        kind: ClientKind | str | None = None,
        identifier: str | None = None,
        state: QueueState | str | None = None,
        reason: str | None = None,
    ) -> tuple[QueueWarning, ...]:
        """Checks that such warnings were logged: so many, or at least one; and returns them.

        Raises:
            AssertionError: With what was logged, and what differs in the nearest miss.
            ValueError: There is no such kind or state.
        """
        __tracebackhide__ = True
        wanted = _wanted(kind, identifier, state, reason)
        found = tuple(warning for warning in self if not _differences(warning, wanted))
        if (found and count is None) or len(found) == count:
            return found
        asked = ", ".join(f"{name} {value!r}" for name, value in wanted.items()) or "any"
        number = "at least one" if count is None else str(count)
        lines = [f"queue-state warnings ({asked}): {wanted_got(number, len(found))}; all that were logged:"]
        lines += [f"  {warning}" for warning in self] or ["  none"]
        others = [(warning, diff) for warning in self if (diff := _differences(warning, wanted))]
        if others and len(found) < (count or 1):
            warning, differences = min(others, key=lambda pair: len(pair[1]))
            lines.append(f"the nearest miss, {warning.message!r}, differs in {'; '.join(differences)}")
        lines.append("mend the script, move the clock a minute (the debounce), or ask for another number")
        raise AssertionError("\n".join(lines))


class _Handler(logging.Handler):
    def __init__(self, warnings: QueueWarnings, clock: Callable[[], float]) -> None:
        super().__init__(logging.WARNING)
        self._warnings = warnings
        self._clock = clock

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - whoever logged it is at fault, and other handlers say so
            return
        warning = parse_queue_warning(message, logger=record.name, at=self._clock())
        if warning is not None:
            self._warnings.add(warning)


@contextlib.contextmanager
def captured_warnings() -> Iterator[QueueWarnings]:
    """Collects what is logged in the process; the root logger is as before afterwards."""
    _forms()
    warnings, root = QueueWarnings(), logging.getLogger()
    handler, level = _Handler(warnings, lambda: time.time()), root.level  # noqa: PLW0108 - looked up at each call
    root.addHandler(handler)
    root.setLevel(min(level, logging.WARNING))
    try:
        yield warnings
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


def _wanted(
    kind: ClientKind | str | None, identifier: str | None, state: QueueState | str | None, reason: str | None
) -> dict[str, str]:
    given = {
        "kind": None if kind is None else ClientKind(kind).value,
        "identifier": identifier,
        "state": None if state is None else QueueState(state).value,
        "reason": reason,
    }
    return {name: value for name, value in given.items() if value is not None}


def _differences(warning: QueueWarning, wanted: dict[str, str]) -> list[str]:
    got = {
        "kind": warning.kind.value,
        "identifier": warning.identifier,
        "state": None if warning.state is None else warning.state.value,
        "reason": warning.reason,
    }
    return [
        f"{name}: {wanted_got(repr(value), repr(got[name]))}"
        for name, value in wanted.items()
        if got[name] != value
    ]
