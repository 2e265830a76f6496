"""Make the text of an SDK safe to print: invisible characters and terminal controls are escaped."""

from __future__ import annotations

import json
import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that print nothing: controls, formats (bidi too), surrogates, line separators."""


def visible(text: str) -> str:
    r"""Return the text with every invisible character escaped, such as `\x1b`, `\n` or `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def visible_lines(text: str) -> str:
    """Return the text with every invisible character escaped except line breaks."""
    return "\n".join(visible(line) for line in text.split("\n"))


def visible_json(text: bytes) -> bytes:
    r"""Return JSON with control and invisible characters written as ``\uXXXX``; line breaks stay.

    A terminal would obey a control character.
    """
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
