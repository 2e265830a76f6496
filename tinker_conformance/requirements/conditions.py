"""What profiles differ in, as conditions under which a requirement holds."""

from __future__ import annotations

from tinker_conformance.profile.choices import MessageMatch, NotifyOn408, NotifyOnTryAgain
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import Parsing


def exact_parsing(profile: Profile) -> bool:
    """Whether words count as they are written."""
    return profile.observer.parsing is Parsing.EXACT


def lenient_parsing(profile: Profile) -> bool:
    """Whether case and outer spaces of a word do not matter."""
    return not exact_parsing(profile)


def tells_on_408(profile: Profile) -> bool:
    """Whether a 408 with a state tells the observer."""
    return profile.observer.notify_on_408 is NotifyOn408.TRUTHY_STATE


def tells_on_try_again(profile: Profile) -> bool:
    """Whether a try_again can tell the observer."""
    return profile.observer.notify_on_try_again is not NotifyOnTryAgain.NEVER


def tells_of_changes_only(profile: Profile) -> bool:
    """Whether only a change of state tells the observer."""
    return profile.observer.notify_on_try_again is NotifyOnTryAgain.STATE_CHANGE


def gates_try_again(profile: Profile) -> bool:
    """Whether a try_again of unknown state needs a reason to tell the observer."""
    return profile.observer.notify_on_try_again is NotifyOnTryAgain.KNOWN_STATE_OR_REASON


def observes_creation(profile: Profile) -> bool:
    """Whether the creation of a model has an observer."""
    return profile.observer.model_creation is not None


def graces_training(profile: Profile) -> bool:
    """Whether the first minutes of a training client's pause are silent."""
    return profile.observer.training.grace_seconds > 0


def exact_text(profile: Profile) -> bool:
    """Whether lines must be the official ones to the letter."""
    return profile.observer.message_match is MessageMatch.EXACT
