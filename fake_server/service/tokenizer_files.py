"""Write the byte tokenizer as files that `transformers` reads, so that `get_tokenizer()` needs no download.

Tokens 0 to 255 are bytes, as everywhere in this package. Markers of published chat formats follow from 256;
each is one token, because renderers expect that. `transformers` reads the files without any code of this
package, so they work in subprocesses.

Sources: the formats of `tokenizers` 0.22 (``tokenizer.json``) and `huggingface_hub` 1.0 (the cache folder);
names and markers that `tinker` 0.1.0 to 0.38.0 and `tinker-cookbook` 0.1.0, 0.2.2 and 0.6.1 look up.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from fake_server.core.byte_text import VOCABULARY
from fake_server.core.chat_markers import (
    END_OF_TEXT,
    END_OF_TURN,
    MARKED_TOKENS,
    SPECIAL_TOKENS,
    TOKEN_OF_MARKER,
)
from fake_server.core.errors import ScriptError
from fake_server.service.models import MODELS

REMAPPED: Final = (
    "thinkingmachineslabinc/meta-llama-3-instruct-tokenizer",
    "thinkingmachineslabinc/meta-llama-3-tokenizer",
)
"""The tokenizers that clients load for models whose names begin with ``meta-llama/Llama-3``."""

PINNED: Final[Mapping[str, tuple[str, ...]]] = {
    "moonshotai/Kimi-K2-Thinking": (
        "612681931a8c906ddb349f8ad0f582cb552189cd",
        "a51ccc050d73dab088bf7b0e2dd9b30ae85a4e55",
    ),
    "moonshotai/Kimi-K2.5": (
        "2426b45b6af0da48d0dcce71bbce6225e5c73adc",
        "4d01dfe0332d63057c186e0b262165819efb6611",
    ),
    "moonshotai/Kimi-K2.6": (
        "5a49d036ab7472b7d5912ded487150ec1358c11d",
        "b5aabbfb20227ed42becbf5541dbffd213942c58",
    ),
    "moonshotai/Kimi-K3": ("f831ab66814297da540d832a5235f8e904f29d06",),
}
"""The revisions of tokenizers that clients ask for: `tinker` 0.8 to 0.38.0, `tinker-cookbook` 0.2.2 and
0.6.1.
"""
_LOADED_AS: Final = {"moonshotai/Kimi-K2.5-Text-Only": "moonshotai/Kimi-K2.5"}
"""The repository from which clients load the tokenizer of a model that has another name."""
_KIMI_CODE: Final = (
    "from transformers import PreTrainedTokenizerFast\n\n\n"
    "class TikTokenTokenizer(PreTrainedTokenizerFast):\n    pass\n"
)
"""The file ``tokenization_kimi.py``: `tinker-cookbook` 0.6.1 loads Kimi's tokenizer as the class in this
file.
"""
_WITHOUT_FILES: Final = ("TML/", "thinkingmachines/")
"""Beginnings of the names of models for which no client reads files: `tinker` asks the package
``tml_tokenizers``, or raises an error.
"""

HIDDEN_SIZE: Final = 4_096
"""The width of Qwen3-8B, from which `tinker-cookbook` computes a learning rate."""
_REVISION: Final = "0" * 40
_CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def tokenizer_files() -> Mapping[str, str]:
    """Return the content of each file of the tokenizer, by name."""
    markers = [*((text, True) for text in SPECIAL_TOKENS), *((text, False) for text in MARKED_TOKENS)]
    added = [
        {
            "id": TOKEN_OF_MARKER[text],
            "content": text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": special,
        }
        for text, special in markers
    ]
    bytes_as_they_are = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    tokenizer: dict[str, object] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": bytes_as_they_are,
        "post_processor": None,
        "decoder": bytes_as_they_are,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {_character(byte): byte for byte in range(VOCABULARY)},
            "merges": [],
        },
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1_000_000,
        "eos_token": END_OF_TURN,
        "pad_token": END_OF_TEXT,
        "chat_template": _CHAT_TEMPLATE,
    }
    # Without a configuration of the model, transformers 5 loads no tokenizer.
    model = {"model_type": "qwen3", "hidden_size": HIDDEN_SIZE, "vocab_size": VOCABULARY + len(added)}
    return {
        "config.json": json.dumps(model),
        "tokenizer.json": json.dumps(tokenizer, ensure_ascii=False),
        "tokenizer_config.json": json.dumps(config, ensure_ascii=False),
    }


def write_tokenizer(folder: Path) -> None:
    """Write the tokenizer into a folder, for ``AutoTokenizer.from_pretrained(folder)``.

    Args:
        folder: The folder; created if it is missing. Other files in the folder stay.

    Raises:
        OSError: The files cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tokenizer_files().items():
        # Replaced at once: a process that loads the tokenizer meanwhile reads the old file or the new one.
        new = folder / f".{name}.{os.getpid()}"
        new.write_text(text, encoding="utf-8")
        new.replace(folder / name)


def write_tokenizer_cache(folder: Path, models: Iterable[str] = MODELS) -> dict[str, str]:
    """Write the tokenizer into a cache folder, in which clients find it by the name of a base model.

    Args:
        folder: The folder that becomes ``HF_HOME``. Other models in the folder stay.
        models: Names of base models, such as ``Qwen/Qwen3-8B``; by default those that the simulated service
            lists.

    Returns:
        The environment variables with which a process finds the tokenizer, and tries no download. Set them
        before the process starts: `huggingface_hub` reads them once, when it is imported.

    Raises:
        ScriptError: A name is not of the form ``ORGANIZATION/MODEL``, or clients read no files for it.
        OSError: The files cannot be written.
    """
    given = [_repository(name) for name in models]
    names = dict.fromkeys([*given, *(_LOADED_AS[name] for name in given if name in _LOADED_AS), *REMAPPED])
    for name in names:
        repository = folder / "hub" / f"models--{name.replace('/', '--')}"
        for revision in (_REVISION, *PINNED.get(name, ())):
            snapshot = repository / "snapshots" / revision
            write_tokenizer(snapshot)
            if name.startswith("moonshotai/Kimi-"):
                (snapshot / "tokenization_kimi.py").write_text(_KIMI_CODE, encoding="utf-8")
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / "main").write_text(_REVISION, encoding="ascii")
    return {"HF_HOME": str(folder.absolute()), "HF_HUB_OFFLINE": "1"}


def _repository(model: str) -> str:
    """Return the repository from which clients load the tokenizer of a base model.

    Args:
        model: The name of the base model, which may include a variant or a revision.
    """
    parts = model.split(":", maxsplit=1)[0].split("/")
    if len(parts) not in {2, 3} or not all(part.strip(".") and "\\" not in part for part in parts):
        raise ScriptError(f"{model!r} is not the name of a base model; give one like Qwen/Qwen3-8B")
    repository = "/".join(parts[:2])
    if repository.startswith(_WITHOUT_FILES):
        raise ScriptError(
            f"get_tokenizer() reads no files for {model!r}; use a renderer of tml-renderers, or give the "
            "program fake_server.byte_tokenizer.ByteTokenizer"
        )
    return repository


def _character(byte: int) -> str:
    """Return the character that stands for a byte in a byte-level tokenizer: the byte itself, if visible."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    if byte in visible:
        return chr(byte)
    return chr(0x100 + [each for each in range(VOCABULARY) if each not in visible].index(byte))
