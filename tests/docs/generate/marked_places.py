"""Places in hand-written pages that hold something generated, between two comments."""

from __future__ import annotations

import re


def replaced(text: str, name: str, content: str) -> str:
    """Return a page with fresh content between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.

    Raises:
        ValueError: If the page has no such place.
    """
    begin, end = f"<!-- generated: {name} -->\n", f"\n<!-- end: {name} -->"
    found = re.search(f"(?s){re.escape(begin)}.*{re.escape(end)}", text)
    if found is None:
        raise ValueError(
            f"the page has no place for the {name}; write {begin.strip()} and {end.strip()} in it"
        )
    return f"{text[: found.start()]}{begin}{content.strip()}{end}{text[found.end() :]}"
