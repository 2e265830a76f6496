"""A profile: how one revision of an SDK polls, and what it logs while its queue is paused, as plain data.

A profile has two facets, whose revisions change independently. The *observer* facet says which replies notify
an observer, how a state is read, and what is logged. The *polling* facet describes requests, retries, and how
a future ends. `profile_files` reads both from TOML. The reference does what a profile says, and never looks
at a version.

`docs/reference/profiles.md` lists every field and every revision.
"""

from __future__ import annotations

from tinker_conformance.profile.choices import (
    BackOffReset,
    BudgetRefill,
    ClockKind,
    CustomObserver,
    FailureClass,
    Identifier,
    LogLevel,
    MessageMatch,
    NotifyOn408,
    NotifyOnTryAgain,
    ObserverError,
    OnExpired,
    ResultFormat,
    SamplerAddress,
    StatusAction,
    SubmissionRetries,
    TelemetrySource,
    Unparseable408,
    UnparseableTryAgain,
    UnusableBody,
    WaitTimeout,
)
from tinker_conformance.profile.facet import Facet
from tinker_conformance.profile.observer_facet import ClientForms, ObserverFacet, Reasons
from tinker_conformance.profile.polling_facet import Expired, Lines, OperationFacet, PollingFacet
from tinker_conformance.profile.session_facet import Cancellation, FromCheckpoint, SessionPolling
from tinker_conformance.profile.submission_facet import SubmissionFacet

__all__ = [
    "BackOffReset",
    "BudgetRefill",
    "Cancellation",
    "ClientForms",
    "ClockKind",
    "CustomObserver",
    "Expired",
    "FailureClass",
    "FromCheckpoint",
    "Identifier",
    "Lines",
    "LogLevel",
    "MessageMatch",
    "NotifyOn408",
    "NotifyOnTryAgain",
    "ObserverError",
    "ObserverFacet",
    "OnExpired",
    "OperationFacet",
    "PollingFacet",
    "Profile",
    "Reasons",
    "ResultFormat",
    "SamplerAddress",
    "SessionPolling",
    "StatusAction",
    "SubmissionFacet",
    "SubmissionRetries",
    "TelemetrySource",
    "Unparseable408",
    "UnparseableTryAgain",
    "UnusableBody",
    "WaitTimeout",
]


class Profile(Facet, frozen=True):
    """One revision of each facet, under one name.

    Attributes:
        name: The name for `load_profile` and ``--profile``.
        observer: The observer facet.
        polling: The polling facet.
    """

    name: str
    observer: ObserverFacet
    polling: PollingFacet
