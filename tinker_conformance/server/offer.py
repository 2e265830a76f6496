"""What a server offers, as the survey at the start of a run found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinker_conformance.server.features import Feature


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server offers.

    Attributes:
        missing: Each feature that the server does not have, with the observation that showed this.
        models: The base models that the server's capabilities list.
        is_tinker: Whether the server answered any known path with a JSON object.
    """

    missing: Mapping[Feature, str]
    models: tuple[str, ...] = ()
    is_tinker: bool = True

    def lacks(self, needs: frozenset[Feature]) -> str | None:
        """Return the observation that showed that one of these features is missing; None if none is."""
        return next((why for feature, why in self.missing.items() if feature in needs), None)
