"""Read profiles from TOML files: those of the kit, and a user's own.

A facet file of the kit may contain ``extends = "REVISION"``. It then inherits all keys that it does not set,
so the file shows what changed; ``without = ["a.b"]`` removes keys. A user's profile file has a ``name`` and
both facets as the tables ``[observer]`` and ``[polling]``. A user's file may extend any known profile in the
same way.

Any mistake in a file raises a `UserError` that names the file and the key.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from fake_server.core.bounded_files import decoded_text, parse_toml, read_bytes
from fake_server.core.errors import FileError, suggestion
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import ObserverFacet, PollingFacet, Profile

_DATA: Final = files("tinker_conformance.profile")
MOST_BYTES: Final = 1_000_000
_RELEASE: Final = "tinker=="
_S = TypeVar("_S", bound=msgspec.Struct)


class NamedProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The revisions of both facets that `releases.toml` assigns to a release or to a profile's name.

    Attributes:
        observer: A revision of the observer facet.
        polling: A revision of the polling facet.
    """

    observer: str
    polling: str


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of `releases.toml`.

    Attributes:
        releases: The revisions of every published release, oldest first.
        profiles: The revisions of the profiles that have a name.
    """

    releases: dict[str, NamedProfile]
    profiles: dict[str, NamedProfile]


def known_profiles() -> tuple[str, ...]:
    """Return the names that `load_profile` knows, the oldest official revision first."""
    return tuple(index().profiles)


def load_profile(name_or_path: str | Path) -> Profile:
    """Return a profile by its name or from a file.

    Args:
        name_or_path: A name of `known_profiles`; ``tinker==0.16.1``, the profile of that release;
            ``OBSERVER+POLLING``, a revision of each; or the path of a TOML file (any text that ends in
            ``.toml`` or has a path separator).

    Raises:
        UserError: There is no such profile, or the file is not a profile.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or name.endswith(".toml") or "/" in name or "\\" in name:
        return _from_file(Path(name_or_path))
    if (pair := index().profiles.get(name)) is not None:
        return combined(pair)
    if name.startswith(_RELEASE):
        return _of_release(name)
    observer, plus, polling = name.partition("+")
    if plus:
        return combined(NamedProfile(observer, polling))
    problem = f"there is no such profile{_hint(name, known_profiles())}; known: {', '.join(known_profiles())}"
    raise _error(name, "", f"{problem}; or give the path of a .toml file")


def _of_release(name: str) -> Profile:
    releases = index().releases
    version = name.removeprefix(_RELEASE)
    if (pair := releases.get(version)) is None:
        hint = f"{version!r} is not a release that this kit knows{_hint(version, releases)}"
        raise _error(name, "", f"{hint}; the known ones are {', '.join(releases)}")
    return combined(pair)


def combined(pair: NamedProfile) -> Profile:
    """Return the profile of a pair of revisions, under its known name or else as OBSERVER+POLLING."""
    named = index().profiles.get(pair.observer)
    name = pair.observer if named == pair else f"{pair.observer}+{pair.polling}"
    return Profile(
        name=name, observer=observer_revision(pair.observer), polling=polling_revision(pair.polling)
    )


@cache
def observer_revision(revision: str) -> ObserverFacet:
    """Return a revision of the observer facet.

    Raises:
        UserError: There is no revision of that name.
    """
    return _decode(_facet_data("observer", revision), ObserverFacet, f"observer-{revision}.toml")


@cache
def polling_revision(revision: str) -> PollingFacet:
    """Return a revision of the polling facet.

    Raises:
        UserError: There is no revision of that name.
    """
    return _decode(_facet_data("polling", revision), PollingFacet, f"polling-{revision}.toml")


def revisions(facet: str) -> tuple[str, ...]:
    """Return the names of the revisions of the facet ``observer`` or ``polling``, sorted."""
    names = (entry.name for entry in _DATA.iterdir())
    prefix = f"{facet}-"
    return tuple(
        sorted(name.removeprefix(prefix).removesuffix(".toml") for name in names if name.startswith(prefix))
    )


@cache
def index() -> Index:
    """Return the decoded `releases.toml`."""
    return _decode(_parsed((_DATA / "releases.toml").read_bytes(), "releases.toml"), Index, "releases.toml")


def _facet_data(facet: str, revision: str) -> dict[str, object]:
    if revision not in revisions(facet):
        known = revisions(facet)
        problem = (
            f"there is no {facet} revision {revision}{_hint(revision, known)}; known: {', '.join(known)}"
        )
        raise _error(revision, "", problem)
    file = f"{facet}-{revision}.toml"
    data = _parsed((_DATA / file).read_bytes(), file)
    base = data.pop("extends", None)
    return data if base is None else _extended(_facet_data(facet, str(base)), data, file)


def _from_file(path: Path) -> Profile:
    source = str(path)
    try:
        content = read_bytes(path, most=MOST_BYTES)
    except FileError as error:
        problem = f"{error}; known by name: {', '.join(known_profiles())}"
        raise _error(source, "", problem) from None
    data = _parsed(content, source)
    base = data.pop("extends", None)
    if base is not None:
        if not isinstance(base, str) or (base not in known_profiles() and "+" not in base):
            known = ", ".join(known_profiles())
            problem = f"{base!r} is not a known profile{_hint(str(base), known_profiles())}; known: {known}"
            raise _error(source, "extends", problem)
        inherited: dict[str, object] = msgspec.to_builtins(load_profile(base))
        data = _extended(inherited, data, source)
    return _decode(data, Profile, source)


