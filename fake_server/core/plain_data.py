"""Mappings as YAML and JSON give them, and errors about them in words for their author."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fake_server.core.errors import ScriptError, meant


def refuse_unknown(given: Iterable[object], known: Iterable[str]) -> None:
    """Checks the keys of a mapping.

    Raises:
        ScriptError: Names the first key that is not known, and the nearest that is.
    """
    names = list(known)
    for key in given:
        if key not in names:
            hint = meant(key, names) or f"; the keys are {', '.join(names)}"
            raise ScriptError(f"unknown key {key!r}{hint}")


def kind(value: object) -> str:
    """What a value of a YAML file is, in words for its author."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {str(value).lower()}"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return f"the string {value[:60]!r}"
        case _:
            return f"the {type(value).__name__} {str(value)[:60]}"
