"""The page of profile values: every text, delay and limit of every revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tinker_conformance.profile.profile_files import known_profiles, load_profile


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Values of the profiles"
    yield ""
    yield "Generated from the profiles: every text, delay, limit and choice. First come the fields in which"
    yield "profiles differ, then those that all share. What each field means: [profiles](profiles.md)."
    profiles = {name: dict(_flat(msgspec.to_builtins(load_profile(name)), "")) for name in known_profiles()}
    keys = sorted({key for values in profiles.values() for key in values})
    shared = []
    for key in keys:
        values = {name: flat.get(key, "") for name, flat in profiles.items()}
        if len(set(values.values())) == 1:
            shared.append((key, next(iter(values.values()))))
            continue
        yield ""
        yield f"## `{key}`"
        yield ""
        yield "| profile | value |"
        yield "|---|---|"
        for name, value in values.items():
            yield f"| `{name}` | {_cell(value)} |"
    yield ""
    yield "## Values that all profiles share"
    yield ""
    yield "| field | value |"
    yield "|---|---|"
    for key, value in shared:
        yield f"| `{key}` | {_cell(value)} |"


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _flat(inner, f"{path}.{key}" if path else str(key))
        case list() | tuple() | set() | frozenset():
            yield path, ", ".join(sorted(str(each) for each in value))
        case _:
            yield path, str(value)


def _cell(value: str) -> str:
    return f"`{value}`".replace("|", "\\|") if value else "none"
