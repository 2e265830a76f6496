"""Read files that other people wrote, within fixed limits: any content gives a value or a `FileError`.

Commands and fixtures read all their input files through this module: scripts, scenarios, profiles, known
failures, reports and the saved state of interrupted runs. The control plane reads request bodies through it.
The module limits:

- the size of the file;
- the depth of nesting;
- the number of values after YAML aliases are expanded (a "billion laughs" file expands from a few lines to
  more than memory holds);
- the length of numbers;
- the kind of file: only regular files are accepted, because reading a FIFO blocks until somebody writes to
  it.
"""

from __future__ import annotations

import json
import math
import os
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from fake_server.core.errors import FileError

MAX_FILE_BYTES: Final = 10_000_000
MAX_LEVELS: Final = 200
"""Greatest depth of nested lists and mappings. The body of a scripted reply has a smaller limit,
``MAX_DEPTH`` of ``fake_server.core.json_values``.
"""
MAX_VALUES: Final = 1_000_000
"""Greatest number of values in one file; a YAML alias counts each time it is used."""
MAX_NUMBER_CHARACTERS: Final = 1_000
MAX_OTHER_KEYS: Final = 1_000
"""Greatest number of keys in one mapping that are not strings: numbers can be chosen so that their hashes
collide, which makes the mapping slow.
"""
MAX_TAG_DIRECTIVES: Final = 100
MAX_DOTS: Final = 250
"""Greatest number of dots in one line of TOML: the time to parse a dotted key grows with the square of its
parts.
"""

_SafeLoader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_bytes(path: str | Path, *, most: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a regular file; symbolic links are followed.

    Args:
        path: The file.
        most: The largest accepted size in bytes.

    Raises:
        FileError: The path is not a regular file, or the file cannot be read or is too large.
    """
    try:
        _check_kind(os.stat(path).st_mode)  # noqa: PTH116 - a path that is text stays as it is
        # O_NONBLOCK: opening must not block if the path has become a FIFO since the check.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            _check_kind(os.fstat(descriptor).st_mode)
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FileError(f"cannot be read ({reason}); give the path of a readable file") from error
    if len(content) > most:
        raise FileError(f"is larger than {most} bytes; split the file")
    return content


def read_text(path: str | Path, *, most: int = MAX_FILE_BYTES) -> str:
    """Return the text of a UTF-8 file, without the byte-order mark that some editors put first.

    Raises:
        FileError: As `read_bytes`, or the content is not UTF-8.
    """
    return decoded_text(read_bytes(path, most=most))


def decoded_text(content: bytes) -> str:
    """Return UTF-8 bytes as text, without a byte-order mark.

    Raises:
        FileError: The content is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"cannot be read ({error}); save it as UTF-8") from error


