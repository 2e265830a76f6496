"""What a version's text says, in the one place that reads it."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version


def version_of(text: str) -> Version | None:
    """The version, to be compared with others; None if the text is none (PEP 440)."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def release_of(text: str) -> tuple[int, ...]:
    """Its numbers, pre-release and build marks aside; empty if the text is no version."""
    version = version_of(text)
    return () if version is None else version.release
