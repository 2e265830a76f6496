"""Wheels of a few bytes, from which the real pip installs without a network."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    source: str = "",
    *,
    requires: Iterable[str] = (),
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write a wheel that holds one package.

    Args:
        folder: Where it is written.
        name: The distribution; its package has the same name with underscores.
        version: Its version.
        source: The text of the package's `__init__.py`.
        requires: What its metadata requires.
        files: What it holds instead of that package: the text of each file, by its path.
    """
    package = name.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in requires)
    held = {
        **(files or {f"{package}/__init__.py": source}),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in held) + f"{info}/RECORD,,\n"
    path = folder / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in (held | {f"{info}/RECORD": record}).items():
            wheel.writestr(member, text)
    return path
