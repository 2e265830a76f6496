"""Convert between text and tokens: each byte of the text's UTF-8 form is one token, and its value is the id.

Conditions on prompts, scripted samples, the simulated service and ``ByteTokenizer`` all use these functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

VOCABULARY: Final = 256
"""Number of tokens: one for each value of a byte."""


def tokens_of(text: str) -> list[int]:
    """Return the tokens of a text; a lone surrogate becomes a question mark."""
    return list(text.encode("utf-8", "replace"))


def text_of(tokens: Iterable[int]) -> str:
    """Return the text of tokens. Tokens above 255, and bytes that are not valid UTF-8, become U+FFFD."""
    parts: list[str] = []
    run = bytearray()
    for token in tokens:
        if 0 <= token < VOCABULARY:
            run.append(token)
        else:
            parts += [run.decode("utf-8", "replace"), "\ufffd"]
            run.clear()
    return "".join([*parts, run.decode("utf-8", "replace")])
