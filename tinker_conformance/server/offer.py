"""What a server offers, as the survey found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinker_conformance.server.features import Feature


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server offers.

    Attributes:
        missing: The features that it does not have, each with how that showed.
        models: The base models that its capabilities list.
        is_tinker: Whether any known path is there and answers with a JSON object.
    """

    missing: Mapping[Feature, str]
    models: tuple[str, ...] = ()
    is_tinker: bool = True

    def lacks(self, needs: frozenset[Feature]) -> str | None:
        """Return how the first missing one of some features showed; None if all are there."""
        return next((why for feature, why in self.missing.items() if feature in needs), None)
