"""Behaviour of the official SDK as data.

A profile describes one revision (a range of releases that behave alike) in two facets: *observer*, what is
logged about a pause, and *polling*, which requests are sent. TOML files, the kit's own or a user's, go in;
frozen ``Profile`` values come out, by name or for any published release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.profile.choices import (
        BackOffReset,
        BudgetRefill,
        CustomObserver,
        Identifier,
        MessageMatch,
        NotifyOn408,
        NotifyOnTryAgain,
        ObserverError,
        OnExpired,
        ResultFormat,
        StatusAction,
        TelemetrySource,
        Unparseable408,
        UnparseableTryAgain,
        WaitTimeout,
    )
    from tinker_conformance.profile.observer_facet import ClientForms
    from tinker_conformance.profile.profile import (
        ClockKind,
        Expired,
        LogLevel,
        ObserverFacet,
        OperationFacet,
        PollingFacet,
        Profile,
        SamplerAddress,
        UnusableBody,
    )
    from tinker_conformance.profile.profile_files import (
        combined,
        index,
        known_profiles,
        load_profile,
        observer_revision,
    )
    from tinker_conformance.profile.releases import (
        NewerThanKnownWarning,
        known_releases,
        newest_profile,
        profile_for,
    )
    from tinker_conformance.profile.version_numbers import release_of

__all__ = [
    "BackOffReset",
    "BudgetRefill",
    "ClientForms",
    "ClockKind",
    "CustomObserver",
    "Expired",
    "Identifier",
    "LogLevel",
    "MessageMatch",
    "NewerThanKnownWarning",
    "NotifyOn408",
    "NotifyOnTryAgain",
    "ObserverError",
    "ObserverFacet",
    "OnExpired",
    "OperationFacet",
    "PollingFacet",
    "Profile",
    "ResultFormat",
    "SamplerAddress",
    "StatusAction",
    "TelemetrySource",
    "Unparseable408",
    "UnparseableTryAgain",
    "UnusableBody",
    "WaitTimeout",
    "combined",
    "index",
    "known_profiles",
    "known_releases",
    "load_profile",
    "newest_profile",
    "observer_revision",
    "profile_for",
    "release_of",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "choices": (
            "BackOffReset BudgetRefill CustomObserver Identifier MessageMatch NotifyOn408 "
            "NotifyOnTryAgain ObserverError OnExpired ResultFormat StatusAction TelemetrySource "
            "Unparseable408 UnparseableTryAgain WaitTimeout"
        ),
        "observer_facet": "ClientForms",
        "profile": (
            "ClockKind Expired LogLevel ObserverFacet OperationFacet PollingFacet Profile "
            "SamplerAddress UnusableBody"
        ),
        "profile_files": "combined index known_profiles load_profile observer_revision",
        "releases": "NewerThanKnownWarning known_releases newest_profile profile_for",
        "version_numbers": "release_of",
    },
)
