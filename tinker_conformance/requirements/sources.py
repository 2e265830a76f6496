"""Write out the sources of requirements for a reader."""

from __future__ import annotations

from typing import Final

_SEED: Final = "seed, "
_SPECIFICATION: Final = "specification of Tinkex, an SDK for Elixir, "
_BETWEEN: Final = "; "


def readable_source(source: str) -> str:
    """Return a source with the short name of its document written out.

    Reports keep the short name. `seed` means the document with which this project began, the specification of
    Tinkex; a reader of a failure cannot know that.

    Args:
        source: The source of a requirement, in parts that semicolons separate.
    """
    return _BETWEEN.join(
        f"{_SPECIFICATION}{part.removeprefix(_SEED)}" if part.startswith(_SEED) else part
        for part in source.split(_BETWEEN)
    )
