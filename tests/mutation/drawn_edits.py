"""The page of one-line edits of official releases, made of `drawn_edits.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).with_suffix(".toml")
_INTRODUCTION: Final = """\
# Drawn edits

This page shows what the suite says when one line of an official release is wrong. {edits} lines of three
releases were changed, one at a time, and each changed release was judged by its own profile. {caught} changes
are caught. No requirement notices the other {missed}, for the reasons that the tables give.

Run this for a release that you have changed, in an environment that has the kit:

```console
$ tinker-conformance run -q --sdk official
```

## How the lines were drawn

- The pool: lines with code in the modules that poll, observe, log pauses, submit, retry, and create clients.
  Of `_base_client.py` it has only the functions that build a request or send it again. Imports, signatures,
  docstrings and calls of telemetry are not in it.
- The order: Python's `random.sample` of each release's lines in each of three areas, with the seed
  `301114 RELEASE AREA`, such as `301114 0.6.3 polling`.
- The choice: the first 7 lines of polling, 7 of clients and 4 of requests on which behaviour hangs. Those
  that were [left out](#left-out) have a reason each.
- Each change, and the requirement that should catch it, was written down before the suite was run.

{gaps} of the changes were not caught at first. The gaps are closed, and their rows end with *. A row names
one requirement that fails; often there are several.
"""
_LEFT_OUT: Final = """\
## Left out

These lines came up before the last one that was taken. What the kit judges does not hang on them.
"""


class DrawnEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a release, and what became of its change.

    Attributes:
        release: The release of `tinker`.
        area: What the module is for: `polling`, `clients` or `requests`.
        module: Its path in the package.
        line: The line's number, from 1.
        change: What the changed release does.
        caught_by: The requirement that fails; None if none does.
        why: Why none does.
        was_a_gap: Whether no requirement failed at first.
    """

    release: str
    area: str
    module: str
    line: int
    change: str
    caught_by: str | None = None
    why: str = ""
    was_a_gap: bool = False


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line that was drawn and not changed, and why."""

    release: str
    module: str
    line: int
    why: str


class Draw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All lines that were drawn, in the order in which they were."""

    edits: tuple[DrawnEdit, ...]
    left_out: tuple[LeftOut, ...]


def drawn() -> Draw:
    """Return what the file says."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Draw)


def document() -> str:
    """Return the page."""
    draw = drawn()
    missed = [edit for edit in draw.edits if edit.caught_by is None]
    introduction = _INTRODUCTION.format(
        edits=len(draw.edits),
        caught=len(draw.edits) - len(missed),
        missed=len(missed),
        gaps=sum(edit.was_a_gap for edit in draw.edits),
    )
    parts = [introduction]
    for release, edits in groupby(draw.edits, key=lambda edit: edit.release):
        parts.append(f"## tinker {release}\n\n" + "\n".join(_table(edits)) + "\n")
    parts.append(_LEFT_OUT + "\n" + "\n".join(_left_out(draw.left_out)) + "\n")
    return "\n".join(parts)


def _table(edits: Iterable[DrawnEdit]) -> Iterator[str]:
    yield "| area | line | what the changed release does | caught by |"
    yield "|---|---|---|---|"
    for edit in edits:
        star = " *" if edit.was_a_gap else ""
        found = f"not caught. {edit.why}" if edit.caught_by is None else f"`{edit.caught_by}`{star}"
        yield f"| {edit.area} | `{edit.module}:{edit.line}` | {edit.change} | {found} |"


def _left_out(lines: Iterable[LeftOut]) -> Iterator[str]:
    yield "| release | line | why |"
    yield "|---|---|---|"
    yield from (f"| {each.release} | `{each.module}:{each.line}` | {each.why} |" for each in lines)
