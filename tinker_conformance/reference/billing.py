"""The pause in polling after an unpaid bill (HTTP 402), shared by all clients of one service.

Source: ``tinker`` 0.20.0 to 0.38.0.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final

from tinker_conformance.profile.profile import PollingFacet
from tinker_conformance.reference.observer import LOGGER_NAME

_logger: Final = logging.getLogger(f"{LOGGER_NAME}.billing")


@dataclass(slots=True)
class BillingPause:
    """Decides, after each HTTP 402 (an unpaid bill), whether the SDK polls again or gives up.

    Attributes:
        facet: The polling facet of the profile: how long a pause lasts, and what is logged about it.
        limit_seconds: How long polling continues during an unpaid bill, seconds. At first the facet's value;
            the server's configuration may replace it.
    """

    facet: PollingFacet
    limit_seconds: float
    _since: float | None = None
    _logged_at: float | None = None

    def may_continue(self, detail: str) -> bool:
        """Return whether to wait and poll again after a 402, and log the start and the end of the pause.

        Args:
            detail: What the log line says about the server's reply.
        """
        now = time.monotonic()
        if self._logged_at is not None and now - self._logged_at > self.facet.billing_forgotten_seconds:
            self._since = None
            self._logged_at = None
        if self._since is not None and now - self._since > self.limit_seconds:
            if self.facet.lines.billing_abort:
                _logger.error("%s", self.facet.lines.billing_abort.format(seconds=now - self._since))
            return False
        if self._logged_at is None or now - self._logged_at > self.facet.billing_line_seconds:
            self._logged_at = now
            if self.facet.lines.billing_pause:
                _logger.warning("%s", self.facet.lines.billing_pause.format(detail=detail))
        if self._since is None:
            self._since = now
        return True
