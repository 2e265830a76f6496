"""One byte of UTF-8 is one token, everywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fake_server.byte_tokenizer import ByteTokenizer
from fake_server.core.byte_text import text_of, tokens_of
from fake_server.script.request_match import prompt_text


@given(st.text())
def test_a_text_survives_as_tokens(text: str) -> None:
    assert text_of(tokens_of(text)) == text.encode("utf-8", "replace").decode()


@given(st.lists(st.integers(min_value=-2, max_value=300)))
def test_conditions_and_the_tokenizer_read_the_same_text(tokens: list[int]) -> None:
    read = prompt_text({"prompt": {"chunks": [{"type": "encoded_text", "tokens": tokens}]}})
    assert read == ByteTokenizer().decode(tokens)
