"""Write out the sources of requirements for a reader."""

from __future__ import annotations

from typing import Final

_SEED: Final = "seed, "
_SPECIFICATION: Final = "specification of Tinkex, an SDK for Elixir, "
_BETWEEN: Final = "; "
_WRITTEN_OUT: Final = {
    "official SDK by revision": "official SDK, which differs from revision to revision",
    "official SDK by release": "official SDK, which differs from release to release",
}


def readable_source(source: str) -> str:
    """Return a source with its short forms written out.

    Reports keep the short name. `seed` means the document with which this project began, the specification of
    Tinkex; a reader of a failure cannot know that.

    Args:
        source: The source of a requirement, in parts that semicolons separate.
    """
    return _BETWEEN.join(
        f"{_SPECIFICATION}{part.removeprefix(_SEED)}"
        if part.startswith(_SEED)
        else _WRITTEN_OUT.get(part, part)
        for part in source.split(_BETWEEN)
    )
