"""Read version numbers; all other modules use these functions."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version


def valid_version(text: str) -> Version:
    """Return the version in a text that is certainly one, such as the kit's own version.

    Raises:
        InvalidVersion: The text is not a version (PEP 440).
    """
    return Version(text)


def version_of(text: str) -> Version | None:
    """Return the version in a text, for comparisons; None if the text is not a version (PEP 440)."""
    try:
        return valid_version(text)
    except InvalidVersion:
        return None


def release_of(text: str) -> tuple[int, ...]:
    """Return the numbers of a version, without pre-release and build; empty if the text is not a version."""
    version = version_of(text)
    return () if version is None else version.release
