"""The base class of a profile's facets (its parts *observer* and *polling*), and what they share."""

from __future__ import annotations

import re
import string
from typing import Annotated, Final

import msgspec

from fake_server.script.steps import MAX_ADVANCE_SECONDS

Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_ADVANCE_SECONDS)]
"""A duration in seconds, from 0 to the longest step by which a script can move the clocks."""

_LONG_FORMAT: Final = re.compile(r"[0-9]{4}|\{")


class Facet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A group of profile values, read from TOML; a missing or an unknown key is an error."""


def check_places(field: str, template: str, allowed: frozenset[str]) -> None:
    """Check that a text template of a profile uses only known placeholders.

    Raises:
        ValueError: The text is not a template, or has an unknown placeholder. (msgspec adds the key.)
    """
    try:
        parsed = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        message = f"`{field}` is not a valid template ({error}); write {{{{ and }}}} for braces"
        raise ValueError(message) from None
    if any(_LONG_FORMAT.search(format_spec or "") for _, _, format_spec, _ in parsed):
        message = f"`{field}` formats a placeholder to 1000 characters or more; try {{reason:.3f}}"
        raise ValueError(message)
    if unknown := sorted({str(place) for _, place, _, _ in parsed} - allowed):
        known = ", ".join(f"{{{place}}}" for place in sorted(allowed))
        message = f"`{field}` has the unknown placeholder {{{unknown[0]}}}; use one of {known}"
        raise ValueError(message)
