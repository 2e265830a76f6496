"""Builds the examples of other languages, once for each state of their sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

BUILD_SECONDS = 300
"""A first build compiles Go's standard library too."""
KEEP_SECONDS = 7 * 24 * 3600
CACHE = platformdirs.user_cache_path("tinker-conformance", appauthor=False) / "examples"
_ENVIRONMENT = {
    "GOFLAGS": "-mod=readonly",
    "GOPROXY": "off",  # the standard library alone
    "GOTOOLCHAIN": "local",
    "NPM_CONFIG_AUDIT": "false",
    "NPM_CONFIG_FUND": "false",
    "NPM_CONFIG_IGNORE_SCRIPTS": "true",
    "NPM_CONFIG_PACKAGE_LOCK": "false",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
}
_NOT_SOURCES = {"node_modules", "dist", "classes", "__pycache__", "adapter"}


TOOLCHAINS = {"python": (), "typescript": ("node", "npm"), "go": ("go",), "java": ("java",)}
"""By language, the tools (of `tests.support.needs_tools`) that its examples are built and run with."""
LANGUAGES = [
    pytest.param(language, marks=pytest.mark.needs_tool(*tools)) for language, tools in TOOLCHAINS.items()
]
"""The languages, as parameters of tests."""


def built(source: Path, command: str) -> Path:
    """Return a folder in the user's cache in which the sources of a folder are built.

    Args:
        source: The folder.
        command: The shell command that builds it; empty if there is nothing to build.
    """
    files = sorted(path for path in source.rglob("*") if path.is_file() and _is_source(path, source))
    digest = hashlib.sha256(command.encode())
    for path in files:
        digest.update(f"\0{path.relative_to(source)}\0".encode() + path.read_bytes())
    folder = CACHE / f"{source.parent.name}-{source.name}-{digest.hexdigest()[:16]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    # One worker builds, the others wait for it.
    with FileLock(CACHE / f"{source.parent.name}-{source.name}.lock"):
        if not folder.exists():
            _forget_old_builds(folder)
            _build(source, files, command, folder)
        folder.touch()
    return folder


def _build(source: Path, files: list[Path], command: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as temporary:
        making = Path(temporary) / "made"
        for path in files:
            (making / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, making / path.relative_to(source))
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=making,
            env={**os.environ, **_ENVIRONMENT},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        making.rename(folder)


def _forget_old_builds(folder: Path) -> None:
    """Remove the builds of older sources that no run used for a week."""
    prefix = folder.name.rpartition("-")[0]
    for old in CACHE.glob(f"{prefix}-*"):
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(old)


def _is_source(path: Path, root: Path) -> bool:
    return not _NOT_SOURCES.intersection(path.relative_to(root).parts)
