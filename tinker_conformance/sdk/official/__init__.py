"""The official SDK: its adapter, and an environment for each release.

An environment is cached. It contains one release without the gigabytes of dependencies that the kit does not
use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.sdk.official.environments import (
        cache_folder,
        cached_versions,
        lean_environment,
        published_versions,
    )
    from tinker_conformance.sdk.official.setup import import_everything

__all__ = [
    "cache_folder",
    "cached_versions",
    "import_everything",
    "lean_environment",
    "published_versions",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "environments": ("cache_folder cached_versions lean_environment published_versions"),
        "setup": "import_everything",
    },
)
