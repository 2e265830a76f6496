"""How servers other than the official one speak the protocol, as data.

A name goes in (`dialect_named`), and a `Dialect` comes out, read from one of the files `*.toml` beside this
module. The engine asks a `Translator` to put its replies into the dialect's form.
`docs/reference/dialects.md` lists every dialect with the source of each fact.
"""

from __future__ import annotations

from fake_server.dialects.dialect import Dialect
from fake_server.dialects.dialect_files import dialect_named, dialect_names
from fake_server.dialects.translator import Translator

__all__ = ["Dialect", "Translator", "dialect_named", "dialect_names"]
