"""What a downstream suite may set for all fixtures, by overriding `fake_tinker_options`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DEFAULT_EPOCH: Final = 1_750_000_000.0
API_KEY: Final = "tml-fake-tinker"
"""The official SDK refuses a key without this beginning (tinker 0.1.0 and later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTinkerOptions:
    """Settings of the fixtures.

    Attributes:
        base_url: Where `fake_tinker` is mounted; a host that does not exist.
        api_key: The value of ``TINKER_API_KEY``.
        epoch: Where the frozen wall clock begins, in seconds since 1970.
        unscripted_complete: Whether a submission without a script completes; else it gets HTTP 404. True
            makes it a whole fake Tinker (``docs/reference/simulated-service.md``).
        seed: What the numbers and ids of a whole fake Tinker are derived from.
        strict: Whether the simulated service refuses base models that its capabilities do not list.
        client_config: Fields of the reply to ``client/config``, over the defaults.
        verify: Whether a test that passed fails if a script was not drained or a request was not expected.
    """

    base_url: str = "http://tinker.test"
    api_key: str = API_KEY
    epoch: float = DEFAULT_EPOCH
    unscripted_complete: bool = False
    seed: int = 0
    strict: bool = False
    client_config: Mapping[str, object] = field(default_factory=dict)
    verify: bool = True
