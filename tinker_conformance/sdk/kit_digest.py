"""A digest of the kit's source files: cached results are valid as long as the digest is the same."""

from __future__ import annotations

import hashlib
from typing import Final

from tinker_conformance.sdk.official.environments import KIT_PACKAGES, package_folder

_SUFFIXES: Final = frozenset({".py", ".json", ".toml", ".yaml"})


def kit_digest(*also: str) -> str:
    """Return a digest of the kit's own files and of the texts in `also`.

    Reading the files takes some 30 ms.
    """
    digest = hashlib.sha256(repr(also).encode())
    for package in KIT_PACKAGES:
        root = package_folder(package)
        for path in sorted(path for path in root.rglob("*") if path.suffix in _SUFFIXES and path.is_file()):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
