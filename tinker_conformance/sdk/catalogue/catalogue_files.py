"""Read entries of the catalogue: the entries that the kit ships, or a file of the user.

Any mistake in a file raises a `UserError` that names the file, the key and the fix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from fake_server.core.bounded_files import decoded_text, parse_toml, read_text
from fake_server.core.errors import FileError, suggestion
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.sdk.catalogue.catalogue_entry import CatalogueEntry, Installation, SdkNames

MOST_BYTES: Final = 1_000_000
SUFFIX: Final = ".toml"
_DATA: Final = files("tinker_conformance.sdk.catalogue")
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_VERSION: Final = re.compile(r"[0-9]+(\.[0-9A-Za-z]+)*")
_PIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][0-9A-Za-z.+!]*(\s*;.*)?")
_MODULE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_VARIABLES: Final = re.compile(r"[A-Z][A-Z0-9_]*")


_CANNOT_BE_JUDGED: Final = {
    "baseten-loops-tinker": "its module tinker is a front for another SDK, which speaks another protocol",
    "hanzo-train": "it calls endpoints of its own, without futures and queue states",
}
"""Packages that have Tinker's classes but not its protocol, each with the reason (read in versions 0.17.0 and
0.1.1).
"""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry as its file has it; `CatalogueEntry` says what each key means."""

    name: str
    version: str
    profile: str
    about: str = ""
    package: str | None = None
    hidden_variables: tuple[str, ...] = ()
    install: Installation = Installation()
    names: SdkNames = SdkNames()
    known_failures: tuple[dict[str, object], ...] = ()


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """Return the entries that the kit ships, by name, in alphabetical order."""
    found = sorted((item for item in _DATA.iterdir() if item.name.endswith(SUFFIX)), key=lambda i: i.name)
    entries = (_entry(decoded_text(item.read_bytes()), item.name, None) for item in found)
    return {entry.name: entry for entry in entries}


def is_file(name: str) -> bool:
    """Return whether the text after `package:` is the path of a file rather than the name of an entry."""
    return name.endswith(SUFFIX) or "/" in name or "\\" in name


def find_entry(name: str) -> CatalogueEntry:
    """Return the entry that a SPEC `package:NAME` or `package:NAME==VERSION` names.

    Args:
        name: The text after `package:`, without the version: the name of an entry, or the path of a TOML
            file.

    Raises:
        UserError: There is no such entry, or the file is not an entry.
    """
    if is_file(name):
        return load_entry(Path(name))
    if (entry := catalogue().get(name)) is not None:
        return entry
    if (reason := _CANNOT_BE_JUDGED.get(name)) is not None:
        raise UserError(
            f"{name} cannot be judged: {reason}. The kit judges SDKs that speak the Tinker API; "
            "`tinker-conformance docs findings/index` lists those in the catalogue"
        )
    hint = suggestion(name, tuple(catalogue()), f"it has {', '.join(catalogue())}.")
    raise UserError(
        f"the catalogue has no SDK {name!r}; {hint} For another SDK write an entry of your own and give its "
        "path: package:PATH.toml"
    )


def load_entry(path: Path) -> CatalogueEntry:
    """Return the entry in a file.

    Raises:
        UserError: The file cannot be read, or is not an entry.
    """
    try:
        text = read_text(path, most=MOST_BYTES)
    except FileError as error:
        raise UserError(error.of(str(path))) from error
    return _entry(text, str(path), path.absolute().parent)


def _entry(text: str, source: str, folder: Path | None) -> CatalogueEntry:
    try:
        data = parse_toml(text)
    except FileError as error:
        raise UserError(error.of(source)) from error
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise UserError(f"{source}: {_explained(str(error))}") from error
    if (wrong := next(_problems(file), None)) is not None:
        raise UserError(f"{source}: {wrong[0]}: {wrong[1]}")
    install = file.install
    if install.wheel is not None:
        wheel = (folder or Path()) / install.wheel
        if not wheel.is_file():
            raise UserError(
                f"{source}: install.wheel: {wheel} is not a file; give a path relative to {source}"
            )
        install = msgspec.structs.replace(install, wheel=str(wheel))
    profile = str((folder or Path()) / file.profile) if file.profile.endswith(SUFFIX) else file.profile
    try:
        load_profile(profile)
    except UserError as error:
        raise UserError(f"{source}: profile: {error}") from error
    return CatalogueEntry(
        name=file.name,
        package=file.package or file.name,
        version=file.version,
        profile=profile,
        about=file.about,
        install=install,
        names=file.names,
        hidden_variables=file.hidden_variables,
        known_failures=file.known_failures,
        source=source,
    )


