"""Write the failures of a run to a file of known failures, or bring an existing file up to date.

The reason of a new entry is the first mismatch. An existing entry is kept with its reason, which a user may
have edited, as long as something that the entry matches fails; see `updated_entries`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tomli_w
import yaml
from packaging.version import Version

from fake_server.core.bounded_files import read_text
from fake_server.core.number_words import counted
from fake_server.core.visible_text import visible
from fake_server.core.wanted_got import wanted_got
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.known_failures.entry import KnownFailure
from tinker_conformance.known_failures.entry_reading import KEY, MOST_BYTES, load_known_failures
from tinker_conformance.known_failures.updated_entries import is_covered, updated_entries
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_folder import write_whole
from tinker_conformance.requirements import Level

_MOST_CHARACTERS: Final = 400
_HEAD: Final = (
    "# Known failures of {sdk} under {profile}. Edit each reason. An entry that passes is an error.\n"
)


def check_place(path: Path) -> None:
    """Check, before a run, that a file can be written.

    Raises:
        UserError: If the path's suffix names no known format, its folder is missing, or the path exists and
            is not a file of known failures.
    """
    if path.suffix not in {".toml", ".yaml", ".yml"}:
        raise UserError(f"{path}: the suffix names no known format; use .toml, .yaml or .yml")
    if path.exists():
        load_known_failures(path)
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: its folder does not exist; create it first")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What `record` changed in a file.

    Attributes:
        kept: The number of entries that were in the file and still are.
        added: The number of new entries.
        removed: The number of entries that were removed, because nothing that they match fails.
    """

    kept: int
    added: int
    removed: int

    def __str__(self) -> str:
        total = counted(self.kept + self.added, "known failure")
        if not self.kept and not self.removed:
            return f"{total}; edit the reasons"
        return (
            f"{total} ({self.kept} kept, {self.added} new, {self.removed} removed); "
            "edit the reasons of the new ones"
        )


def record(results: Sequence[Result], path: Path, *, sdk: str, profile: str, strict: bool) -> Recorded:
    """Write the failures of a run to a file, and keep its entries that still match a failure.

    Crashes, hangs and adapter errors are left out, because a file cannot excuse them.

    Args:
        results: The results of a run without known failures.
        path: The file, TOML or YAML by its suffix.
        sdk: The SDK's name and version, for the heading of the file.
        profile: The name of the profile, for the heading of the file.
        strict: Whether to write failures of quirks too.

    Returns:
        How many entries were kept, added and removed.

    Raises:
        UserError: If the path exists and is not a file of known failures.
    """
    exists = path.exists()
    before = load_known_failures(path) if exists else ()
    kept = updated_entries(before, results)
    new = [
        {"requirement": result.id, "class": "bug", "reason": _reason(result)}
        for result in recordable(results, strict=strict)
        if not is_covered(result, kept)
    ]
    entries = [*map(_as_data, kept), *new]
    body = (
        tomli_w.dumps({KEY: entries})
        if path.suffix == ".toml"
        else yaml.safe_dump({KEY: entries}, sort_keys=False, allow_unicode=True, width=110)
    )
    heading = _heading(path) if exists else ""
    head = heading or _HEAD.format(sdk=ascii(sdk)[1:-1], profile=ascii(profile)[1:-1])
    write_whole(path, head + body)
    still = {entry.number for entry in kept}
    return Recorded(len(kept), len(new), sum(entry.number not in still for entry in before))


def _heading(path: Path) -> str:
    """Return the comments and empty lines at the beginning of a file."""
    lines = read_text(path, most=MOST_BYTES).splitlines(keepends=True)
    return "".join(itertools.takewhile(lambda line: not line.strip() or line.startswith("#"), lines))


def _as_data(entry: KnownFailure) -> dict[str, object]:
    data: dict[str, object] = {
        entry.subject.value: entry.pattern,
        "class": entry.entry_class.value,
        "reason": entry.reason,
    }
    if entry.issue is not None:
        data["issue"] = entry.issue
    if entry.expires is not None:
        data["expires"] = str(entry.expires) if isinstance(entry.expires, Version) else entry.expires
    return data


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
