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
    """The state of a billing pause: whether polling may go on after a 402.

    Attributes:
        facet: The polling facet, with the times and the log lines of a pause.
        limit_seconds: How long a pause may last; the server's configuration overrides the facet's value.
    """

    facet: PollingFacet
    limit_seconds: float
    _since: float | None = None
    _logged_at: float | None = None

    def may_continue(self, detail: str) -> bool:
        """Return whether to pause and poll again; log the pause when a line is due, and its end.

        Args:
            detail: The text about the reply in the log line.
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
