"""The page of the fake server's Python API: signatures and docstrings of what the package exports."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum

import fake_server
from fake_server import script as steps

_MARKUP = re.compile(r"``([^`]*)``")


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Fake server: Python API"
    yield ""
    yield "Generated from the code. Import the classes from `fake_server`, and the functions that write"
    yield "scripts from `fake_server.script`."
    yield ""
    yield "## Functions that write scripts"
    for name in sorted(steps.__all__):
        value = getattr(steps, name)
        if inspect.isfunction(value):
            yield from _described(f"fake_server.script.{name}", value, "###")
    yield ""
    yield "## What `fake_server` exports"
    for name in sorted(fake_server.__all__):
        yield from _described(name, getattr(fake_server, name), "###")


def _described(name: str, value: object, heading: str) -> Iterator[str]:
    yield ""
    yield f"{heading} {name}"
    yield ""
    if inspect.isfunction(value):
        yield "```text"
        yield f"{name}{_signature(value)}"
        yield "```"
        yield ""
        yield from _docstring(value)
        return
    yield from _docstring(value)
    if not inspect.isclass(value):
        return
    if issubclass(value, Enum):
        yield ""
        yield "Values: " + ", ".join(f"`{member.value}`" for member in value) + "."
        return
    if not dataclasses.is_dataclass(value) and "__init__" in vars(value):
        yield ""
        yield "```text"
        yield f"{name}{_signature(vars(value)['__init__'])}"
        yield "```"
        yield ""
        yield from _docstring(vars(value)["__init__"])
    for method, member in _members(value):
        yield ""
        yield f"**`{name.rsplit('.', 1)[-1]}.{method}`**"
        yield ""
        yield from _docstring(member)


def _members(kind: type) -> Iterator[tuple[str, object]]:
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(member):
            yield f"{name}{_signature(member)}", member
        elif isinstance(member, property):
            yield name, member


class _Shown(str):
    """A text that a signature shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(function: Callable[..., object]) -> str:
    found = inspect.signature(function)
    parameters = [
        each.replace(default=_default(each.default), annotation=_annotation(each.annotation))
        for each in found.parameters.values()
        if each.name != "self"
    ]
    return str(found.replace(parameters=parameters, return_annotation=_annotation(found.return_annotation)))


def _annotation(annotation: object) -> object:
    return _Shown(annotation) if isinstance(annotation, str) else annotation


def _default(default: object) -> object:
    return _Shown(f"{type(default).__name__}.{default.name}") if isinstance(default, Enum) else default


def _docstring(value: object) -> Iterator[str]:
    text = _MARKUP.sub(r"`\1`", inspect.cleandoc(getattr(value, "__doc__", None) or ""))
    section = ""
    for line in text.splitlines():
        if line in {"Args:", "Attributes:", "Raises:", "Returns:", "Yields:"}:
            section = line
            yield f"*{line.removesuffix(':')}*"
            yield ""
        elif section and (found := re.match(r"    (\w[\w.]*): (.*)", line)):
            yield f"- `{found[1]}`: {found[2]}"
        elif section and line.startswith("    "):
            yield f"  {line.strip()}"
        else:
            yield line
