"""The documented import path of `fake_server.in_process.httpx_transport`, which has the code."""

from __future__ import annotations

from fake_server.in_process.httpx_transport import (
    FakeTinkerTransport,
    answer,
)

__all__ = [
    "FakeTinkerTransport",
    "answer",
]
