"""Dialects: how servers other than the official one deviate from the official protocol, as data.

`dialect_named` takes a name and returns a `Dialect`, read from one of the files `*.toml` beside this module.
The engine passes its replies to a `Translator`, which changes them to what that server would send.
`docs/reference/dialects.md` lists every dialect with the source of each fact.
"""

from __future__ import annotations

from fake_server.dialects.dialect import Dialect
from fake_server.dialects.dialect_files import dialect_named, dialect_names
from fake_server.dialects.translator import Translator

__all__ = ["Dialect", "Translator", "dialect_named", "dialect_names"]
