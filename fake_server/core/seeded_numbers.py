"""Derive numbers and ids from a seed and a request: the same in each process, and in any order of threads."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Final

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
_TO_UNIT: Final = 1.0 / (1 << 53)


def digest(*parts: object) -> int:
    """Return a 128-bit hash of JSON values. The order of a mapping's keys does not matter."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest(), "big")


def identifier(*parts: object) -> str:
    """Return an id in UUID form, derived from JSON values."""
    text = f"{digest(*parts):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def mixed(number: int) -> int:
    """Return 64 random-looking bits derived from 64 bits (finaliser of SplitMix64, in the public domain)."""
    number = (number + _GOLDEN) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def unit(number: int) -> float:
    """Return a number from 0 (included) to 1 (excluded) that is derived from 64 random-looking bits."""
    return (number >> 11) * _TO_UNIT


def single(values: Iterable[float]) -> list[float]:
    """Return numbers rounded to float32, so that JSON and protobuf carry equal values."""
    return array("f", values).tolist()


class Draws:
    """A sequence of numbers from 0 (included) to 1 (excluded); equal seeds give equal sequences."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        """Start the sequence that belongs to ``seed``."""
        self._state = seed & _MASK

    def next(self) -> float:
        """Return the next number."""
        self._state = mixed(self._state)
        return unit(self._state)


class Occurrences:
    """A counter of equal requests, so that the second of two equal requests can get a result of its own."""

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()

    def next(self, *parts: object) -> int:
        """Count one more request, and return how many equal ones came before: 0 for the first.

        Args:
            parts: JSON values that identify the request.
        """
        key = digest(*parts)
        self._seen[key] += 1
        return self._seen[key] - 1
