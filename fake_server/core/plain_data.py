"""Check data loaded from YAML or JSON, with error messages for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fake_server.core.errors import ScriptError, meant


def refuse_unknown(given: Iterable[object], known: Iterable[str], meanable: Iterable[str] = ()) -> None:
    """Raise an error if a mapping of a file has an unknown key.

    Args:
        given: The keys of the mapping.
        known: The keys that the mapping may have.
        meanable: Keys of other kinds of mapping, which the author may have misspelt. They are not allowed
            here, but the message may suggest them.

    Raises:
        ScriptError: A key is unknown; the message names it and the nearest key.
    """
    names = list(known)
    for key in given:
        if key not in names:
            hint = meant(key, (*names, *meanable)) or f"; the keys are {', '.join(names)}"
            raise ScriptError(f"unknown key {key!r}{hint}")


def kind(value: object) -> str:
    """Return the type of a value in the words of YAML, such as ``a list``, for an error message."""
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
