"""Files of strangers: each ends soon, in a value or in one error that says what is wrong and where."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_server.core.bounded_files import (
    MAX_FILE_BYTES,
    MAX_LEVELS,
    MAX_VALUES,
    parse_toml,
    parse_yaml,
    read_bytes,
    read_text,
)
from fake_server.core.errors import FileError, ScriptError
from fake_server.script import MAX_STEPS
from fake_server.script.script_data import decode_steps
from fake_server.script.script_yaml import decode_all, decode_entries


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


KINDS: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": _socket,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused_by_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have some 100 characters
    path = Path("x.yaml")
    KINDS[kind](path)
    with pytest.raises(FileError, match=f"is {kind}, not a regular file; write the content to"):
        read_bytes(path)


def test_links_are_followed_and_broken_ones_are_reported(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a: 1")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert read_text(tmp_path / "link") == "a: 1"
    for name in ("loop", "broken"):
        with pytest.raises(FileError, match="cannot be read"):
            read_text(tmp_path / name)


def test_a_file_has_a_largest_size(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(FileError, match=f"is larger than {MAX_FILE_BYTES} bytes"):
        read_bytes(path)


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    path = tmp_path / "marked"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert parse_toml(read_text(path)) == {"a": 1}
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert parse_yaml(read_text(path)) == {"a": 1}
    path.write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(FileError, match="save it as UTF-8"):
        read_text(path)


def _laughs(holder: Callable[[int], str], rounds: int = 40) -> str:
    return "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} {holder(n - 1)}\n" for n in range(1, rounds))


YAML = {
    "as lists": (
        _laughs(lambda n: f"[*a{n}, *a{n}]"),
        f"more than {MAX_VALUES} values after aliases are expanded",
    ),
    "as mappings": (_laughs(lambda n: f"{{p: *a{n}, q: *a{n}}}"), f"more than {MAX_VALUES} values"),
    "merged": (
        "a0: &a0 {p: x, q: x}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
        f"more than {MAX_VALUES} values",
    ),
    "deep by alias": (_laughs(lambda n: f"[*a{n}]", 400), f"more than {MAX_LEVELS} levels"),
    "deeper than the parser goes": ("[" * 100_000, "line 1, column .*nesting"),
    "deep": ("[" * 900 + "]" * 900, f"line 1, column {MAX_LEVELS + 1}: has more than {MAX_LEVELS} levels"),
    "deep blocks": ("- " * 100_000, f"more than {MAX_LEVELS} levels"),
    "deep mappings": ("{a: " * 100_000, f"more than {MAX_LEVELS} levels"),
    "cyclic": ("a: &a [*a]", r"line 1, column 8: the alias \*a contains itself"),
    "long integer": ("a: " + "9" * 5_000, "a number has more than 1000 characters"),
    "sexagesimal": ("a: 1" + ":59" * 300_000, "a number has more than 1000 characters"),
    "hexadecimal": ("a: 0x" + "f" * 5_000, "a number has more than 1000 characters"),
    "infinite": ("a: [-.inf]", "column 5: -.inf is not a finite number"),
    "no number": ("a: .nan", ".nan is not a finite number"),
    "colliding": (
        "{" + ", ".join(f"{place * (2**61 - 1)}: x" for place in range(1, 20_000)) + "}",
        "more than 1000 keys that are not strings",
    ),
    "directives": ("".join(f"%TAG !t{n}! x\n" for n in range(1_000)) + "--- a", "%TAG directives"),
    "null": ("a: \x00", "cannot be loaded as YAML"),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_that_grows_is_refused(name: str) -> None:
    text, expected = YAML[name]
    with pytest.raises(FileError, match=expected):
        parse_yaml(text)


TOML = {
    "deep": ("a = " + "[" * 3_000 + "]" * 3_000, f"more than {MAX_LEVELS} levels"),
    "deep enough to parse": ("a = " + "[" * 250 + "]" * 250, f"more than {MAX_LEVELS} levels"),
    "deep tables": ("a = " + "{a=" * 250 + "1" + "}" * 250, f"more than {MAX_LEVELS} levels"),
    "dotted": ("b = 1\n" + ".".join("a" * 100_000) + " = 1", "line 2: has more than 250 dots"),
    "long integer": ("a = " + "9" * 5_000, "is not valid TOML"),
    "hexadecimal": ("a = 0x" + "f" * 5_000, "a number has more than 1000 digits"),
    "infinite": ("a = [1.0, inf]", "inf is not a finite number"),
    "no number": ("a = nan", "nan is not a finite number"),
    "overflowing": ("a = 1e999", "1e999 is not a finite number"),
    "null": ("a = 'x\x00'", "is not valid TOML"),
}


@pytest.mark.parametrize("name", TOML)
def test_toml_that_grows_is_refused(name: str) -> None:
    text, expected = TOML[name]
    with pytest.raises(FileError, match=expected):
        parse_toml(text)


def test_values_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fake_server.core.bounded_files.MAX_VALUES", 100)
    assert parse_yaml("[" + "1, " * 99 + "]") == [1] * 99
    assert parse_toml("a = [" + "1, " * 97 + "]") == {"a": [1] * 97}
    for parse, text in ((parse_yaml, "[" + "1, " * 101 + "]"), (parse_toml, "a = [" + "1, " * 101 + "]")):
        with pytest.raises(FileError, match="more than 100 values"):
            parse(text)


def test_what_is_within_the_limits_is_read() -> None:
    levels = MAX_LEVELS - 1
    assert parse_yaml("[" * levels + "]" * levels) is not None
    assert parse_toml("a = " + "[" * levels + "]" * levels)
    assert parse_yaml("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]") == {
        "a": {"x": 1},
        "b": {"x": 1, "y": 2},
        "c": [{"x": 1}, {"x": 1}],
    }
    assert parse_yaml("[1_000, 0x1f, 1:30, 1.5, 1e3, -7]") == [1000, 31, 90, 1.5, "1e3", -7]
    assert parse_toml("a = [1_000, 0x1f, 1.5, -7]") == {"a": [1000, 31, 1.5, -7]}


def test_steps_are_counted_over_a_list_and_over_a_file() -> None:
    many = {"complete": {}, "times": MAX_STEPS}
    with pytest.raises(ScriptError, match=f"step 2: more than {MAX_STEPS} steps"):
        decode_steps([many] * 1_000, "x")
    for decode in (decode_all, decode_entries):
        with pytest.raises(ScriptError, match=f"x: the scripts have more than {MAX_STEPS} steps in all"):
            decode([{"steps": [many]}] * 1_000, "x")
