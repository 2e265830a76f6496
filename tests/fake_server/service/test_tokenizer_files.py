"""The tokenizer as files; `tests/cookbook` loads them with `transformers`."""

import json
from pathlib import Path

import pytest

from fake_server.byte_tokenizer import ByteTokenizer, write_tokenizer, write_tokenizer_cache
from fake_server.core.errors import ScriptError
from fake_server.service.tokenizer_files import MARKED_TOKENS, SPECIAL_TOKENS, tokenizer_files


def test_each_byte_is_the_token_of_its_value() -> None:
    vocabulary = json.loads(tokenizer_files()["tokenizer.json"])["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(256))
    # The alphabet of byte-level tokenizers: visible bytes are themselves, the others follow from U+0100.
    assert (vocabulary["A"], vocabulary["\u0100"], vocabulary["\u0120"]) == (65, 0, 32)
    assert (vocabulary["\u0121"], vocabulary["\u0143"], vocabulary["\u00ff"]) == (127, 173, 255)
    assert not any(character.isspace() for character in vocabulary)


def test_each_marker_is_one_token_from_256() -> None:
    added = json.loads(tokenizer_files()["tokenizer.json"])["added_tokens"]
    assert [each["id"] for each in added] == list(range(256, 256 + len(SPECIAL_TOKENS) + len(MARKED_TOKENS)))
    assert len({each["content"] for each in added}) == len(added)
    special = {each["content"]: each["special"] for each in added}
    assert special["<|im_end|>"] is True
    assert special["<think>"] is False


def test_special_tokens_that_the_configuration_names_exist() -> None:
    config = json.loads(tokenizer_files()["tokenizer_config.json"])
    assert {config["eos_token"], config["pad_token"]} <= set(SPECIAL_TOKENS)


def test_a_folder_is_written_again_without_losing_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    write_tokenizer(tmp_path)
    write_tokenizer(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "config.json",
        "mine.txt",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_the_cache_has_a_snapshot_for_each_model_under_its_reference(tmp_path: Path) -> None:
    environment = write_tokenizer_cache(tmp_path, ["Qwen/Qwen3-8B:peft:131072", "org/model/variant"])
    assert environment == {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    for name in (
        "models--Qwen--Qwen3-8B",
        "models--org--model",
        "models--thinkingmachineslabinc--meta-llama-3-tokenizer",
        "models--thinkingmachineslabinc--meta-llama-3-instruct-tokenizer",
    ):
        repository = tmp_path / "hub" / name
        revision = (repository / "refs" / "main").read_text()
        assert json.loads((repository / "snapshots" / revision / "tokenizer.json").read_bytes())["model"]


def test_revisions_that_clients_pin_are_found(tmp_path: Path) -> None:
    write_tokenizer_cache(tmp_path, ["moonshotai/Kimi-K2.5-Text-Only", "moonshotai/Kimi-K3"])
    for name, revision in (
        ("Kimi-K2.5-Text-Only", (tmp_path / "hub/models--moonshotai--Kimi-K3/refs/main").read_text()),
        ("Kimi-K2.5", "4d01dfe0332d63057c186e0b262165819efb6611"),
        ("Kimi-K3", "f831ab66814297da540d832a5235f8e904f29d06"),
    ):
        snapshot = tmp_path / "hub" / f"models--moonshotai--{name}" / "snapshots" / revision
        assert json.loads((snapshot / "tokenizer.json").read_bytes())["model"]
        assert "class TikTokenTokenizer" in (snapshot / "tokenization_kimi.py").read_text()


@pytest.mark.parametrize("name", ["thinkingmachines/Inkling", "TML/any"])
def test_a_model_whose_tokenizer_has_no_files_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScriptError, match="reads no files for .*; use a renderer of tml-renderers"):
        write_tokenizer_cache(tmp_path, [name])


@pytest.mark.parametrize("name", ["Qwen3-8B", "a/b/c/d", "../x", "/x", ""])
def test_a_name_that_is_no_model_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScriptError, match="give one like Qwen/Qwen3-8B"):
        write_tokenizer_cache(tmp_path, [name])
    assert list(tmp_path.iterdir()) == []


def test_the_class_has_what_the_plain_renderer_of_the_cookbook_reads() -> None:
    tokenizer = ByteTokenizer()
    assert (tokenizer.bos_token, tokenizer.name_or_path) == (None, "fake_server.byte_tokenizer.ByteTokenizer")
