"""Small mutations of bytes, with a preference for those that often break parsers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

_BYTES = (b"\x00", b"\t", b"\n", b"\r", b"\r\n", b" ", b"\x7f", b"\x80", b"\xff", b":", b"0", b"\x16", b'"')


@st.composite
def changed(
    draw: st.DrawFn, inputs: st.SearchStrategy[bytes], pieces: Sequence[bytes], counts: Sequence[int]
) -> bytes:
    """Inputs with a few changes: bytes cut, doubled, replaced or put in, from ``pieces`` too.

    Args:
        draw: Hypothesis gives it.
        inputs: What is changed.
        pieces: What may be put in.
        counts: How many changes there may be, the likelier a number the more often it stands here.
    """
    data = draw(inputs)
    for _ in range(draw(st.sampled_from(counts))):
        place = draw(st.integers(0, len(data)))
        end = min(len(data), place + draw(st.sampled_from((1, 1, 2, 4, 16))))
        match draw(st.integers(0, 6)):
            case 0:
                data = data[:place] + data[end:]
            case 1:
                data = data[:end] + data[place:]
            case 2:
                data = data[:place]
            case kind:
                new = draw(st.sampled_from(_BYTES if kind < 5 else pieces))
                data = data[:place] + new + data[end if draw(st.booleans()) else place :]
    return data


def cut_up(random: Random, data: bytes) -> list[bytes]:
    """The data in pieces: some cut anywhere, or every byte apart."""
    if random.random() < 0.1 and len(data) < 600:
        return [data[at : at + 1] for at in range(len(data))]
    edges = sorted({random.randrange(len(data) + 1) for _ in range(random.randrange(1, 6))})
    return [data[start:end] for start, end in zip([0, *edges], [*edges, len(data)], strict=True)]
