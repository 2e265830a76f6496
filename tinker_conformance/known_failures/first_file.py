"""Writes a new file of known failures: each failure of a run, with its first mismatch as the reason."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import tomli_w
import yaml

from fake_server.core.visible_text import visible
from fake_server.core.wanted_got import wanted_got
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures.entry_reading import KEY
from tinker_conformance.report.records import Result
from tinker_conformance.requirements import Level

_MOST_CHARACTERS: Final = 400
_HEAD: Final = (
    "# Known failures of {sdk} under {profile}. Edit each reason. An entry that passes is an error.\n"
)


def check_place(path: Path) -> None:
    """Check, before a run, that a file can be written.

    Raises:
        UserError: If it exists, its suffix names no known format, or its folder is missing.
    """
    if path.suffix not in {".toml", ".yaml", ".yml"}:
        raise UserError(f"{path}: the suffix names no known format; use .toml, .yaml or .yml")
    if path.exists():
        raise UserError(f"{path}: already exists; remove it, or name another file")
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: its folder does not exist; create it first")


def record(results: Iterable[Result], path: Path, *, sdk: str, profile: str, strict: bool) -> None:
    """Write the failures of a run to a new file.

    Crashes, hangs and adapter errors are left out, because a file cannot excuse them.

    Args:
        results: The results of a run without known failures.
        path: The file, TOML or YAML by its suffix.
        sdk: The name and version of the SDK, for the heading.
        profile: The name of the profile, for the heading.
        strict: Whether to write quirks too.
    """
    failed = recordable(results, strict=strict)
    entries = [{"requirement": result.id, "class": "bug", "reason": _reason(result)} for result in failed]
    body = (
        tomli_w.dumps({KEY: entries})
        if path.suffix == ".toml"
        else yaml.safe_dump({KEY: entries}, sort_keys=False, allow_unicode=True, width=110)
    )
    head = _HEAD.format(sdk=ascii(sdk)[1:-1], profile=ascii(profile)[1:-1])
    path.write_text(head + body, encoding="utf-8")


def recordable(results: Iterable[Result], *, strict: bool) -> list[Result]:
    """Return the failures that a file of known failures may excuse."""
    return [
        result
        for result in results
        if result.verdict is Verdict.FAILED and (strict or result.level is Level.CONTRACT)
    ]


def _reason(result: Result) -> str:
    if not result.mismatches:
        return result.note
    first = result.mismatches[0]
    more = len(result.mismatches) - 1
    rest = f" (and {more} more)" if more else ""
    text = f"{first.scenario}, at {first.at:.3f} s: {wanted_got(first.wanted, first.got)}"
    return visible(text)[:_MOST_CHARACTERS] + rest
