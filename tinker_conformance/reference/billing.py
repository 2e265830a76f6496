"""The pause that an unpaid bill (HTTP 402) makes, shared by all clients of one service.

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
    """Decides whether a 402 is waited out.

    Attributes:
        facet: The polling facet: how long a pause may last, and its lines.
        limit_seconds: How long a pause may last; the facet's unless the server's configuration says more.
    """

    facet: PollingFacet
    limit_seconds: float
    _since: float | None = None
    _line_at: float | None = None

    def may_go_on(self, detail: str) -> bool:
        """Whether to pause and poll again; logs the pause now and then, and its end.

        Args:
            detail: What the line says of the reply.
        """
        now = time.monotonic()
        if self._line_at is not None and now - self._line_at > self.facet.billing_forgotten_seconds:
            self._since = None
            self._line_at = None
        if self._since is not None and now - self._since > self.limit_seconds:
            if self.facet.lines.billing_abort:
                _logger.error("%s", self.facet.lines.billing_abort.format(seconds=now - self._since))
            return False
        if self._line_at is None or now - self._line_at > self.facet.billing_line_seconds:
            self._line_at = now
            if self.facet.lines.billing_pause:
                _logger.warning("%s", self.facet.lines.billing_pause.format(detail=detail))
        if self._since is None:
            self._since = now
        return True