def _explained(problem: str) -> str:
    """Return an error text of msgspec with the place in words, and with the fix."""
    found = re.fullmatch(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?", problem, re.DOTALL)
    what, place = (found["what"], found["place"] or "") if found else (problem, "")
    where = place.replace("[...]", "")
    unknown = re.search(r"unknown field `(.*)`", what)
    if unknown is not None:
        known = _KEYS.get(where, ())
        hint = suggestion(unknown[1], known, f"the keys are {', '.join(known)}")
        return f"{f'{where}: ' if where else ''}unknown key {unknown[1]!r}; {hint}"
    missing = re.search(r"missing required field `(.*)`", what)
    if missing is not None:
        return f"the key {missing[1]!r} is missing; add it (needed are name, version and profile)"
    return f"{f'{where}: ' if where else ''}{what}; `tinker-conformance docs catalogue` describes the keys"


_KEYS: Final = {
    "": _File.__struct_fields__,
    "install": Installation.__struct_fields__,
    "names": SdkNames.__struct_fields__,
}


def _problems(file: _File) -> Iterator[tuple[str, str]]:
    """Yield the key and the problem of each value that has the right type but is wrong."""
    install, names = file.install, file.names
    as_for_pip = "is not a name; write it as for pip, without a version"
    no_variable = "begins no environment variable; write one like MY_SDK_"
    no_file = "is not a module; write a relative path such as torch/__init__.py"
    no_module = "is not the name of a module; write one like my_sdk.lib"
    no_class = "is not a class; write package.module:Class"
    no_step = "is neither a module nor a function; write package.module or package.module:function"
    package = (file.package,) if file.package is not None else ()
    checks: tuple[tuple[str, Iterable[str], Callable[[str], object], str], ...] = (
        ("name", (file.name,), _is_name, "is not a name; use letters, digits, '.', '_' and '-'"),
        ("package", package, _is_name, "is not the name of a package; write it as for pip"),
        ("version", (file.version,), _VERSION.fullmatch, "is not a version; write one like 1.2.3"),
        ("hidden_variables", file.hidden_variables, _VARIABLES.fullmatch, no_variable),
        ("install.extras", install.extras, _is_name, as_for_pip),
        ("install.leave_out", install.leave_out, _is_name, as_for_pip),
        ("install.also", install.also, _is_requirement, "is not a requirement; write one like packaging>=24"),
        (
            "install.pins",
            install.pins,
            _PIN.fullmatch,
            "is not exact; write one like numpy==2.2.6",
        ),
        ("install.substitutes", install.substitutes, _is_module_file, no_file),
        ("names.root", (names.root,), _MODULE.fullmatch, no_module),
        ("names.types", (names.types_module,), _MODULE.fullmatch, no_module),
        ("names.service_client", (names.service_class,), _is_member, no_class),
        ("names.sampling_client", (names.sampling_class,), _is_member, no_class),
        ("names.training_client", (names.training_class,), _is_member, no_class),
        ("names.telemetry", (names.telemetry_class,), _is_member, no_class),
        ("names.observers", names.observers, _is_member, no_class),
        ("names.initialise", names.initialise, _is_step, no_step),
    )
    for key, values, is_valid, problem in checks:
        yield from ((key, f"{value!r} {problem}") for value in values if not is_valid(value))


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _is_module_file(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and "\\" not in path and path.endswith(".py")


def _is_step(text: str) -> bool:
    return _MODULE.fullmatch(text) is not None or _is_member(text)


def _is_requirement(line: str) -> bool:
    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


def _is_member(text: str) -> bool:
    module, _, name = text.partition(":")
    return _MODULE.fullmatch(module) is not None and name.isidentifier()
