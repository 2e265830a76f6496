"""Show the values of a profile: by path, as a line of text, or as a whole TOML file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from tinker_conformance.profile.profile import Profile


def values_of(profile: Profile) -> dict[str, object]:
    """Return the values of a profile, except its name, by dotted path, such as `polling.on_408`."""
    built = msgspec.to_builtins(profile)
    return {path: value for path, value in _flat(built, "") if path != "name"}


def as_toml(profile: Profile) -> str:
    """Return a profile as a TOML file, which `load_profile` reads back."""
    built = cast("dict[str, object]", msgspec.to_builtins(profile))
    return "\n".join(_tables(built, "")).strip() + "\n"


def written(value: object) -> str:
    """Return a value as TOML writes it, and `none` for an absent value."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(written(each) for each in value)}]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _flat(value: object, path: str) -> Iterator[tuple[str, object]]:
    match value:
        case Mapping() if value:
            for key, inner in value.items():
                yield from _flat(inner, f"{path}.{key}" if path else str(key))
        case _:
            yield path, value


def _tables(table: Mapping[str, object], path: str) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if path and (plain or not inner):
        yield ""
        yield f"[{path}]"
    for key, value in plain.items():
        if value is not None:
            yield f"{_key(key)} = {written(value)}"
    for key, value in inner.items():
        yield from _tables(value, f"{path}.{_key(key)}" if path else _key(key))


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