def parse_toml(text: str) -> dict[str, object]:
    """Return the values of a TOML document.

    Raises:
        FileError: The text is not TOML, or exceeds one of this module's limits.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise FileError(
                f"has more than {MAX_DOTS} dots in one line; use tables instead of dotted keys",
                f"line {number}",
            )
    try:
        data = tomllib.loads(text, parse_float=_finite)
        _check_values(data)
    except FileError:
        raise
    except RecursionError as error:
        raise FileError(f"has more than {MAX_LEVELS} levels; nest less deeply") from error
    except ValueError as error:
        raise FileError(f"is not valid TOML ({error}); fix the syntax there") from error
    return data


def parse_json(content: str | bytes) -> object:
    """Return the value of a JSON document; NaN and Infinity are errors, as in the standard.

    Args:
        content: Text, or UTF-8 bytes with or without a byte-order mark.

    Raises:
        FileError: The content is not JSON, or exceeds one of this module's limits.
    """
    text = decoded_text(content) if isinstance(content, bytes) else content
    try:
        data: object = json.loads(text, parse_float=_finite, parse_int=_short, parse_constant=_finite)
        _check_values(data)
    except FileError:
        raise
    except RecursionError as error:
        raise FileError(f"has more than {MAX_LEVELS} levels; nest less deeply") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FileError(f"is not valid JSON ({error.msg}); fix the syntax there", place) from error
    return data


def parse_yaml(text: str) -> object:
    """Return the value of a YAML document, loaded safely; a duplicate key is an error.

    Raises:
        FileError: The text is not YAML, or exceeds one of this module's limits; the error's `place` has line
            and column.
    """
    try:
        _check_events(text)
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = _place(mark) if mark else ""
        raise FileError(f"{error.problem}; fix the YAML there", place) from None
    # A value that does not match its tag, such as `!!timestamp x`, can raise nearly any exception.
    except (
        *(yaml.YAMLError, RecursionError, ValueError),
        *(ArithmeticError, AttributeError, LookupError, TypeError),
    ) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"cannot be loaded as YAML ({error}); fix the file") from None


def _check_kind(mode: int) -> None:
    for is_kind, name in _KINDS:
        if is_kind(mode):
            raise FileError(
                f"is {name}, not a regular file; write the content to a regular file and give its path"
            )


def _finite(text: str) -> float:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise FileError(f"a number has more than {MAX_NUMBER_CHARACTERS} characters; round it")
    number = float(text)
    if not math.isfinite(number):
        raise FileError(f"{text} is not a finite number; write a number")
    return number


def _short(text: str) -> int:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise FileError(f"a number has more than {MAX_NUMBER_CHARACTERS} characters; use a smaller one")
    return int(text)


def _check_values(data: object) -> None:
    """Check depth, number of values and length of numbers of a parsed value, without recursion."""
    pending: list[Iterator[object]] = [iter((data,))]
    count = 0
    while pending:
        for value in pending[-1]:
            count += 1
            match value:
                case dict():
                    pending.append(iter(value.values()))
                    break
                case list():
                    pending.append(iter(value))
                    break
                case int() if value.bit_length() > MAX_NUMBER_CHARACTERS * 4:
                    raise FileError(
                        f"a number has more than {MAX_NUMBER_CHARACTERS} digits; use a smaller one"
                    )
                case _:
                    pass
        else:
            pending.pop()
        if len(pending) > MAX_LEVELS + 1:
            raise FileError(f"has more than {MAX_LEVELS} levels; nest less deeply")
        if count > MAX_VALUES:
            raise FileError(f"has more than {MAX_VALUES} values; split the file")


def _check_events(text: str) -> None:
    """Check the limits on the parser's events, before values are built that may not fit into memory."""
    if text.count("%TAG") > MAX_TAG_DIRECTIVES:
        raise FileError(f"has more than {MAX_TAG_DIRECTIVES} %TAG directives; write tags in full")
    sizes: dict[str, tuple[int, int]] = {}  # number of values and depth of each anchored node
    open_nodes: list[_OpenNode] = [_OpenNode(None)]
    for event in yaml.parse(text, Loader=_SafeLoader):
        match event:
            case yaml.CollectionStartEvent():
                open_nodes.append(_OpenNode(event.anchor))
                size, levels = 0, 0
            case yaml.CollectionEndEvent():
                closed = open_nodes.pop()
                size, levels = closed.values + 1, closed.levels + 1
                if closed.anchor is not None:
                    sizes[closed.anchor] = (size, levels)
            case yaml.ScalarEvent():
                size, levels = 1, 0
                if event.anchor is not None:
                    sizes[event.anchor] = (size, levels)
            case yaml.AliasEvent():
                if any(node.anchor == event.anchor for node in open_nodes):
                    raise FileError(
                        f"the alias *{event.anchor} contains itself; write the value out instead",
                        _place(event),
                    )
                size, levels = sizes.get(str(event.anchor), (1, 0))
            case _:
                continue
        holder = open_nodes[-1]
        holder.values += size
        holder.levels = max(holder.levels, levels)
        if len(open_nodes) - 1 + levels > MAX_LEVELS:
            raise FileError(f"has more than {MAX_LEVELS} levels; nest less deeply", _place(event))
        if holder.values > MAX_VALUES:
            problem = f"has more than {MAX_VALUES} values after aliases are expanded; use fewer aliases"
            raise FileError(problem, _place(event))


class _OpenNode:
    """A list or mapping whose end event has not been read yet."""

    __slots__ = ("anchor", "levels", "values")

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.values = 0
        self.levels = 0


def _place(at: Any) -> str:
    mark = getattr(at, "start_mark", at)
    return f"line {mark.line + 1}, column {mark.column + 1}"


class _StrictLoader(_SafeLoader):  # type: ignore[misc]
    """The safe loader, except that a duplicate key is an error instead of replacing the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[object] = set()
        others = 0
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge" or not isinstance(key_node, yaml.ScalarNode):
                continue
            key = self.construct_object(key_node)
            others += not isinstance(key, str)
            if others > MAX_OTHER_KEYS:
                raise _refused(
                    key_node,
                    f"a mapping has more than {MAX_OTHER_KEYS} keys that are not strings; quote them",
                )
            if key in seen:
                raise _refused(key_node, f"the key {key!r} is given twice")
            seen.add(key)
        result: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return result

    def number(self, node: yaml.ScalarNode) -> int | float:
        """Return the finite number of a scalar, after checking that it is short enough to parse quickly."""
        if len(node.value) > MAX_NUMBER_CHARACTERS:
            raise _refused(
                node, f"a number has more than {MAX_NUMBER_CHARACTERS} characters; use a smaller one"
            )
        is_int = node.tag == "tag:yaml.org,2002:int"
        number: int | float = self.construct_yaml_int(node) if is_int else self.construct_yaml_float(node)
        if isinstance(number, float) and not math.isfinite(number):
            raise _refused(node, f"{node.value} is not a finite number; write a number")
        return number


for _tag in ("int", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _StrictLoader.number)


def _refused(node: yaml.Node, problem: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
