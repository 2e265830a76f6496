"""The part of the polling facet about requests that the server does not accept: when they are sent again."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tinker_conformance.profile.choices import SubmissionRetries
from tinker_conformance.profile.facet import Facet, Seconds


class SubmissionFacet(Facet, frozen=True):
    """Retries of a request before its future exists, after HTTP 408, 409, 429 and 5xx or a lost reply.

    Official, measured with ``tinker`` 0.1.0, 0.6.3, 0.20.0 and 0.38.0. The official SDK's HTTP client sends a
    request again after short delays (*quick* retries), and the code that calls the HTTP client after longer
    ones (*slow* retries). `OperationFacet.retries` says which of them a request gets.

    Attributes:
        quick_retries: How many quick retries there are in a row. Official: 10.
        quick_base_seconds: The delay of the first quick retry; it doubles each time. Official: 0.5.
        quick_cap_seconds: The longest delay of a quick retry. Official: 10.
        quick_jitter: The share of that delay that is subtracted at random. Official: 0.25.
        retry_after_limit_seconds: The longest ``Retry-After`` that quick retries follow; 0 for none.
            Official: 60.
        obeys_should_retry: Whether quick retries do what the header ``x-should-retry`` says. Official: yes.
        slow_base_seconds: The delay of the first slow retry; it doubles each time. Official: 1.
        slow_cap_seconds: The longest delay of a slow retry. Official: 30.
        slow_limit_seconds: How long slow retries go on (wall clock). Official: 300.
        sampling_back_off_seconds: The delay of samples after HTTP 429, and after a 402 that starts a billing
            pause. Official: 1.
        retries_empty_400: Whether an HTTP 400 without a body counts as a lost reply for slow retries.
            Official: since 0.16.1.
        renumbers_samples: Whether a sample that is sent again gets another ``seq_id``. Official: until 0.20.
        sessions: The retries of requests that create sessions and sampling sessions.
        client_config: The retries of ``POST /api/v1/client/config``.
    """

    quick_retries: Annotated[int, msgspec.Meta(ge=0)]
    quick_base_seconds: Seconds
    quick_cap_seconds: Seconds
    quick_jitter: Annotated[float, msgspec.Meta(ge=0, le=1)]
    retry_after_limit_seconds: Seconds
    obeys_should_retry: bool
    slow_base_seconds: Seconds
    slow_cap_seconds: Seconds
    slow_limit_seconds: Seconds
    sampling_back_off_seconds: Seconds
    retries_empty_400: bool
    renumbers_samples: bool
    sessions: SubmissionRetries
    client_config: SubmissionRetries
