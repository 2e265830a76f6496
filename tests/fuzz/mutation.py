"""Small random changes of bytes, with a taste for those that parsers stumble over."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

_BYTES = (b"\x00", b"\t", b"\n", b"\r", b"\r\n", b" ", b"\x7f", b"\x80", b"\xff", b":", b"0", b"\x16", b'"')


def mutated(random: Random, data: bytes, pieces: Sequence[bytes]) -> bytes:
    """The data with one change: bytes cut, doubled, exchanged or put in, from ``pieces`` too."""
    place = random.randrange(len(data) + 1)
    end = min(len(data), place + random.choice((1, 1, 2, 4, 16)))
    match random.randrange(7):
        case 0:
            return data[:place] + data[end:]
        case 1:
            return data[:end] + data[place:]
        case 2:
            return data[:place]
        case 3 | 4:
            return data[:place] + random.choice(_BYTES) + data[end if random.random() < 0.5 else place :]
        case _:
            return data[:place] + random.choice(pieces) + data[end if random.random() < 0.5 else place :]


def cut_up(random: Random, data: bytes) -> list[bytes]:
    """The data in pieces: some cut anywhere, or every byte apart."""
    if random.random() < 0.1 and len(data) < 600:
        return [data[at : at + 1] for at in range(len(data))]
    edges = sorted({random.randrange(len(data) + 1) for _ in range(random.randrange(1, 6))})
    return [data[start:end] for start, end in zip([0, *edges], [*edges, len(data)], strict=True)]
