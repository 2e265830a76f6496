"""Numbers and ids out of a seed and of what was asked: the same in every process and any order of threads."""

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
    """128 bits out of JSON values; the order of keys does not matter."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest(), "big")


def identifier(*parts: object) -> str:
    """An id in the form of a UUID out of JSON values."""
    text = f"{digest(*parts):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def mixed(number: int) -> int:
    """64 bits that look random, out of 64 bits (the finaliser of SplitMix64, in the public domain)."""
    number = (number + _GOLDEN) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def unit(number: int) -> float:
    """A number in [0, 1) out of 64 bits that look random."""
    return (number >> 11) * _TO_UNIT


def single(values: Iterable[float]) -> list[float]:
    """Numbers rounded to float32, so that JSON and protobuf give the same ones."""
    return array("f", values).tolist()


class Draws:
    """Numbers in [0, 1), one after another, for one purpose."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        """Begins where ``seed`` says."""
        self._state = seed & _MASK

    def next(self) -> float:
        """The next number."""
        self._state = mixed(self._state)
        return unit(self._state)


class Occurrences:
    """Tells equal requests apart by how many came before."""

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()

    def next(self, *parts: object) -> int:
        """How often exactly this came before."""
        key = digest(*parts)
        self._seen[key] += 1
        return self._seen[key] - 1
