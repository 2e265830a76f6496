"""Draft a profile for behaviour that no known profile describes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec

from tinker_conformance.checks.pause_lines import identifier_of
from tinker_conformance.profile.observer_facet import ClientForms
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.timeline import Callback, Log, Timeline

_MOST_EDITS: Final = 4
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a profile.

    Attributes:
        path: The path of the key within the profile.
        value: The new value of the key, as in TOML.
    """

    path: _Path
    value: object


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of a profile: the nearest known one, and changes that explain more of a release's behaviour.

    Attributes:
        nearest: The profile that the draft extends.
        edits: The changes.
        unexplained: The number of scenarios that differ from the draft.
        total: The number of scenarios that differ from the nearest profile.
    """

    nearest: Profile
    edits: tuple[Edit, ...]
    unexplained: int
    total: int

    def profile(self) -> Profile:
        """Return the nearest profile with the changes applied."""
        return _edited(self.nearest, self.edits)


def drafted(
    nearest: Profile,
    observed: Mapping[str, tuple[Scenario, Timeline]],
    differing: Callable[[Profile], Sequence[str]],
) -> Draft:
    """Return a draft with the changes of a profile that best explain the behaviour of an SDK.

    The search tries texts from the log lines of the SDK, and every other value of every boolean or enum key,
    but no other numbers.

    Args:
        nearest: The profile from which the search starts.
        observed: The scenarios that differ, with the timelines of the SDK.
        differing: Returns the ids of the scenarios that differ under a profile.
    """
    edits: tuple[Edit, ...] = ()
    best = total = len(differing(nearest))
    while best and len(edits) < _MOST_EDITS:
        current = _edited(nearest, edits)
        fewest, chosen = best, None
        for edit in _candidates(current, observed):
            if (changed := _try(current, edit)) is not None and (count := len(differing(changed))) < fewest:
                fewest, chosen = count, edit
            if not fewest:
                break  # nothing is left to explain: no other change can be better
        if chosen is None:
            break
        best, edits = fewest, (*edits, chosen)
    return Draft(nearest, edits, best, total)


def draft_toml(draft: Draft, name: str, remarks: Sequence[str]) -> str:
    """Return the text of a profile file for `load_profile`.

    Args:
        draft: The changes.
        name: The new profile's name.
        remarks: Sentences to write at the top as comments.
    """
    lines = [f"# {remark}" for remark in remarks]
    lines += [f'name = "{name}"', f'extends = "{draft.nearest.name}"']
    tables: dict[_Path, list[Edit]] = {}
    for edit in draft.edits:
        tables.setdefault(edit.path[:-1], []).append(edit)
    for table, edits in tables.items():
        lines += ["", f"[{'.'.join(table)}]"]
        for edit in edits:
            lines.append(f"{edit.path[-1]} = {_toml(edit.value)}")
            if edit.path[-1] == "message":
                lines.append(f"verb_phrase = {_toml(_verb_of(draft, edit))}")
    return "\n".join(lines) + "\n"


# -- candidates ----------------------------------------------------------------------------------


def _candidates(profile: Profile, observed: Mapping[str, tuple[Scenario, Timeline]]) -> Iterator[Edit]:
    seen: set[tuple[_Path, object]] = set()
    for scenario, timeline in observed.values():
        for edit in _from_log_lines(profile, scenario, timeline):
            if (edit.path, edit.value) not in seen:
                seen.add((edit.path, edit.value))
                yield edit
    yield from _choices(("observer",), profile.observer)
    yield from _choices(("polling",), profile.polling)


def _choices(path: _Path, facet: msgspec.Struct) -> Iterator[Edit]:
    """Yield a change for every other value of every boolean or enum key of a facet."""
    for name, value in msgspec.structs.asdict(facet).items():
        match value:
            case bool():
                yield Edit((*path, name), not value)
            case Enum():
                for member in type(value):
                    if member is not value:
                        yield Edit((*path, name), member.value)
            case msgspec.Struct():
                yield from _choices((*path, name), value)
            case _:
                pass


def _from_log_lines(profile: Profile, scenario: Scenario, timeline: Timeline) -> Iterator[Edit]:
    """Yield changes that put texts from the SDK's log lines into the profile."""
    state: str | None = None
    for event in timeline:
        match event:
            case Callback(state=notified):
                state = notified
            case Log(level="warning", message=message):
                for client in scenario.clients:
                    forms = profile.observer.client(client.kind)
                    if forms is not None and (name := identifier_of(client, profile)) in message:
                        yield from _texts(client.kind, forms, message, name, state)
            case _:
                pass


def _texts(
    kind: ClientKind, forms: ClientForms, message: str, identifier: str, state: str | None
) -> Iterator[Edit]:
    path = ("observer", kind.value)
    reasons = [forms.reasons.paused_capacity, forms.reasons.paused_rate_limit, forms.reasons.unknown]
    for reason in reasons:
        if reason in message:
            form = _escaped(message, identifier, reason)
            if form != forms.message:
                yield Edit((*path, "message"), form)
            break
    pattern = re.escape(forms.message).replace(r"\{identifier\}", re.escape(identifier))
    found = re.fullmatch(pattern.replace(r"\{reason\}", "(?P<reason>.+)"), message, re.DOTALL)
    if found and found["reason"] not in reasons and state is not None:
        name = state if state in {s.value for s in QueueState} - {"active"} else "unknown"
        yield Edit((*path, "reasons", name), found["reason"])


def _escaped(message: str, identifier: str, reason: str) -> str:
    before, _, after = message.partition(reason)
    parts = [part.replace("{", "{{").replace("}", "}}") for part in (before, after)]
    return "{reason}".join(parts).replace(identifier, "{identifier}", 1)


# -- trying --------------------------------------------------------------------------------------


def _try(profile: Profile, edit: Edit) -> Profile | None:
    try:
        return _edited(profile, (edit,))
    except (msgspec.ValidationError, ValueError):
        return None


def _edited(profile: Profile, edits: Sequence[Edit]) -> Profile:
    data = msgspec.to_builtins(profile)
    for edit in edits:
        table = data
        for key in edit.path[:-1]:
            table = table[key]
        table[edit.path[-1]] = edit.value
        if edit.path[-1] == "message":
            table["verb_phrase"] = _verb(str(edit.value), table["verb_phrase"])
    return msgspec.convert(data, Profile)


def _verb_of(draft: Draft, edit: Edit) -> str:
    forms = draft.profile().observer.client(ClientKind(edit.path[1]))
    return "" if forms is None else forms.verb_phrase


def _verb(message: str, before: str) -> str:
    return before if before in message else message.partition("{identifier}")[0].strip() or message


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case _:
            return msgspec.json.encode(value).decode()
