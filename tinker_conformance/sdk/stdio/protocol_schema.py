"""Print the JSON schema of the stdio protocol: `python -m tinker_conformance.sdk.stdio.protocol_schema`."""

from __future__ import annotations

import sys

import msgspec

from tinker_conformance.sdk.json_schema import schema_text
from tinker_conformance.sdk.stdio.protocol_messages import FromAdapter, ToAdapter


def schema() -> str:
    """Return the text of `docs/reference/adapter-protocol.schema.json`.

    A line of the protocol is a `to_adapter` or a `from_adapter`.
    """
    (to_adapter, from_adapter), components = msgspec.json.schema_components((ToAdapter, FromAdapter))
    page = {
        "anyOf": [{"$ref": "#/$defs/to_adapter"}, {"$ref": "#/$defs/from_adapter"}],
        "$defs": {"to_adapter": to_adapter, "from_adapter": from_adapter},
    }
    return schema_text("The stdio protocol of tinker-conformance, version 1: one line", page, components)


if __name__ == "__main__":
    sys.stdout.write(schema())
