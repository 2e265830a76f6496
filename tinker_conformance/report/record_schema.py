"""The records of a report as a JSON schema: `python -m tinker_conformance.report.record_schema`."""

from __future__ import annotations

import sys

import msgspec

from tinker_conformance.report.records import FORMAT, Record
from tinker_conformance.sdk.json_schema import schema_text


def schema() -> str:
    """Return the text of `docs/reference/report.schema.json`, for one line of a report."""
    (record,), components = msgspec.json.schema_components((Record,), schema_hook=_anything)
    title = f"A report of tinker-conformance, format {FORMAT}: one line of report.jsonl"
    return schema_text(title, record, components)


def _anything(kind: type) -> dict[str, object]:
    """Return the schema of fields that hold any JSON: scripted bodies and returned values."""
    if kind is object:
        return {"description": "any JSON value"}
    raise NotImplementedError


if __name__ == "__main__":
    sys.stdout.write(schema())
