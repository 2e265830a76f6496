"""The base models that the simulated service lists."""

from __future__ import annotations

from typing import Final

from fake_server.service.work import Json

DEFAULT_MODEL: Final = "Qwen/Qwen3-8B"
MODELS: Final = (
    DEFAULT_MODEL,
    "Qwen/Qwen3-4B-Instruct-2507",
    "meta-llama/Llama-3.1-8B",
    "meta-llama/Llama-3.2-1B",
)
"""Base models in the capabilities. The service accepts any other name, too, unless it is strict."""
CONTEXT_LENGTH: Final = 32_768
"""Greatest number of tokens of a prompt and its completion together."""


def supported(name: str) -> Json:
    """Return the entry of a base model in the capabilities (``SupportedModel`` of ``tinker`` 0.38.0)."""
    return {"model_name": name, "max_context_length": CONTEXT_LENGTH, "trainable": True, "sampleable": True}
