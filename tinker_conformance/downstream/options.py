"""The settings of the fixtures, which a downstream suite sets by overriding `fake_tinker_options`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DEFAULT_EPOCH: Final = 1_750_000_000.0
API_KEY: Final = "tml-fake-tinker"
"""The beginning of API keys; the official SDK rejects keys without `tml-` (tinker 0.1.0 and later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTinkerOptions:
    """Settings of the fixtures.

    Attributes:
        base_url: The URL of `fake_tinker`; the host need not exist.
        api_key: The value of ``TINKER_API_KEY``. By default, each fake has a different key, which begins with
            ``API_KEY`` and by which the fake recognizes clients that an earlier test left running.
        epoch: The initial value of the frozen wall clock, in seconds since 1970.
        unscripted_complete: Whether a submission without a script completes; otherwise it gets HTTP 404. True
            turns the fake into a simulated service (``docs/reference/simulated-service.md``).
        seed: The seed from which the simulated service derives its numbers and ids.
        strict: Whether the simulated service refuses base models that are not in its list of supported
            models.
        client_config: Fields of the reply to ``client/config`` that replace the defaults.
        dialect: The name of the server that the fake imitates (``docs/reference/dialects.md``); None for the
            official service.
        long_polls: Whether the fake delays a reply "not done yet" as long as the server of the dialect does.
        verify: Whether a test fails if a script was not drained or an unexpected request arrived.
    """

    base_url: str = "http://tinker.test"
    api_key: str | None = None
    epoch: float = DEFAULT_EPOCH
    unscripted_complete: bool = False
    seed: int = 0
    strict: bool = False
    client_config: Mapping[str, object] = field(default_factory=dict)
    dialect: str | None = None
    long_polls: bool = False
    verify: bool = True
