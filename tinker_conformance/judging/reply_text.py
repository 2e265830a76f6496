"""The body of a reply in words, for explanations and pictures."""

from __future__ import annotations

from typing import Final

import msgspec

from tinker_conformance.timeline import Response

EMPTY: Final = "empty body"
RESULT: Final = "result"


def body_text(reply: Response) -> str:
    """Return the body of a reply: JSON as JSON, other text in quotes, or `empty body` or `result`."""
    match reply:
        case Response(body=None, raw=None):
            return RESULT if reply.status == 200 else "without a body"
        case Response(body=None, raw=""):
            return EMPTY
        case Response(body=None, raw="null"):
            return "null"
        case Response(body=None, raw=str(raw)):
            return f"not JSON: {msgspec.json.encode(raw).decode()}"
        case _:
            return msgspec.json.encode(reply.body).decode()
