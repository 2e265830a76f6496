"""Write docs/reference/broken-sdks.md: python -m tests.broken_sdks.table > docs/reference/broken-sdks.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tinker_conformance.requirements import REQUIREMENTS

from .declaration import BrokenSdk
from .fields import WITHOUT_A_BROKEN_SDK, field_of, profile_fields
from .registry import BROKEN_SDKS

_HEAD: Final = """\
# Broken SDKs

Generated from `tests/broken_sdks`. Tests check that this page is up to date and that every line is true.

Each SDK on this page is the kit's own model of the official SDK with one deliberate fault, which its name
describes. The tests judge it. It must fail exactly the requirements that are listed for it, and the one in
the column "caught by" must fail with the words in the column "reports".
"""


def document() -> str:
    """Return the page, in Markdown."""
    return "\n".join([_HEAD, *_by_requirement(), "", *_by_sdk(), "", *_by_field(), ""])


def _by_requirement() -> Iterator[str]:
    yield "## Which broken SDKs fail each requirement\n"
    yield f"{len(REQUIREMENTS)} requirements. **Bold**: an SDK made for this requirement."
    yield ""
    yield "| requirement | broken SDKs |"
    yield "|---|---|"
    for required in REQUIREMENTS:
        there_for_it = [sdk for sdk in BROKEN_SDKS.values() if sdk.caught_by == required.id]
        others = [sdk for sdk in BROKEN_SDKS.values() if required.id in sdk.also]
        names = [f"**{sdk.name}**" for sdk in there_for_it] + [sdk.name for sdk in others]
        yield f"| `{required.id}` | {', '.join(names)} |"


def _by_sdk() -> Iterator[str]:
    yield "## Which requirements each broken SDK fails\n"
    yield f"{len(BROKEN_SDKS)} SDKs."
    yield ""
    yield "| SDK | profile | caught by | reports | also fails |"
    yield "|---|---|---|---|---|"
    for sdk in BROKEN_SDKS.values():
        also = ", ".join(f"`{name}`" for name in sorted(sdk.also))
        symptom = sdk.saying.replace("|", "\\|").replace("<", "&lt;")
        yield f"| {sdk.name} | {sdk.under} | `{sdk.caught_by}` | {symptom} | {also} |"


def _by_field() -> Iterator[str]:
    yield "## Which broken SDK changes each field of a profile\n"
    yield "| field of the profile | broken SDKs, or why there is none |"
    yield "|---|---|"
    for field in sorted(profile_fields()):
        names = ", ".join(sdk.name for sdk in changing(field, BROKEN_SDKS.values()))
        why_none = f"none: {WITHOUT_A_BROKEN_SDK.get(field, '?')}"
        yield f"| `{field}` | {names or why_none} |"


def changing(field: str, sdks: Iterable[BrokenSdk]) -> list[BrokenSdk]:
    """Return the SDKs that change a field of their profile."""
    return [sdk for sdk in sdks if field in {field_of(change) for change in sdk.changes}]


if __name__ == "__main__":
    print(document(), end="")