def _parsed(content: bytes, source: str) -> dict[str, object]:
    try:
        return parse_toml(decoded_text(content))
    except FileError as error:
        raise _error(source, error.place, error.problem) from None


def _extended(base: Mapping[str, object], changes: dict[str, object], source: str) -> dict[str, object]:
    """Return `base` without the keys that `changes` lists under `without`, merged with the other changes."""
    without = changes.pop("without", [])
    if not isinstance(without, list):
        raise _error(source, "without", 'expected an array of keys, as in ["operations.unload_model"]')
    merged = dict(base)
    for key in without:
        merged = _removed(merged, str(key).split("."), str(key), source)
    return _merged(merged, changes)


def _merged(base: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        result[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def _removed(table: Mapping[str, object], path: list[str], key: str, source: str) -> dict[str, object]:
    result = dict(table)
    match path:
        case [last] if last in result:
            del result[last]
        case [first, *rest] if rest and isinstance(below := result.get(first), dict):
            result[first] = _removed(below, rest, key, source)
        case _:
            problem = (
                f"names the key {key!r}, which the profile that this file extends does not have; "
                "remove the key from 'without', or correct it"
            )
            raise _error(source, "without", problem)
    return result


def _decode(data: object, kind: type[_S], source: str) -> _S:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        keys = path.startswith("key")
        tokens = re.findall(r"[^.\[\]]+|\[[^\]]*\]", path.partition("$")[2].strip("`."))
        holder = _type_at(kind, tokens if not keys else [*tokens, _ANY_KEY])
        raise _error(source, *_explained(problem, _named(tokens, data, kind), holder)) from None


_ANY_KEY: Final = "[key]"
_ANY_VALUE: Final = "[...]"


def _named(tokens: list[str], data: object, kind: type) -> list[str]:
    """Return the path of an error with the mapping keys that msgspec's text omits."""
    for place, written in enumerate(tokens):
        token = written
        if written == _ANY_VALUE and isinstance(data, dict):
            value_type = _type_at(kind, tokens[: place + 1])
            token = next((key for key, value in data.items() if not _fits(value, value_type)), written)
            tokens = [*tokens[:place], token, *tokens[place + 1 :]]
        data = data.get(token) if isinstance(data, dict) else None
    return tokens


def _fits(value: object, kind: type) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _explained(problem: str, tokens: list[str], holder: type) -> tuple[str, str]:
    """Return the key that an error of msgspec is about, and a sentence with the problem and the fix."""
    key = ".".join(tokens)
    quoted = re.search(r"`(.+?)`|'(.+?)'", problem)
    word = (quoted.group(1) or quoted.group(2)) if quoted else ""
    below = f"{key}.{word}" if key else word
    if problem.startswith("Object contains unknown field"):
        known = _fields(holder)
        return below, f"is an unknown key{_hint(word, known)}; known: {', '.join(known)}"
    if problem.startswith("Object missing required field"):
        return below, f"is missing; {_allowed(_type_at(holder, [word]))}"
    if problem.startswith("Invalid enum value"):
        choices = [str(member.value) for member in holder] if issubclass(holder, Enum) else []
        return key, f"'{word}' is not a valid value{_hint(word, choices)}; {_allowed(holder)}"
    if problem.startswith("Expected"):
        return key, f"e{problem[1:]}; {_allowed(holder)}"
    return key, problem


def _type_at(kind: type, tokens: list[str]) -> type:
    """Return the type of the value at a path of field names and ``[...]``."""
    current: object = kind
    for token in tokens:
        arguments = [
            argument for argument in typing.get_args(current) if argument not in (type(None), Ellipsis)
        ]
        if token.startswith("["):
            current = (arguments[0] if token == _ANY_KEY else arguments[-1]) if arguments else object
        else:
            hints = typing.get_type_hints(current) if isinstance(current, type) else {}
            current = hints.get(token, object)
            choices = [choice for choice in typing.get_args(current) if choice is not type(None)]
            if type(None) in typing.get_args(current) and len(choices) == 1:
                current = choices[0]
    return current if isinstance(current, type) else typing.get_origin(current) or object


def _fields(kind: type) -> tuple[str, ...]:
    return kind.__struct_fields__ if issubclass(kind, msgspec.Struct) else ()


def _allowed(kind: type) -> str:
    if issubclass(kind, Enum):
        return "use one of " + ", ".join(str(member.value) for member in kind)
    if issubclass(kind, msgspec.Struct):
        return "write a table with " + ", ".join(_fields(kind))
    names = {
        bool: "true or false", str: "a string", float: "a number", int: "a whole number",
        tuple: "an array", dict: "a table",
    }  # fmt: skip
    return f"write {names.get(kind, 'a value of that type')}"


def _hint(word: str, known: typing.Iterable[str]) -> str:
    hint = suggestion(word, known, "")
    return f" ({hint})" if hint else ""


def _error(source: str, key: str, problem: str) -> UserError:
    """Return the error about a profile that cannot be used.

    Args:
        source: The profile's file or name.
        key: The path of the key inside it, with dots; empty for the whole file.
        problem: What is wrong and how to fix it.
    """
    return UserError(f"profile {source}{f', {key}' if key else ''}: {problem}")
