"""The documented path of `fake_server.service.byte_tokenizer`."""

from __future__ import annotations

from fake_server.service.byte_tokenizer import (
    END,
    ByteTokenizer,
)

__all__ = [
    "END",
    "ByteTokenizer",
]
