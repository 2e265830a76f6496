"""The documented import path of `fake_server.http.http_limits`, which has the code."""

from __future__ import annotations

from fake_server.http.http_limits import (
    Limits,
)

__all__ = [
    "Limits",
]
