"""All broken SDKs, by name."""

from __future__ import annotations

from typing import Final

from . import (
    callback,
    cancellation,
    checkpoints,
    concurrency,
    debounce,
    extras,
    faults,
    grace,
    isolation,
    messages,
    parsing,
    polling,
    polling_ends,
    reasons,
    requests,
    session_polling,
    submissions,
    texts,
    threads,
    times,
    trigger,
    wiring,
)
from .declaration import BrokenSdk

_CHAPTERS: Final = (
    isolation,
    parsing,
    trigger,
    callback,
    reasons,
    messages,
    debounce,
    grace,
    concurrency,
    threads,
    wiring,
    requests,
    submissions,
    texts,
    times,
    polling,
    polling_ends,
    session_polling,
    cancellation,
    checkpoints,
    extras,
    faults,
)


def _by_name() -> dict[str, BrokenSdk]:
    found: dict[str, BrokenSdk] = {}
    for chapter in _CHAPTERS:
        for sdk in chapter.SDKS:
            if sdk.name in found:
                raise ValueError(f"two broken SDKs are called {sdk.name!r}; rename one")
            found[sdk.name] = sdk
    return found


BROKEN_SDKS: Final = _by_name()
