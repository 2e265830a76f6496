"""Explain a value that an adapter sends in a field that allows only certain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from fake_server.core.errors import suggestion
from fake_server.core.operations import Operation
from tinker_conformance.sdk.adapter import Capability, Transport

CLAIMED: Final[Mapping[str, Iterable[str]]] = {
    "capabilities": tuple(Capability),
    "operations": tuple(Operation),
    "transport": tuple(Transport),
}
"""The allowed values of each field of `AdapterInfo` that allows only certain values."""


def allowed_values(problem: str, known: Mapping[str, Iterable[str]] = CLAIMED) -> str:
    """Return the nearest and all allowed values, if a decoder's error is about another value; else "".

    Args:
        problem: The text of an error of msgspec.
        known: The allowed values, by the name of the field.
    """
    found = re.match(r"Invalid (?:enum )?value '(.*)' - at `\$\.(?:\w+\.)*?(\w+)(?:\[.*\])?`", problem)
    if found is None or (choices := known.get(found[2])) is None:
        return ""
    listed = tuple(choices)
    return f"; {suggestion(found[1], listed, 'use another')}; the choices are {', '.join(listed)}"
