"""Run in the environment of each release: what the tokenizer's files are to `transformers` and to renderers.

Exits with code 0, or with a traceback.
"""

from __future__ import annotations

import sys

from fake_server.byte_tokenizer import ByteTokenizer

TEXTS = ("größer  x\n\n\0", "日本", "".join(map(chr, range(256))))
RENDERERS = ("role_colon", "llama3", "qwen3", "qwen3_instruct", "deepseekv3", "gpt_oss_no_sysprompt")
MESSAGES = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]


def main() -> None:
    """Load the tokenizer of each model by its name, and use it in each renderer."""
    # Only this environment has them.
    from tinker_cookbook.renderers import get_renderer
    from tinker_cookbook.tokenizer_utils import get_tokenizer

    for model in sys.argv[1:]:
        tokenizer = get_tokenizer(model)
        for text in TEXTS:
            tokens = tokenizer.encode(text, add_special_tokens=False)
            assert (tokens, tokenizer.decode(tokens)) == (list(text.encode()), text)
        assert len(tokenizer.encode("<|im_start|><think>", add_special_tokens=False)) == 2
        for name in RENDERERS:
            renderer = get_renderer(name, tokenizer)
            assert renderer.build_generation_prompt(MESSAGES[:1]).length > 0
            assert renderer.get_stop_sequences()
            renderer.build_supervised_example(MESSAGES)
    plain = get_renderer("role_colon", ByteTokenizer())
    message, _ = plain.parse_response(list(b" yes\n\nUser:"))
    assert message["content"].strip() == "yes"


if __name__ == "__main__":
    main()
