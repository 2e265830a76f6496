"""Draft."""

from __future__ import annotations

from typing import Final

from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.scenario.scenario import Scenario

OBSERVER_CHAPTERS: Final = (
    "parsing",
    "trigger",
    "callback",
    "reasons",
    "messages",
    "debounce",
    "grace",
    "custom_observer",
)


def is_asked(required: Requirement, scenario: Scenario, profile: Profile) -> bool:
    """Return whether a profile has an answer to a scenario of a requirement.

    A rule of the observer is not asked of a kind of client that the profile does not observe.
    """
    return required.chapter not in OBSERVER_CHAPTERS or all(
        profile.observer.client(kind) is not None for kind in scenario.kinds
    )
