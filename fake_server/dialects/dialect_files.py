"""Read the files of dialects (`*.toml` in this folder): how a server deviates from the official one."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Final

import msgspec

from fake_server.core.errors import FileError, ScriptError, meant
from fake_server.dialects.dialect import Dialect

_ENDING: Final = ".toml"


@functools.cache
def dialect_names() -> tuple[str, ...]:
    """Return the names of all dialects, in order."""
    names = (each.name for each in files("fake_server.dialects").iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)))


@functools.cache
def dialect_named(name: str) -> Dialect:
    """Return the dialect with this name.

    Raises:
        ScriptError: There is no such dialect, or its file is invalid.
    """
    known = dialect_names()
    if name not in known:
        raise ScriptError(f"there is no dialect {name!r}{meant(name, known)}; use one of {', '.join(known)}")
    return decode_dialect(name, (files("fake_server.dialects") / f"{name}{_ENDING}").read_text("utf-8"))


def decode_dialect(name: str, text: str) -> Dialect:
    """Return the dialect in the text of a file.

    Args:
        name: The name of the dialect, for messages.
        text: The content of the file, in TOML.

    Raises:
        ScriptError: The text is not a dialect; the message names the place.
    """
    from fake_server.core.bounded_files import parse_toml  # noqa: PLC0415 - loads YAML, which few need

    try:
        dialect = msgspec.convert({"name": name, **parse_toml(text)}, Dialect)
    except (FileError, msgspec.ValidationError) as error:
        raise ScriptError(f"dialect {name}: {error}; the page Dialects of the docs lists the keys") from error
    problem = next(dialect.problems(), None)
    if problem is not None:
        raise ScriptError(f"dialect {name}: {problem}")
    return dialect
