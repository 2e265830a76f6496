"""Text of an SDK, made fit to be shown: what a terminal would obey, or an eye would miss, is written out."""

from __future__ import annotations

import json
import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what shows nothing: controls, formats (bidi too), surrogates, line separators."""


def visible(text: str) -> str:
    r"""The text with every invisible character as an escape, such as `\x1b`, `\n` or `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def visible_lines(text: str) -> str:
    """The same, but for line breaks, which stay."""
    return "\n".join(visible(line) for line in text.split("\n"))


def visible_json(text: bytes) -> bytes:
    r"""The same JSON, with characters that a terminal may obey as `\\uXXXX`; line breaks stay."""
    if text.isascii():
        return text
    shown = (_escaped(character) if _is_hidden(character) else character for character in text.decode())
    return "".join(shown).encode()


def _escaped(character: str) -> str:
    return character if character == "\n" else json.dumps(character)[1:-1]


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN


def _shown(character: str) -> str:
    if _is_hidden(character):
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character
