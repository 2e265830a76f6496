"""Compute how long a client waits before it sends a request again that the server did not accept.

The server's replies go in, one after another; the wait after each comes out, as a profile says. The reference
waits that long, and a check compares the waits of an SDK with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final

from tinker_conformance.profile.choices import StatusAction, SubmissionRetries
from tinker_conformance.profile.polling_facet import PollingFacet

_RETRIED: Final = frozenset({408, 409, 429})


@dataclass(frozen=True, slots=True)
class RefusedReply:
    """A reply that does not accept a request, or the loss of the reply.

    Attributes:
        status: The HTTP status; None for a lost reply.
        is_empty: Whether the reply has no body.
        headers: The reply's headers, names in lower case.
    """

    status: int | None
    is_empty: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_retried(self) -> bool:
        """Return whether the official SDK sends a request again after this reply, quickly or slowly."""
        return self.status is None or self.status in _RETRIED or 500 <= self.status < 600


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait before a request is sent again.

    Attributes:
        least: The shortest time that the wait may last, seconds; waits are random.
        most: The longest time, seconds.
        of_all_samples: Whether all samples of the service wait, and not only this request.
    """

    least: float
    most: float
    of_all_samples: bool = False


@dataclass(slots=True)
class SubmissionWaits:
    """Computes the waits of one request, refusal after refusal.

    Attributes:
        facet: The polling facet.
        retries: Whether the request gets quick retries, slow ones, or both.
        is_sample: Whether the request is a sample.
        may_pause: Returns whether an unpaid bill (HTTP 402) may still pause the SDK; called once for each
            402.
    """

    facet: PollingFacet
    retries: SubmissionRetries
    is_sample: bool
    may_pause: Callable[[], bool]
    _quick: int = 0
    _slow: int = 0
    _since: float | None = None

    def after(self, refusal: RefusedReply, now: float) -> Wait | None:
        """Return the wait after a refusal; None if the request is not sent again.

        Args:
            refusal: The refusal.
            now: The wall clock, seconds.
        """
        if self._since is None:
            self._since = now
        return self._quick_wait(refusal, now) or self._slow_wait(refusal, now)

    def _quick_wait(self, refusal: RefusedReply, now: float) -> Wait | None:
        rules = self.facet.submission
        left = self.retries is not SubmissionRetries.SLOW_ONLY and self._quick < rules.quick_retries
        if not left or not self._is_quickly_retried(refusal):
            self._quick = 0
            return None
        count, self._quick = self._quick, self._quick + 1
        asked = _retry_after(refusal.headers, now)
        if asked is not None and 0 < asked <= rules.retry_after_limit_seconds:
            return Wait(asked, asked)
        most = min(rules.quick_base_seconds * 2.0**count, rules.quick_cap_seconds)
        return Wait(most * (1 - rules.quick_jitter), most)

    def _is_quickly_retried(self, refusal: RefusedReply) -> bool:
        value = refusal.headers.get("x-should-retry") if self.facet.submission.obeys_should_retry else None
        match value:
            case "true":
                return True
            case "false":
                return False
            case _:
                return refusal.is_retried

    def _slow_wait(self, refusal: RefusedReply, now: float) -> Wait | None:
        rules = self.facet.submission
        if self.retries is SubmissionRetries.QUICK_ONLY:
            return None
        paused = refusal.status == 402 and self.facet.on_402 is StatusAction.BILLING_PAUSE
        if (paused and self.may_pause()) or (self.is_sample and refusal.status == 429):
            return self._pause()
        assert self._since is not None  # noqa: S101 - `after` has set it
        passed = now - self._since
        lost = rules.retries_empty_400 and refusal.status == 400 and refusal.is_empty
        if not (refusal.is_retried or lost) or passed >= rules.slow_limit_seconds:
            return None
        delay = min(rules.slow_base_seconds * 2.0 ** min(self._slow, 64), rules.slow_cap_seconds)
        self._slow += 1
        delay = min(delay, rules.slow_limit_seconds - passed)
        return Wait(delay, delay)

    def _pause(self) -> Wait:
        if not self.is_sample:
            return Wait(self.facet.billing_pause_seconds, self.facet.billing_pause_seconds)
        # A sample starts anew after it: with the first delay, and the whole time.
        self._slow, self._since = 0, None
        seconds = self.facet.submission.sampling_back_off_seconds
        return Wait(seconds, seconds, of_all_samples=True)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a reply asks its client to wait."""
    with contextlib.suppress(KeyError, ValueError):
        return float(headers["retry-after-ms"]) / 1000
    value = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return float(value)
    with contextlib.suppress(ValueError):
        return parsedate_to_datetime(value).timestamp() - now
    return None
