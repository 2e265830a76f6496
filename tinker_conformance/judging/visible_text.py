"""Make text from an SDK safe to show: escape control characters and everything invisible."""

from __future__ import annotations

import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of invisible characters: controls, formats (bidi too), surrogates, separators."""


def visible(text: str) -> str:
    r"""Return the text with every invisible character escaped, such as `\x1b`, `\n` or `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def visible_lines(text: str) -> str:
    """Return the text with every invisible character escaped, except line breaks."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _shown(character: str) -> str:
    if unicodedata.category(character) in _HIDDEN:
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character
