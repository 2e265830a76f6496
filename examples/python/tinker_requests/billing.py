"""The pause that an unpaid bill (HTTP 402) makes."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger("tinker_requests")

PAUSE = 5.0
LINE_INTERVAL = 60.0
FORGOTTEN_AFTER = 300.0


class Billing:
    """Decides, for all clients of a service, whether a 402 is waited out; times are monotonic seconds."""

    def __init__(self) -> None:
        self.limit = 3600.0
        self._since: float | None = None
        self._logged_at: float | None = None
        self._lock = threading.Lock()

    def may_go_on(self) -> bool:
        """Whether to ask again in `PAUSE` seconds."""
        with self._lock:
            now = time.monotonic()
            if self._logged_at is not None and now - self._logged_at > FORGOTTEN_AFTER:
                self._since = self._logged_at = None
            if self._since is None:
                self._since = now
            if now - self._since > self.limit:
                log.error("An unpaid bill has held the job for %.0f s; giving up.", now - self._since)
                return False
            if self._logged_at is None or now - self._logged_at > LINE_INTERVAL:
                self._logged_at = now
                log.warning("The job waits until its bill is paid.")
            return True
