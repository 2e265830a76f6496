"""Empty modules in place of large packages that old releases of the official SDK import.

`torch`, up to 0.7, has gigabytes and is for custom losses only. `grpc`, from 0.21.0 to 0.22.1, is for a way
of polling that a server must offer first. The kit uses neither. The empty modules define only the names that
these releases look up when they are imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StandIn:
    """The empty modules that replace one package.

    Attributes:
        first: The first release that needs them.
        last: The last release that needs them.
        files: The text of each file, by its path below the folder of packages.
    """

    first: Release
    last: Release
    files: Mapping[str, str]


_TORCH: Final = '''"""Stands in for torch, of which this release looks up one type."""


class Tensor:
    """Nothing is one."""
'''

_GRPC: Final = '''"""Stands in for grpcio, which this release uses only where the server offers it."""

from enum import Enum

__version__ = "1.75.1"
StatusCode = Enum(
    "StatusCode",
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED "
    "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE "
    "DATA_LOSS UNAUTHENTICATED",
)


class RpcError(Exception):
    """Never raised."""
'''

_GRPC_AIO: Final = '''"""Stands in for grpc.aio."""

from grpc import RpcError


class AioRpcError(RpcError):
    """Never raised."""


class Channel:
    """Never opened."""


class ClientCallDetails:
    """Never made."""


class ClientInterceptor:
    """Never called."""


class Metadata:
    """Never sent."""


class UnaryUnaryClientInterceptor:
    """Never called."""
'''

_GRPC_UTILITIES: Final = '''"""Stands in for the check of grpcio's version."""


def first_version_is_lower(first, second):
    """The version is always right."""
    return False
'''

STAND_INS: Final = (
    StandIn((0,), (0, 7, 999), {"torch/__init__.py": _TORCH}),
    StandIn(
        (0, 21, 0),
        (0, 22, 1),
        {
            "grpc/__init__.py": _GRPC,
            "grpc/aio.py": _GRPC_AIO,
            "grpc/_utilities.py": _GRPC_UTILITIES,
        },
    ),
)


def write_stand_ins(release: Release, folder: Path) -> None:
    """Write the empty modules that a release needs into the folder from which it imports packages."""
    for stand_in in STAND_INS:
        if stand_in.first <= release <= stand_in.last:
            for name, text in stand_in.files.items():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
