"""The fields of a profile, and those that no broken SDK changes, each with its reason."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Final

import msgspec

from tinker_conformance.profile.profile import Profile

WITHOUT_A_BROKEN_SDK: Final = {
    "name": "what the profile is called",
    "observer.revision": "what the revision is called",
    "observer.since": "a release, for a person",
    "observer.until": "a release, for a person",
    "polling.revision": "what the revision is called",
    "polling.since": "a release, for a person",
    "polling.until": "a release, for a person",
    "observer.message_match": "how the judge compares; no SDK has it",
    "observer.sampling.verb_phrase": "what the judge looks for in `message`; no SDK has it",
    "observer.training.verb_phrase": "what the judge looks for in `message`; no SDK has it",
    "observer.model_creation.verb_phrase": "what the judge looks for in `message`; no SDK has it",
    "observer.training.identifier": "the reference has but one name for a trainer; see the messages",
    "observer.model_creation.identifier": "the reference has but one name for a creation; see the messages",
    "observer.telemetry_event": "events are named by each language's custom; that there is one is required",
    "polling.expired.training": "read by the judge; an adapter that submits again shows it",
    "polling.expired.model_creation": "read by the judge; an adapter that creates again shows it",
    "polling.round_trip_header": "its value is a duration of the machine's; timelines do not have it",
    "polling.creates_session": "set-up stands outside the timeline",
    "polling.asks_client_config": "set-up stands outside the timeline",
    "polling.from_checkpoint.failure_drains_again": "no requirement compares when a failed creation ends",
    "polling.cancellation.config_path": "set-up stands outside the timeline",
    "polling.session_polling.acknowledges": "polls that no sample waits for come at no fixed place",
    "polling.lines.expired_error": "the text of an exception, which each language words by its own custom",
    "polling.lines.stalled_error": "the text of an exception, which each language words by its own custom",
}
"""Each field that no broken SDK changes, and why."""


def profile_fields() -> frozenset[str]:
    """Return the paths of all values in a profile; `*` matches any operation."""
    return frozenset(_leaves(Profile, ""))


def field_of(change: str) -> str:
    """Return the field that a changed key of a profile belongs to."""
    return re.sub(r"^polling\.operations\.\w+\.", "polling.operations.*.", change)


def _leaves(kind: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    for name, hint in typing.get_type_hints(kind).items():
        struct = _struct_in(hint)
        middle = f"{name}.*" if typing.get_origin(hint) is dict else name
        if struct is None:
            yield f"{prefix}{name}"
        else:
            yield from _leaves(struct, f"{prefix}{middle}.")


def _struct_in(hint: object) -> type[msgspec.Struct] | None:
    """Return the struct type of a field, whether plain, optional or the values of a mapping."""
    choices = typing.get_args(hint) if isinstance(hint, UnionType) or typing.get_args(hint) else (hint,)
    found = [c for c in choices if isinstance(c, type) and issubclass(c, msgspec.Struct)]
    return found[0] if found else None
