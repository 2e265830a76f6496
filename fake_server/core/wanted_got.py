"""The two wordings of differences in all messages: "wanted …, got …" and "expected …, got …"."""

from __future__ import annotations


def wanted_got(wanted: object, got: object) -> str:
    """Return "wanted …, got …": how what an SDK or a server did differs from a requirement.

    Args:
        wanted: The required value, printed with `str`.
        got: The actual value, printed with `str`.
    """
    return f"wanted {wanted}, got {got}"


def expected_got(expected: object, got: object) -> str:
    """Return "expected …, got …": how a file, an argument or a message is not as this program needs it.

    Args:
        expected: A description of what is accepted, printed with `str`.
        got: The value that was given, printed with `str`.
    """
    return f"expected {expected}, got {got}"
