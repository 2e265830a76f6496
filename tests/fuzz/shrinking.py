"""Making a failing input smaller while it fails."""

from __future__ import annotations

from collections.abc import Callable

MAX_TRIES = 5_000


def shrunk(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The data with whatever can go left out, in ever smaller blocks; it still fails."""
    tries = 0
    size = len(data) // 2
    while size and tries < MAX_TRIES:
        at = 0
        while at < len(data) and tries < MAX_TRIES:
            smaller = data[:at] + data[at + size :]
            tries += 1
            if fails(smaller):
                data = smaller
            else:
                at += size
        size //= 2
    return data
