"""What the facets of a profile share."""

from __future__ import annotations

import string
from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0)]
"""A length of time in seconds, not negative."""


class Facet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values of which none may be missing or unknown."""


def check_places(field: str, template: str, allowed: frozenset[str]) -> None:
    """Raises ValueError if a template has a place that nothing fills; msgspec adds where it stands."""
    try:
        places = {place for _, place, _, _ in string.Formatter().parse(template) if place is not None}
    except ValueError as error:
        message = f"`{field}` is no template ({error}); write {{{{ and }}}} for braces"
        raise ValueError(message) from None
    if unknown := sorted(places - allowed):
        known = ", ".join(f"{{{place}}}" for place in sorted(allowed))
        message = f"`{field}` has the place {{{unknown[0]}}}, which nothing fills; known are {known}"
        raise ValueError(message)
