"""The documented import path of `ByteTokenizer`, and of the functions that write its files."""

from __future__ import annotations

from fake_server.service.byte_tokenizer import (
    END,
    ByteTokenizer,
)
from fake_server.service.tokenizer_files import (
    write_tokenizer,
    write_tokenizer_cache,
)

__all__ = [
    "END",
    "ByteTokenizer",
    "write_tokenizer",
    "write_tokenizer_cache",
]
