"""The wording of every message about a difference, and of every message about bad input."""

from __future__ import annotations


def wanted_got(wanted: object, got: object) -> str:
    """Return "wanted …, got …", for what an SDK or a server did; the arguments are printed with `str`."""
    return f"wanted {wanted}, got {got}"


def expected_got(expected: object, got: object) -> str:
    """Return "expected …, got …", for what was given to us; the arguments are printed with `str`."""
    return f"expected {expected}, got {got}"
