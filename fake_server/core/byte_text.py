"""Texts as tokens: one byte of UTF-8 is one token.

Conditions on prompts, scripted samples, the simulated service and ``ByteTokenizer`` all read texts this way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

VOCABULARY: Final = 256
"""How many tokens there are."""


def tokens_of(text: str) -> list[int]:
    """Return the tokens of a text; a lone surrogate becomes a question mark."""
    return list(text.encode("utf-8", "replace"))


def text_of(tokens: Iterable[int]) -> str:
    """Return the text of tokens; a token that is no byte, and invalid UTF-8, become U+FFFD."""
    parts: list[str] = []
    run = bytearray()
    for token in tokens:
        if 0 <= token < VOCABULARY:
            run.append(token)
        else:
            parts += [run.decode("utf-8", "replace"), "\ufffd"]
            run.clear()
    return "".join([*parts, run.decode("utf-8", "replace")])
