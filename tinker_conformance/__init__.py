"""Conformance kit for SDKs of the Tinker fine-tuning API.

The public names are loaded when they are first used, so that importing the package costs nothing.

PYTEST_DONT_REWRITE: the kit's pytest plugin must not make pytest warn a process that imported this first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from tinker_conformance._fake_server import check_fake_server
from tinker_conformance._version import __version__

if TYPE_CHECKING:
    from tinker_conformance.profile.profile_files import known_profiles, load_profile
    from tinker_conformance.profile.releases import profile_for
    from tinker_conformance.queue_state import ClientKind, QueueState, parse_queue_state
    from tinker_conformance.reference.observer import (
        ClientObserver,
        QueueStateObserver,
        log_state_change,
        reason_for_state,
        should_log,
    )
    from tinker_conformance.suite.subclass import QueueStateConformance, overrides

__all__ = [
    "ClientKind",
    "ClientObserver",
    "QueueState",
    "QueueStateConformance",
    "QueueStateObserver",
    "__version__",
    "known_profiles",
    "load_profile",
    "log_state_change",
    "overrides",
    "parse_queue_state",
    "profile_for",
    "reason_for_state",
    "should_log",
]

pytest_plugins: Final = ("tinker_conformance.plugin",)
"""Loads the plugin for a conftest that names `tinker_conformance` as a plugin (older releases of pytest)."""

_HOMES: Final = {
    "ClientKind": "queue_state",
    "ClientObserver": "reference.observer",
    "QueueState": "queue_state",
    "QueueStateConformance": "suite.subclass",
    "QueueStateObserver": "reference.observer",
    "known_profiles": "profile.profile_files",
    "load_profile": "profile.profile_files",
    "log_state_change": "reference.observer",
    "overrides": "suite.subclass",
    "parse_queue_state": "queue_state",
    "profile_for": "profile.releases",
    "reason_for_state": "reference.observer",
    "should_log": "reference.observer",
}


def __getattr__(name: str) -> object:
    """Load a public name.

    Raises:
        AttributeError: There is no such name.
        ImportError: Another module named `fake_server` hides the kit's.
    """
    if name in _HOMES:
        check_fake_server()
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
