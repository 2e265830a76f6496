"""Provide a cache folder of tokenizers for a test, also if modules have read ``HF_HOME`` already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fake_server.service.tokenizer_files import write_tokenizer_cache

if TYPE_CHECKING:
    import pytest

_READ_AT_IMPORT: Final = {
    "huggingface_hub.constants": {"HF_HUB_CACHE": "folder", "HF_HUB_OFFLINE": "offline"},
    # Up to 4.57; later releases ask huggingface_hub.
    "transformers.utils.hub": {"TRANSFORMERS_CACHE": "folder", "_is_offline_mode": "offline"},
}
"""Constants that these modules read from the environment when they are imported."""


def found_tokenizers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the tokenizers into a folder, and let this process and its child processes find them.

    Args:
        folder: The folder, which ``HF_HOME`` names afterwards.
        monkeypatch: Undoes the changes to the environment and to imported modules.

    Returns:
        `folder`.
    """
    for name, value in write_tokenizer_cache(folder).items():
        monkeypatch.setenv(name, value)
    # A variable of its own would win over HF_HOME.
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    values: dict[str, object] = {"folder": str(folder / "hub"), "offline": True}
    for module_name, constants in _READ_AT_IMPORT.items():
        if (module := sys.modules.get(module_name)) is not None:
            for constant in constants.keys() & vars(module).keys():
                monkeypatch.setitem(vars(module), constant, values[constants[constant]])
    return folder
