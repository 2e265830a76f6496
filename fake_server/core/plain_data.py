"""Helpers for plain data loaded from YAML and JSON, with errors worded for the author of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fake_server.core.errors import ScriptError, meant


def refuse_unknown(given: Iterable[object], known: Iterable[str], meanable: Iterable[str] = ()) -> None:
    """Check that a mapping has no unknown keys.

    Args:
        given: The keys.
        known: Those that it may have.
        meanable: Those that its author may have meant, too: they would make it a mapping of another kind.

    Raises:
        ScriptError: A key is unknown; the message names it and the nearest known key.
    """
    names = list(known)
    for key in given:
        if key not in names:
            hint = meant(key, (*names, *meanable)) or f"; the keys are {', '.join(names)}"
            raise ScriptError(f"unknown key {key!r}{hint}")


def kind(value: object) -> str:
    """Return a description of a value for the author of a YAML file."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return f"the string {value[:60]!r}"
        case _:
            return f"the {type(value).__name__} {str(value)[:60]}"
