# ruff: noqa: RUF001 - DeepSeek writes its markers with these bars
"""Markers of published chat formats, such as ``<|im_start|>``: each is one token, as in `tinker-cookbook`.

The ids of the markers follow the 256 ids of bytes (``fake_server.core.byte_text``). Append a new marker at
the end of ``MARKED_TOKENS``, so that the ids of the others do not change.
"""

from __future__ import annotations

import re
from typing import Final

from fake_server.core.byte_text import VOCABULARY, tokens_of

END_OF_TEXT: Final = "<|endoftext|>"
END_OF_TURN: Final = "<|im_end|>"
SPECIAL_TOKENS: Final = (
    # ChatML, which Qwen speaks.
    END_OF_TEXT, "<|im_start|>", END_OF_TURN, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    # Llama 3.
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|eom_id|>",
    # DeepSeek.
    "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜System｜>", "<｜User｜>", "<｜Assistant｜>",
    "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>",
    "<｜tool▁sep｜>", "<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>",
    "<｜tool▁output▁end｜>",
    # gpt-oss.
    "<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|return|>", "<|call|>",
    # Kimi.
    "<|im_system|>", "<|im_user|>", "<|im_assistant|>", "<|im_middle|>", "<|media_begin|>",
    "<|media_content|>", "<|media_end|>", "<|media_pad|>", "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>",
    # GLM.
    "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>",
)  # fmt: skip
"""Markers that a tokenizer leaves out when it decodes with ``skip_special_tokens``."""
MARKED_TOKENS: Final = (
    "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
    "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
)  # fmt: skip
"""Markers that a decoded text always contains, although each is one token."""
TOKEN_OF_MARKER: Final = {
    text: VOCABULARY + place for place, text in enumerate((*SPECIAL_TOKENS, *MARKED_TOKENS))
}
_MARKER: Final = re.compile("(" + "|".join(re.escape(text) for text in TOKEN_OF_MARKER) + ")")


def marked_tokens_of(text: str) -> list[int]:
    """Return the tokens of a text: one token for each marker, and one for each byte of the rest."""
    tokens: list[int] = []
    for part in _MARKER.split(text):
        marker = TOKEN_OF_MARKER.get(part)
        tokens += tokens_of(part) if marker is None else [marker]
    return tokens
