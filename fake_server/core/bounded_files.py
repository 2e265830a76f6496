"""Reads files that somebody else wrote: whatever is in them, reading ends soon, in a value or in one error.

Every file that a command or a fixture is given goes through here: scripts, scenarios, profiles, known
failures, reports. What is bounded: the size, the levels of nesting, the number of values after aliases are
expanded (a "billion laughs" file is a few lines that expand to more values than memory holds), the length of
numbers, and what a path may lead to (a regular file, not a FIFO, which has nothing to read until somebody
writes to it).
"""

from __future__ import annotations

import math
import os
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

MAX_FILE_BYTES: Final = 10_000_000
MAX_LEVELS: Final = 200
"""Lists and mappings inside each other; a reply's body has its own, smaller limit."""
MAX_VALUES: Final = 1_000_000
"""Values of one file, aliases of YAML counted each time they are used."""
MAX_NUMBER_CHARACTERS: Final = 1_000
MAX_OTHER_KEYS: Final = 1_000
"""Keys of one mapping that are no strings: Python's hash of numbers can be made to collide."""
MAX_TAG_DIRECTIVES: Final = 100
MAX_DOTS: Final = 250
"""Dots in a line of TOML: the parser's work grows with the square of the parts of a dotted key."""

_SafeLoader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class FileError(ValueError):
    """A file that cannot be used.

    Attributes:
        problem: What is wrong and how to fix it, without the file's name.
        place: Where in the file, such as ``line 3, column 1``; empty for the whole file.
    """

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.place = place

    def of(self, source: str) -> str:
        """The error as one sentence that names the file."""
        return f"{source}, {self.place}: {self.problem}" if self.place else f"{source}: {self.problem}"


def read_bytes(path: str | Path, *, most: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a regular file, or of one that links lead to.

    Args:
        path: The file.
        most: The largest size that is accepted, bytes.

    Raises:
        FileError: The path does not lead to a regular file, the file cannot be read, or it is too large.
    """
    try:
        _check_kind(os.stat(path).st_mode)  # noqa: PTH116 - a path that is text stays as it is
        # Without waiting, should it have become a FIFO since.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            _check_kind(os.fstat(descriptor).st_mode)
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FileError(f"cannot be read ({reason}); name a file that you can read") from error
    if len(content) > most:
        raise FileError(f"is larger than {most} bytes; split it")
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
        FileError: It is not TOML, or exceeds one of the limits above.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise FileError(
                f"more than {MAX_DOTS} dots; write tables in place of dotted keys", f"line {number}"
            )
    try:
        data = tomllib.loads(text, parse_float=_finite)
        _check_values(data)
    except FileError:
        raise
    except RecursionError as error:
        raise FileError(f"has more than {MAX_LEVELS} levels; nest less deeply") from error
    except ValueError as error:
        raise FileError(f"is not TOML ({error}); correct it there") from error
    return data


def parse_yaml(text: str) -> object:
    """Return the value of a YAML document, loaded safely; a key given twice is an error.

    Raises:
        FileError: It is not YAML, or exceeds one of the limits above; `place` says line and column.
    """
    try:
        _check_events(text)
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = _place(mark) if mark else ""
        raise FileError(f"{error.problem}; correct the YAML there", place) from None
    # A value that its tag does not fit, such as `!!timestamp x`, makes the loader fail in many ways.
    except (
        *(yaml.YAMLError, RecursionError, ValueError),
        *(ArithmeticError, AttributeError, LookupError, TypeError),
    ) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"no YAML that can be read ({error}); correct the file") from None


def _check_kind(mode: int) -> None:
    for is_kind, name in _KINDS:
        if is_kind(mode):
            raise FileError(f"is {name}, not a regular file; write the content to a file and name that")


def _finite(text: str) -> float:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise FileError(f"a number of more than {MAX_NUMBER_CHARACTERS} characters; round it")
    number = float(text)
    if not math.isfinite(number):
        raise FileError(f"{text} is not a finite number; write a number")
    return number


def _check_values(data: object) -> None:
    """Bounds levels, number of values and digits of what a parser returned; nothing recursive."""
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
                        f"a number of more than {MAX_NUMBER_CHARACTERS} digits; use a smaller one"
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
    """Bounds what a YAML text will expand to, by its parser's events: nothing is built, nothing recursive."""
    if text.count("%TAG") > MAX_TAG_DIRECTIVES:
        raise FileError(f"has more than {MAX_TAG_DIRECTIVES} %TAG directives; write tags in full")
    sizes: dict[str, tuple[int, int]] = {}  # of what is anchored: values, and levels
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
                        f"*{event.anchor} contains itself; write out what it means", _place(event)
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
            problem = f"has more than {MAX_VALUES} values, aliases expanded; split the file or drop aliases"
            raise FileError(problem, _place(event))


class _OpenNode:
    """A list or mapping of which the end has not come."""

    __slots__ = ("anchor", "levels", "values")

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.values = 0
        self.levels = 0


def _place(at: Any) -> str:
    mark = getattr(at, "start_mark", at)
    return f"line {mark.line + 1}, column {mark.column + 1}"


class _StrictLoader(_SafeLoader):  # type: ignore[misc]
    """The safe loader, which keeps the last of two equal keys, made to refuse them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[object] = set()
        others = 0
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge" or not isinstance(key_node, yaml.ScalarNode):
                continue
            key = self.construct_object(key_node)
            others += not isinstance(key, str)
            if others > MAX_OTHER_KEYS:
                raise _refused(key_node, f"more than {MAX_OTHER_KEYS} keys that are no strings; quote them")
            if key in seen:
                raise _refused(key_node, f"the key {key!r} is given twice")
            seen.add(key)
        result: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return result

    def number(self, node: yaml.ScalarNode) -> int | float:
        """The number that a scalar is, if it is short enough to be read in no time, and finite."""
        if len(node.value) > MAX_NUMBER_CHARACTERS:
            raise _refused(
                node, f"a number of more than {MAX_NUMBER_CHARACTERS} characters; use a smaller one"
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
