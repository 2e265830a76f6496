"""What the facets of a profile share."""

from __future__ import annotations

import re
import string
from typing import Annotated, Final

import msgspec

from fake_server.script.steps import MAX_ADVANCE_SECONDS

Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_ADVANCE_SECONDS)]
"""A length of time in seconds: not negative, and not longer than a script can move a clock in one step."""

_LONG_FORMAT: Final = re.compile(r"[0-9]{4}|\{")


class Facet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values of which none may be missing or unknown."""


def check_places(field: str, template: str, allowed: frozenset[str]) -> None:
    """Raises ValueError if a template has a place that nothing fills; msgspec adds where it stands."""
    try:
        parsed = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        message = f"`{field}` is no template ({error}); write {{{{ and }}}} for braces"
        raise ValueError(message) from None
    if any(_LONG_FORMAT.search(format_spec or "") for _, _, format_spec, _ in parsed):
        message = f"`{field}` formats a place to 1000 characters or more; write less, as in {{reason:.3f}}"
        raise ValueError(message)
    if unknown := sorted({str(place) for _, place, _, _ in parsed} - allowed):
        known = ", ".join(f"{{{place}}}" for place in sorted(allowed))
        message = f"`{field}` has the place {{{unknown[0]}}}, which nothing fills; known are {known}"
        raise ValueError(message)
