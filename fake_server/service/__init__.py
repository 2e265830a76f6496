"""The simulated service behind a seed: models that learn, checkpoints, sampling, sessions, REST endpoints.

The engine hands over what was submitted, and gets results and replies. Every number and id is derived from
the seed and from the request, never from a shared stream, so the order of threads changes none. Scripts
without a seed never come here: their results are the constants of `fake_server.engine.results`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_server.core.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from fake_server.service.byte_tokenizer import END, ByteTokenizer
    from fake_server.service.refusals import ServiceRefusal
    from fake_server.service.request_values import integer
    from fake_server.service.rest_endpoints import Rest
    from fake_server.service.simulated_service import Service

__all__ = [
    "END",
    "ByteTokenizer",
    "Rest",
    "Service",
    "ServiceRefusal",
    "integer",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "byte_tokenizer": "ByteTokenizer END",
        "refusals": "ServiceRefusal",
        "request_values": "integer",
        "rest_endpoints": "Rest",
        "simulated_service": "Service",
    },
)
