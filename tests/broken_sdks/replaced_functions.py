"""Which functions of the reference a broken SDK replaces, and which of them the reference calls."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from inspect import getattr_static, isfunction
from types import FunctionType
from typing import Any, Final

from tinker_conformance.reference.observer import ClientObserver
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.session_poller import SessionPoller
from tinker_conformance.reference.submission import PendingRequest
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from . import patches

_PARTS: Final[Mapping[str, type]] = {
    "observer": ClientObserver,
    "poll": Poll,
    "poller": SessionPoller,
    "submission": PendingRequest,
}
"""What the attributes of the base classes in `patches` stand in for."""
_OWN: Final = frozenset(
    {
        *("__module__", "__doc__", "__slots__", "__annotations__", "__abstractmethods__", "_abc_impl"),
        # Python 3.13 and 3.14.
        *("__static_attributes__", "__firstlineno__", "__annotate_func__", "__annotations_cache__"),
        "shows_in",
    }
)
"""Names that each class has for itself, and what an SDK says of itself. The reference uses none of these."""


def replaced_by(make: object) -> frozenset[FunctionType] | None:
    """Return the functions that an SDK has in place of those of the reference.

    Args:
        make: Makes the SDK's adapter.

    Returns:
        None if it has anything else of its own, such as an attribute, a property, a constructor or a method
        with a new name: then it may differ from the reference whatever that one calls.
    """
    if not isinstance(make, type) or not issubclass(make, ReferenceAdapter):
        return None
    found: set[FunctionType] = set()
    for name, value in _own_attributes(make, ReferenceAdapter):
        part = _PARTS.get(name)
        pairs = [(name, value)] if part is None else [*_own_attributes(value, part)]
        for inner, own in pairs:
            function = getattr_static(part or ReferenceAdapter, inner, None)
            # A constructor runs before the scenario.
            if not isfunction(own) or not isfunction(function) or inner.startswith("__"):
                return None
            found.add(function)
    return frozenset(found)


def _own_attributes(cls: Any, base: type) -> Iterator[tuple[str, object]]:
    """Yield what a class has beyond its base; what `patches` adds only puts the parts in their places."""
    for each in cls.__mro__:
        if each not in base.__mro__ and each.__module__ != patches.__name__:
            yield from ((name, value) for name, value in vars(each).items() if name not in _OWN)


def name_of(function: FunctionType) -> str:
    """Return the name by which a call of a function is noted."""
    return f"{function.__qualname__}()"


def note_calls(functions: Iterable[FunctionType], called: set[str]) -> None:
    """Let each of these methods note its calls, in this process and for good."""
    for function in functions:
        for owner in (ReferenceAdapter, *_PARTS.values()):
            for cls in owner.__mro__:
                if vars(cls).get(function.__name__) is function:
                    setattr(cls, function.__name__, _noting(function, called))


def _noting(function: FunctionType, called: set[str]) -> Any:
    name = name_of(function)

    @functools.wraps(function)
    def noting(*arguments: Any, **named: Any) -> Any:
        called.add(name)
        return function(*arguments, **named)

    return noting
