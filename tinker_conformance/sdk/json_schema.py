"""Build JSON schemas that do not depend on the versions of msgspec and Python."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Final

import msgspec

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

UNIQUE: Final = msgspec.Meta(extra_json_schema={"uniqueItems": True})
"""The annotation of a field that is a set: msgspec before 0.21 does not write `uniqueItems` by itself."""

_VERSION_DEPENDENT: Final = ("uniqueItems", "propertyNames")
"""Keywords that only newer releases of msgspec write by themselves; the kit's fields state them."""


def schema_text(title: str, page: Mapping[str, object], components: Mapping[str, object]) -> str:
    """Return a JSON schema as text, with a newline at the end.

    The text is compared with a committed file, so it must not change with the version of msgspec. Up to 0.22,
    msgspec copies a docstring with the indentation of its source, which the compiler of Python 3.13 removes;
    from 0.23 on, msgspec removes the indentation. A keyword that a field states is in another place than a
    keyword that msgspec writes by itself. A choice between a struct and null changed its order in 0.22.

    Args:
        title: The title of the document.
        page: The keywords of the document itself.
        components: Definitions by name, for `$defs`.
    """
    defined = {**_mapping(page.get("$defs", {})), **components}
    document = {"$schema": DIALECT, "title": title, **page, "$defs": defined}
    return msgspec.json.format(msgspec.json.encode(canonical(document)), indent=2).decode() + "\n"


def canonical(node: object) -> object:
    """Return a schema in a form that does not depend on the version of msgspec or Python.

    Descriptions lose their indentation, as by `inspect.cleandoc`. Null becomes the last choice. Keywords that
    not every msgspec release writes move to the end of their schema; a property that is named like such a
    keyword stays in its place.
    """
    match node:
        case dict():
            last = {key: node[key] for key in _VERSION_DEPENDENT if _is_keyword(key, node)}
            rest = {key: value for key, value in node.items() if key not in last}
            return {key: _value(key, value) for key, value in {**rest, **last}.items()}
        case list():
            return [canonical(item) for item in node]
        case _:
            return node


def _is_keyword(key: str, node: Mapping[str, object]) -> bool:
    match node.get("type"):
        case "array" | "object":
            return key in node
        case _:  # `properties`, whose keys are names of fields
            return False


def _value(key: str, value: object) -> object:
    match key, value:
        case "description", str():
            return inspect.cleandoc(value)
        case "anyOf", list():
            return [canonical(choice) for choice in sorted(value, key=_is_null)]
        case _:
            return canonical(value)


def _is_null(choice: object) -> bool:
    return choice == {"type": "null"}


def _mapping(value: object) -> Mapping[str, object]:
    return msgspec.convert(value, dict[str, object])
