"""Parse logged warnings about paused queues: which client, which state, which reason, and when.

The message formats come from all profiles of the kit, so it can parse warnings of any official release. The
state of a warning is known only if its reason is one of the SDK's own texts, not the server's.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, overload

from fake_server.core.errors import meant
from fake_server.core.wanted_got import wanted_got
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.queue_state import ClientKind, QueueState

SDK_LOGGER: Final = "tinker"
"""The logger above all others of the official SDK."""


@dataclass(frozen=True, slots=True)
class QueueWarning:
    """One warning about a paused queue.

    Attributes:
        kind: The kind of client that logged the warning.
        identifier: The sampler, model or base model that the warning names.
        reason: The reason that the warning gives.
        state: The queue state; None if the reason is not one of the SDK's own texts.
        at: The wall clock when the warning was logged, seconds since 1970; virtual if the clock is frozen.
        logger: The name of the logger.
        message: The complete message.
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
    """Return the parts of a log message; None if it is not a queue-state warning of any known profile."""
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
    # The longest first, because `paused for {identifier}` also matches `paused for sampler {identifier}`.
    ordered = sorted(templates, key=len, reverse=True)
    return tuple(_Form(templates[text], _pattern(text), states[templates[text]]) for text in ordered)


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.escape(template)
    for place in ("identifier", "reason"):
        escaped = escaped.replace(re.escape(f"{{{place}}}"), f"(?P<{place}>.*?)")
    return re.compile(escaped, re.DOTALL)


class QueueWarnings(Sequence[QueueWarning]):
    """The warnings so far, in order; the sequence grows while the test runs.

    A logger of the SDK is *cut off* if its warnings cannot arrive here, such as a disabled one. While one is,
    each method that finds no warning raises ``AssertionError``, because "no warning" would prove nothing.

    Attributes:
        unheard: Returns a sentence for each logger of the SDK that is cut off, with the fix.
    """

    def __init__(self) -> None:
        """Create an empty sequence."""
        self.unheard: Callable[[], Sequence[str]] = tuple
        self._lock = threading.Lock()
        self._found: list[QueueWarning] = []

    @overload
    def __getitem__(self, place: int) -> QueueWarning: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[QueueWarning, ...]: ...
    def __getitem__(self, place: int | slice) -> QueueWarning | tuple[QueueWarning, ...]:
        """Return one warning, or a slice.

        Raises:
            AssertionError: There are no warnings, and a logger of the SDK is cut off.
        """
        __tracebackhide__ = True
        found = self._arrived()
        return self._sure(found[place]) if isinstance(place, slice) else self._sure(found)[place]

    def __len__(self) -> int:
        """Return the number of warnings.

        Raises:
            AssertionError: There are no warnings, and a logger of the SDK is cut off.
        """
        __tracebackhide__ = True
        return len(self._sure(self._arrived()))

    def __iter__(self) -> Iterator[QueueWarning]:
        """Yield the warnings so far.

        Raises:
            AssertionError: There are no warnings, and a logger of the SDK is cut off.
        """
        __tracebackhide__ = True
        return iter(self._sure(self._arrived()))

    def __repr__(self) -> str:
        missing = "".join(f"; warnings may be missing: {reason}" for reason in self.unheard())
        return f"<QueueWarnings: {'; '.join(map(str, self._arrived())) or 'none'}{missing}>"

    def _arrived(self) -> tuple[QueueWarning, ...]:
        with self._lock:
            return tuple(self._found)

    def _sure(self, found: tuple[QueueWarning, ...]) -> tuple[QueueWarning, ...]:
        """Return the warnings that were found; raise if there are none and a logger of the SDK is cut off."""
        __tracebackhide__ = True
        if not found and (unheard := self.unheard()):
            raise AssertionError(
                "\n".join(["no such queue-state warning arrived, but warnings may be missing:", *unheard])
            )
        return found

    def add(self, warning: QueueWarning) -> None:
        """Append a warning."""
        with self._lock:
            self._found.append(warning)

    def clear(self) -> None:
        """Remove all warnings."""
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
        """Return the warnings that match all given values; None matches any value.

        Raises:
            AssertionError: No warning matches, and a logger of the SDK is cut off.
            UserError: If there is no such kind or state.
        """
        __tracebackhide__ = True
        wanted = _wanted(kind, identifier, state, reason)
        return self._sure(tuple(each for each in self._arrived() if not _differences(each, wanted)))

    def assert_logged(
        self,
        count: int | None = None,
        *,
        kind: ClientKind | str | None = None,
        identifier: str | None = None,
        state: QueueState | str | None = None,
        reason: str | None = None,
    ) -> tuple[QueueWarning, ...]:
        """Return the matching warnings; assert that there are `count`, or at least one if `count` is None.

        Raises:
            AssertionError: If the number differs; the text lists all warnings, and how the nearest one
                differs. Also if no warning was logged, as expected, but a logger of the SDK is cut off.
            UserError: If there is no such kind or state.
        """
        __tracebackhide__ = True
        wanted = _wanted(kind, identifier, state, reason)
        arrived = self._arrived()
        found = tuple(warning for warning in arrived if not _differences(warning, wanted))
        unheard = self.unheard()
        if (found and count is None) or (len(found) == count and (found or not unheard)):
            return found
        asked = ", ".join(f"{name} {value!r}" for name, value in wanted.items()) or "any"
        number = "at least one" if count is None else str(count)
        lines = [f"queue-state warnings ({asked}): {wanted_got(number, len(found))}; all warnings logged:"]
        lines += [f"  {warning}" for warning in arrived] or ["  none"]
        others = [(warning, diff) for warning in arrived if (diff := _differences(warning, wanted))]
        if others and len(found) < (count or 1):
            warning, differences = min(others, key=lambda pair: len(pair[1]))
            lines.append(f"the nearest miss, {warning.message!r}, differs in {'; '.join(differences)}")
        if unheard:
            raise AssertionError("\n".join([*lines, "warnings may be missing:", *unheard]))
        lines.append("fix the script, move the clock 60 s (the debounce window), or expect another number")
        raise AssertionError("\n".join(lines))


