"""The simulated service of an engine with a seed: models that learn, checkpoints, sampling, REST endpoints.

The engine passes in what clients submit, and gets results and replies. The service derives every number and
id from the seed and from the request, and draws from no stream that requests share; so the order of threads
changes no result. An engine without a seed does not use this package: its results are the constants of
`fake_server.engine.results`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fake_server.service.byte_tokenizer import END, ByteTokenizer
    from fake_server.service.refusals import ServiceRefusal
    from fake_server.service.request_values import integer
    from fake_server.service.rest_endpoints import Rest
    from fake_server.service.simulated_service import SimulatedService
    from fake_server.service.tokenizer_files import write_tokenizer, write_tokenizer_cache

__all__ = [
    "END",
    "ByteTokenizer",
    "Rest",
    "ServiceRefusal",
    "SimulatedService",
    "integer",
    "write_tokenizer",
    "write_tokenizer_cache",
]

_HOMES: Final = {
    "END": "byte_tokenizer",
    "ByteTokenizer": "byte_tokenizer",
    "Rest": "rest_endpoints",
    "SimulatedService": "simulated_service",
    "ServiceRefusal": "refusals",
    "integer": "request_values",
    "write_tokenizer": "tokenizer_files",
    "write_tokenizer_cache": "tokenizer_files",
}


def __getattr__(name: str) -> object:
    """Load a name when it is first used, because an engine without a seed needs none of this package."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
