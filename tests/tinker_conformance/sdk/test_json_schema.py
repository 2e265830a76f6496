"""A schema's text depends on our types alone: releases of msgspec and Python differ in what they hand us."""

from __future__ import annotations

import json

import pytest

from tinker_conformance.sdk.json_schema import canonical, schema_text


@pytest.mark.parametrize(
    "docstring",
    [
        pytest.param(
            "A run.\n\n    Attributes:\n        kit: Its version.\n", id="as in the source (msgspec to 0.22)"
        ),
        pytest.param(
            "A run.\n\nAttributes:\n    kit: Its version.", id="dedented (msgspec 0.23, Python 3.13)"
        ),
    ],
)
def test_a_docstring_has_one_layout(docstring: str) -> None:
    text = schema_text(
        "Runs", {"type": "object", "description": docstring}, {"Part": {"description": docstring}}
    )
    page = json.loads(text)
    assert (
        page["description"]
        == page["$defs"]["Part"]["description"]
        == ("A run.\n\nAttributes:\n    kit: Its version.")
    )


def test_null_is_the_last_choice_wherever_it_came() -> None:
    choice, null = {"$ref": "#/$defs/Part"}, {"type": "null"}
    assert (
        canonical({"anyOf": [null, choice]})
        == canonical({"anyOf": [choice, null]})
        == {"anyOf": [choice, null]}
    )


def test_a_stated_keyword_stands_where_a_written_one_does() -> None:
    items = {"$ref": "#/$defs/Part"}
    stated = {"type": "array", "items": items, "maxItems": 3, "uniqueItems": True}
    written = {"type": "array", "uniqueItems": True, "items": items, "maxItems": 3}
    assert list(_schema(written)) == list(_schema(stated)) == ["type", "items", "maxItems", "uniqueItems"]


def test_a_property_named_like_a_keyword_keeps_its_place() -> None:
    properties = {
        "uniqueItems": {"type": "boolean"},
        "description": {"type": "string"},
        "type": {"type": "string"},
    }
    assert list(_schema(properties)) == ["uniqueItems", "description", "type"]


def _schema(node: dict[str, object]) -> dict[str, object]:
    found = canonical(node)
    assert isinstance(found, dict)
    return found