class _Handler(logging.Handler):
    def __init__(self, warnings: QueueWarnings, clock: Callable[[], float]) -> None:
        super().__init__(logging.WARNING)
        self._warnings = warnings
        self._clock = clock
        # A record that propagates passes this handler at two loggers.
        self._seen: weakref.WeakSet[logging.LogRecord] = weakref.WeakSet()

    def emit(self, record: logging.LogRecord) -> None:
        if record in self._seen:
            return
        self._seen.add(record)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - the log call is wrong, and other handlers report it
            return
        warning = parse_queue_warning(message, logger=record.name, at=self._clock())
        if warning is not None:
            self._warnings.add(warning)


@contextlib.contextmanager
def captured_warnings() -> Iterator[QueueWarnings]:
    """Collect the warnings logged in this process, and restore the loggers at the end of the block.

    Listens at the root logger and at the logger ``tinker``, the parent of all loggers of the official SDK
    (tinker 0.1.0 to 0.38.0): code under test often replaces the handlers of the root logger.
    """
    _forms()
    root = logging.getLogger()
    loggers, level = (root, logging.getLogger(SDK_LOGGER)), root.level
    warnings = QueueWarnings()
    handler = _Handler(warnings, lambda: time.time())  # noqa: PLW0108 - looked up at each call
    warnings.unheard = lambda: _unheard(handler)
    for logger in loggers:
        logger.addHandler(handler)
    root.setLevel(min(level, logging.WARNING))
    try:
        yield warnings
    finally:
        at_the_end = _unheard(handler)
        warnings.unheard = lambda: at_the_end
        for logger in loggers:
            logger.removeHandler(handler)
        root.setLevel(level)
        handler.close()


def _unheard(handler: logging.Handler) -> list[str]:
    """Return why warnings of the official SDK may be missing: a sentence for each logger that is cut off."""
    if logging.root.manager.disable >= logging.WARNING:
        return ["logging.disable() turns off warnings; call logging.disable(logging.NOTSET) in the test"]
    found = []
    for name, logger in sorted(logging.root.manager.loggerDict.items()):
        if not isinstance(logger, logging.Logger) or name.partition(".")[0] != SDK_LOGGER:
            continue
        if logger.disabled:
            found.append(f"the logger {name!r} is disabled; pass disable_existing_loggers=False")
        elif logger.getEffectiveLevel() > logging.WARNING:
            level = logging.getLevelName(logger.getEffectiveLevel())
            found.append(f"the logger {name!r} drops warnings (its level is {level}); set it to WARNING")
        else:
            found += _lost(logger, handler)
    return found


def _lost(logger: logging.Logger, handler: logging.Handler) -> list[str]:
    """Return why the records of a logger do not reach a handler; empty if they do."""
    above: logging.Logger = logger
    while handler not in above.handlers:
        if above.parent is None:
            lost = f"the logger {logger.name!r} lost the handler of this fixture"
            return [f"{lost}, because logging was configured during the test; configure it before the test"]
        if not above.propagate:
            return [f"the logger {above.name!r} does not propagate; set its attribute propagate to True"]
        above = above.parent
    return []


def _wanted(
    kind: ClientKind | str | None, identifier: str | None, state: QueueState | str | None, reason: str | None
) -> dict[str, str]:
    if state == QueueState.ACTIVE:
        raise UserError(
            "a warning is about a pause, so none has the state 'active'; to assert that none was logged, use "
            "assert_logged(0)"
        )
    given = {
        "kind": None if kind is None else _member(ClientKind, kind),
        "identifier": identifier,
        "state": None if state is None else _member(QueueState, state),
        "reason": reason,
    }
    return {name: value for name, value in given.items() if value is not None}


def _member(kind: type[StrEnum], value: str) -> str:
    """Return `value` after checking that the enumeration has it.

    Raises:
        UserError: The enumeration has no such value; the text lists all values.
    """
    values = [member.value for member in kind]
    if value not in values:
        what = "queue state" if kind is QueueState else "kind of client"
        hint = meant(value, values)
        raise UserError(f"there is no {what} {str(value)!r}{hint}; use one of {', '.join(values)}")
    return str(value)


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
