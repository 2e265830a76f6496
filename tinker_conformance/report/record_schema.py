"""The records of a report as a JSON schema: `python -m tinker_conformance.report.record_schema`."""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from tinker_conformance.report.records import FORMAT, Record

_ID: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> str:
    """The text of `docs/reference/report.schema.json`, for one line of a report."""
    (record,), components = msgspec.json.schema_components((Record,), schema_hook=_anything)
    page = {
        "$schema": _ID,
        "title": f"A report of tinker-conformance, format {FORMAT}: one line of report.jsonl",
        **record,
        "$defs": components,
    }
    return msgspec.json.format(msgspec.json.encode(page), indent=2).decode() + "\n"


def _anything(kind: type) -> dict[str, object]:
    """Scripted bodies and returned values are any JSON."""
    if kind is object:
        return {"description": "any JSON value"}
    raise NotImplementedError


if __name__ == "__main__":
    sys.stdout.write(schema())
