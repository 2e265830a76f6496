"""Load scripts from YAML, for ``python -m fake_server --script FILE.yaml`` and for scenario files.

A file is a list of scripts; ``fake_server.script.script_data`` describes the steps::

    - operation: sample            # default: any
      client: sampler-1            # default: any
      where: {prompt: 2+2=}        # default: any; see ``fake_server.script.request_match``
      exhausted: repeat            # fail (the default), repeat, error
      submission: [{status: 429}]  # replies to the submission, before one is accepted; default: none
      steps: [{timeout: {queue_state: paused_capacity}}, {complete: {}}]

An entry ``{setup: create_session, steps: [{status: 503}]}`` gives replies to the first requests of an
endpoint. An entry with ``every``, ``nth`` or ``chance`` is a rule, which gives replies to some of the
submissions without a script (``fake_server.script.rule_data``). YAML is loaded safely, and a duplicate key is
an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from fake_server.core.bounded_files import parse_yaml, read_text
from fake_server.core.errors import FileError, ScriptError, meant
from fake_server.core.operations import Operation
from fake_server.core.plain_data import kind, refuse_unknown
from fake_server.script.builder import MAX_STEPS, Exhausted, Script, exhausted_rule
from fake_server.script.holds import Hold
from fake_server.script.request_match import RequestMatch, decode_match
from fake_server.script.rule_data import HOLD_KEYS, RULE_KEYS, decode_rule, is_rule
from fake_server.script.rules import Rule
from fake_server.script.script_data import decode_steps, encode_steps
from fake_server.script.setup_replies import SetupReplies, decode_setup, is_setup
from fake_server.script.spelling import near_words_of

__all__ = [
    "FileEntry",
    "ScriptEntry",
    "decode_all",
    "decode_entries",
    "decode_steps",
    "encode_steps",
    "load_entries",
    "load_script_file",
    "load_yaml",
]

_E = TypeVar("_E")
_ENTRY_KEYS: Final = ("name", "operation", "client", "where", "exhausted", "submission", "steps")


@dataclass(frozen=True, slots=True)
class ScriptEntry:
    """One script of a file, and which submission it is for.

    For operation, client and conditions, None matches any submission.
    """

    script: Script
    operation: Operation | None = None
    client: str | None = None
    name: str | None = None
    where: RequestMatch | None = None


FileEntry = ScriptEntry | Rule | Hold | SetupReplies
"""An entry of a script file: a script, a rule, a hold, or replies to an endpoint."""


def load_script_file(path: str | Path) -> tuple[ScriptEntry, ...]:
    """Return the scripts of a YAML file: a list of ``{operation?, client?, name?, exhausted?, steps}``.

    Raises:
        ScriptError: The file cannot be read, is not YAML, or is not such a list; the message names file,
            entry and step.

    Warns:
        UserWarning: A key or a queue state is nearly one of the real service; names file, entry and step.
    """
    data = _loaded(path)
    entries = decode_entries(data, str(path))
    for text in near_words_of(data, str(path)):
        warnings.warn(text, UserWarning, stacklevel=2)
    return entries


def decode_entries(data: object, where: str) -> tuple[ScriptEntry, ...]:
    """Return the scripts of a script file from plain data.

    Args:
        data: A list of mappings loaded from YAML or JSON.
        where: The place of the list, with which messages begin, such as the name of the file.

    Raises:
        ScriptError: The data is not such a list; the message names entry and step.
    """
    return tuple(_within_bounds((_decode_entry(item, place) for item, place in _places(data, where)), where))


def load_entries(path: str | Path, report: Callable[[str], None] | None = None) -> tuple[FileEntry, ...]:
    """Return the entries of a YAML script file, in order: scripts, rules, holds, and replies to endpoints.

    Args:
        path: The file.
        report: Called with each warning; None for Python's own.

    Raises:
        ScriptError: As ``load_script_file``.

    Warns:
        UserWarning: As ``load_script_file``.
    """
    data = _loaded(path)
    entries = decode_all(data, str(path))
    for text in near_words_of(data, str(path)):
        if report is None:
            warnings.warn(text, UserWarning, stacklevel=2)
        else:
            report(text)
    return entries


def decode_all(data: object, where: str) -> tuple[FileEntry, ...]:
    """Return the entries of a script file from plain data: scripts, rules, holds, and replies to endpoints.

    Args:
        data: A list of mappings loaded from YAML or JSON.
        where: The place of the list, with which messages begin, such as the name of the file.

    Raises:
        ScriptError: The data is not such a list; the message names entry and step.
    """
    return tuple(_within_bounds((_decode_any(item, place) for item, place in _places(data, where)), where))


def _decode_any(item: object, where: str) -> FileEntry:
    if is_rule(item):
        return decode_rule(item, where)
    return decode_setup(item, where) if is_setup(item) else _decode_entry(item, where)


def _within_bounds(entries: Iterable[_E], where: str) -> Iterator[_E]:
    """Yield the entries; raise an error when they have too many steps, which a few ``times`` can cause."""
    steps = 0
    for entry in entries:
        if isinstance(entry, ScriptEntry):
            steps += len(entry.script.steps) + len(entry.script.submission)
        elif isinstance(entry, SetupReplies):
            steps += len(entry.turns)
        if steps > MAX_STEPS:
            raise ScriptError(
                f"{where}: the scripts have more than {MAX_STEPS} steps in all; use exhausted: repeat"
            )
        yield entry


def _loaded(path: str | Path) -> object:
    try:
        return parse_yaml(read_text(path))
    except FileError as error:
        raise ScriptError(error.of(str(path))) from error


def _places(data: object, where: str) -> list[tuple[object, str]]:
    if not isinstance(data, list):
        raise ScriptError(
            f"{where}: a script file must be a list of scripts, not {kind(data)}; begin with '- steps:'"
        )
    return [(item, f"{where}, script {number}") for number, item in enumerate(data, 1)]


def load_yaml(text: str, where: str) -> object:
    """Return the value of YAML text, loaded safely within the limits of ``fake_server.core.bounded_files``.

    Args:
        text: The text.
        where: The name of the file, with which messages begin.

    Raises:
        ScriptError: The text is not YAML, has a duplicate key, or exceeds a limit; the message names line and
            column.
    """
    try:
        return parse_yaml(text)
    except FileError as error:
        raise ScriptError(error.of(where)) from error


def _decode_entry(item: object, where: str) -> ScriptEntry:
    if not isinstance(item, Mapping):
        raise ScriptError(f"{where}: a script must be a mapping with the key 'steps', not {kind(item)}")
    try:
        refuse_unknown(item, _ENTRY_KEYS, (*RULE_KEYS, *HOLD_KEYS, "setup"))
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None
    if "steps" not in item:
        raise ScriptError(f"{where}: the key 'steps' is missing; add it, with a list of steps")
    steps = decode_steps(item["steps"], where)
    submission = decode_steps(item.get("submission", []), f"{where}, submission")
    try:
        made = Script(steps, exhausted_rule(str(item.get("exhausted", Exhausted.FAIL))), submission)
        return ScriptEntry(
            made,
            _operation(item.get("operation")),
            _text(item, "client"),
            _text(item, "name"),
            decode_match(item.get("where")),
        )
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None


def _operation(name: object) -> Operation | None:
    if name is None:
        return None
    try:
        return Operation(str(name))
    except ValueError:
        raise ScriptError(
            f"unknown operation {name!r}{meant(name, Operation)}; the operations are {', '.join(Operation)}"
        ) from None


def _text(item: Mapping[object, object], key: str) -> str | None:
    match item.get(key):
        case None:
            return None
        case str() as text:
            return text
        case other:
            raise ScriptError(f"{key} must be a string, not {kind(other)}; quote it")
