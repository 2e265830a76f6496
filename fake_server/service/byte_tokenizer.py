"""A tokenizer for tests: each byte of a text's UTF-8 form is one token.

Real tokenizers are downloaded. This one needs no network, and has the methods that training code usually
calls. The simulated service tokenizes stop strings with it. ``fake_server.service.tokenizer_files`` writes
the same tokens as files that `transformers` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fake_server.core.byte_text import VOCABULARY, text_of, tokens_of

END: Final = 0


class ByteTokenizer:
    """A tokenizer with one token for each byte.

    Attributes:
        vocab_size: 256.
        eos_token_id: 0, the token that ends a sample if the request gives no stop.
        pad_token_id: 0, too.
        eos_token: The text of token 0.
        name_or_path: The import path of this class; renderers of `tinker-cookbook` read it.
    """

    vocab_size: Final = VOCABULARY
    eos_token_id: Final = END
    pad_token_id: Final = END
    eos_token: Final = chr(END)
    bos_token_id: Final = None
    bos_token: Final = None
    name_or_path: Final = "fake_server.byte_tokenizer.ByteTokenizer"

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:  # noqa: ARG002, FBT001, FBT002 - as callers of others say it
        """Return the tokens of a text; no special tokens are added."""
        return tokens_of(text)

    def decode(self, tokens: int | Iterable[int], skip_special_tokens: bool = False) -> str:  # noqa: FBT001, FBT002 - as callers of others say it
        """Return the text of tokens. Tokens above 255, and bytes that are not valid UTF-8, become U+FFFD."""
        given = [tokens] if isinstance(tokens, int) else list(tokens)
        kept = [token for token in given if token != END] if skip_special_tokens else given
        return text_of(kept)

    def apply_chat_template(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        tokenize: bool = True,
        add_generation_prompt: bool = False,
    ) -> list[int] | str:
        """Return a conversation as text or tokens, with one line for each message: role, colon, content.

        Args:
            messages: The messages, each with ``role`` and ``content``.
            tokenize: Whether to return tokens instead of the text.
            add_generation_prompt: Whether to add the beginning of the assistant's next message.
        """
        lines = [f"{message['role']}: {message['content']}\n" for message in messages]
        text = "".join([*lines, "assistant: " if add_generation_prompt else ""])
        return self.encode(text) if tokenize else text
