"""The documented path of `fake_server.http.http_limits`."""

from __future__ import annotations

from fake_server.http.http_limits import (
    Limits,
)

__all__ = [
    "Limits",
]
