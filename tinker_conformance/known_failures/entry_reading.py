"""Read a file of known failures, TOML or YAML; errors name the line or entry and the fix."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.bounded_files import parse_toml, parse_yaml, read_text
from fake_server.core.errors import FileError, suggestion
from fake_server.core.number_words import counted
from tinker_conformance.error_families import UserError
from tinker_conformance.known_failures.entry import EntryClass, Expiry, KnownFailure, Subject
from tinker_conformance.profile.version_numbers import version_of

MOST_BYTES: Final = 1_000_000
KEY: Final = "known_failures"
_MOST_UNMATCHED: Final = 20


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    entry_class: EntryClass = msgspec.field(name="class")
    reason: str
    requirement: str | None = None
    scenario: str | None = None
    issue: str | None = None
    expires: object = None


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    known_failures: tuple[dict[str, object], ...]


def load_known_failures(path: Path) -> tuple[KnownFailure, ...]:
    """Return the entries of a file.

    Args:
        path: A TOML file (`.toml`) or a YAML file (`.yaml`, `.yml`).

    Raises:
        UserError: If the file cannot be read, an entry is invalid, or two entries have the same pattern.
    """
    data = _data(path)
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise _error(str(path), f"{error}", f"write a list {KEY!r} with one entry per failure") from error
    return known_failures_in(file.known_failures, str(path))


def known_failures_in(raw_entries: Iterable[Mapping[str, object]], source: str) -> tuple[KnownFailure, ...]:
    """Return the entries of a list, as a file of known failures or an entry of the catalogue has it.

    Args:
        raw_entries: The items of the list.
        source: The file, named in messages.

    Raises:
        UserError: If an entry is invalid, or two entries have the same pattern.
    """
    entries: dict[tuple[Subject, str], KnownFailure] = {}
    for number, raw in enumerate(raw_entries, 1):
        entry = _entry(raw, number, source)
        first = entries.setdefault((entry.subject, entry.pattern), entry)
        if first is not entry:
            raise _error(source, f"{first} and {entry} have the same pattern", "keep one of them")
    return tuple(entries.values())


def check_entries(
    entries: Iterable[KnownFailure], names: Mapping[Subject, Iterable[str]], source: str
) -> None:
    """Check that every entry matches something in the run, and that no two contradict each other.

    Args:
        entries: The entries of a file.
        names: The ids of the run's requirements and scenarios, by subject.
        source: The file, named in messages.

    Raises:
        UserError: If an entry matches nothing (`is_stale` is then true), or two entries contradict each other
            about one id.
    """
    entries = tuple(entries)
    known = {subject: tuple(ids) for subject, ids in names.items()}
    unmatched = [e for e in entries if not any(e.matches(name) for name in known[e.subject])]
    if unmatched:
        lines = [_unmatched(entry, known[entry.subject]) for entry in unmatched[:_MOST_UNMATCHED]]
        if len(unmatched) > _MOST_UNMATCHED:
            left = counted(len(unmatched) - _MOST_UNMATCHED, "more entry", "more entries")
            lines.append(f"not listed: {left} without a match in this run")
        raise UserError("\n".join(f"{source}: {line}" for line in lines), is_stale=True)
    for subject, ids in known.items():
        for name in ids:
            both = [entry for entry in entries if entry.subject is subject and entry.matches(name)]
            if (second := next((e for e in both if _effect(e) != _effect(both[0])), None)) is not None:
                what = f"{both[0]} and {second} contradict each other about {name}: class or expiry differ"
                raise _error(
                    source, what, "narrow one of the patterns, or give both the same class and expiry"
                )


def _effect(entry: KnownFailure) -> tuple[EntryClass, Expiry | None]:
    return entry.entry_class, entry.expires


def _unmatched(entry: KnownFailure, known: tuple[str, ...]) -> str:
    hint = suggestion(entry.pattern, known, "`tinker-conformance docs requirements` lists the ids")
    return f"{entry} matches nothing in this run; {hint} Fix or remove the entry"


def _data(path: Path) -> object:
    try:
        text = read_text(path, most=MOST_BYTES)
        match path.suffix:
            case ".toml":
                return parse_toml(text)
            case ".yaml" | ".yml":
                return parse_yaml(text)
            case suffix:
                raise _error(
                    str(path), f"the suffix {suffix!r} names no known format", "use .toml, .yaml or .yml"
                )
    except FileError as error:
        raise UserError(error.of(str(path))) from error


def _entry(raw: Mapping[str, object], number: int, source: str) -> KnownFailure:
    where = f"{source}: entry {number}"
    try:
        entry = msgspec.convert(raw, _Entry)
    except msgspec.ValidationError as error:
        keys = ", ".join(msgspec.structs.asdict(_EXAMPLE)).replace("entry_class", "class")
        fix = f"the keys are {keys}, and class is one of {', '.join(EntryClass)}"
        raise _error(where, str(error), fix) from error
    match entry.requirement, entry.scenario:
        case (str() as pattern, None):
            subject = Subject.REQUIREMENT
        case (None, str() as pattern):
            subject = Subject.SCENARIO
        case _:
            raise _error(
                where, "needs either a requirement or a scenario", "give one of them, an id or a wildcard"
            )
    if not entry.reason.strip():
        raise _error(where, "the reason is empty", "write why it fails")
    if entry.entry_class is EntryClass.FLAKY and entry.expires is None:
        raise _error(where, "a flaky entry must expire", "add 'expires', a date or a version of the SDK")
    return KnownFailure(
        subject=subject,
        pattern=pattern,
        entry_class=entry.entry_class,
        reason=entry.reason.strip(),
        issue=entry.issue,
        expires=_expiry(entry.expires, where),
        number=number,
    )


_EXAMPLE: Final = _Entry(entry_class=EntryClass.BUG, reason="")


def _expiry(value: object, where: str) -> Expiry | None:
    match value:
        case None:
            return None
        case datetime.date() if not isinstance(value, datetime.datetime):
            return value
        case str():
            with contextlib.suppress(ValueError):
                return datetime.date.fromisoformat(value)
            if (version := version_of(value)) is not None:
                return version
        case _:
            pass
    raise _error(where, f"expires {value!r} is neither a date nor a version", "write 2027-01-31 or '1.2.0'")


def _error(where: str, what: str, fix: str) -> UserError:
    return UserError(f"{where}: {what}; {fix}")
