"""The stdio protocol as a JSON schema: `python -m tinker_conformance.sdk.stdio.protocol_schema`."""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from tinker_conformance.sdk.stdio.protocol_messages import FromAdapter, ToAdapter

_ID: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> str:
    """The text of `docs/reference/adapter-protocol.schema.json`: a line is `to_adapter` or `from_adapter`."""
    (to_adapter, from_adapter), components = msgspec.json.schema_components((ToAdapter, FromAdapter))
    page = {
        "$schema": _ID,
        "title": "The stdio protocol of tinker-conformance, version 1: one line",
        "anyOf": [{"$ref": "#/$defs/to_adapter"}, {"$ref": "#/$defs/from_adapter"}],
        "$defs": {"to_adapter": to_adapter, "from_adapter": from_adapter, **components},
    }
    return msgspec.json.format(msgspec.json.encode(page), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema())
