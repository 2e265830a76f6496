"""Write a number with its noun in the singular or plural, for messages."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 poll", "2 polls", "3 replies".

    Args:
        number: The number.
        noun: The noun in the singular.
        plural: The noun in the plural; empty if it is the singular with an s.
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
