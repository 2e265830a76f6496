"""Writes docs/reference/broken-sdks.md: python -m tests.broken_sdks.table > docs/reference/broken-sdks.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tinker_conformance.requirements import REQUIREMENTS

from .declaration import BrokenSdk
from .fields import WITHOUT_A_BROKEN_SDK, field_of, profile_fields
from .registry import BROKEN_SDKS

_HEAD: Final = """\
# Broken SDKs

Generated from `tests/broken_sdks`; a test keeps it fresh, and another proves every line of it.

Each of these SDKs does one thing wrong and is otherwise the reference. It must break exactly the requirements
that are listed for it, and the one that is there to catch it must say what is wrong in the words given.
"""


def document() -> str:
    """The page."""
    return "\n".join([_HEAD, *_by_requirement(), "", *_by_sdk(), "", *_by_field(), ""])


def _by_requirement() -> Iterator[str]:
    yield "## Which SDKs each requirement catches\n"
    yield f"{len(REQUIREMENTS)} requirements. **Bold**: the SDK that is there for this requirement."
    yield ""
    yield "| requirement | broken SDKs |"
    yield "|---|---|"
    for required in REQUIREMENTS:
        there_for_it = [sdk for sdk in BROKEN_SDKS.values() if sdk.caught_by == required.id]
        others = [sdk for sdk in BROKEN_SDKS.values() if required.id in sdk.also]
        names = [f"**{sdk.name}**" for sdk in there_for_it] + [sdk.name for sdk in others]
        yield f"| `{required.id}` | {', '.join(names)} |"


def _by_sdk() -> Iterator[str]:
    yield "## What each broken SDK breaks\n"
    yield f"{len(BROKEN_SDKS)} SDKs."
    yield ""
    yield "| SDK | under | caught by | saying | breaks also |"
    yield "|---|---|---|---|---|"
    for sdk in BROKEN_SDKS.values():
        also = ", ".join(f"`{name}`" for name in sorted(sdk.also))
        said = sdk.saying.replace("|", "\\|").replace("<", "&lt;")
        yield f"| {sdk.name} | {sdk.under} | `{sdk.caught_by}` | {said} | {also} |"


def _by_field() -> Iterator[str]:
    yield "## Which SDK shows that a field of a profile matters\n"
    yield "| field | broken SDKs, or why there is none |"
    yield "|---|---|"
    for field in sorted(profile_fields()):
        names = ", ".join(sdk.name for sdk in changing(field, BROKEN_SDKS.values()))
        why_none = f"none: {WITHOUT_A_BROKEN_SDK.get(field, '?')}"
        yield f"| `{field}` | {names or why_none} |"


def changing(field: str, sdks: Iterable[BrokenSdk]) -> list[BrokenSdk]:
    """The SDKs that do not follow a field of their profile."""
    return [sdk for sdk in sdks if field in {field_of(change) for change in sdk.changes}]


if __name__ == "__main__":
    print(document(), end="")
