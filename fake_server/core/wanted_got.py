"""The wording of every message about a difference."""

from __future__ import annotations


def wanted_got(wanted: object, got: object) -> str:
    """Return "wanted …, got …"; the arguments are printed with `str`."""
    return f"wanted {wanted}, got {got}"
