"""Text of an SDK, made fit to be shown: what a terminal would obey, or an eye would miss, is written out."""

from __future__ import annotations

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


def _shown(character: str) -> str:
    if unicodedata.category(character) in _HIDDEN:
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character
