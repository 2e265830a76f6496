"""The table of the catalogue, for `docs/how-to/judge-a-package.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.docs.generate.marked_places import replaced
from tinker_conformance.sdk.catalogue import catalogue

PAGE: Final = Path(__file__).parents[3] / "docs/how-to/judge-a-package.md"


def document() -> str:
    """Return the page with a fresh table between its markers."""
    rows = ["| SPEC | version | what it is | profile |", "|---|---|---|---|"]
    rows += [
        f"| `package:{name}` | {entry.version} | {entry.about} | `{entry.profile}` |"
        for name, entry in catalogue().items()
    ]
    return replaced(PAGE.read_text(encoding="utf-8"), "catalogue", "\n".join(rows))
