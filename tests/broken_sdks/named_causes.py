"""What the words of a mismatch allow "fix first" to name as its kind."""

from __future__ import annotations

import re
from typing import Final

from tinker_conformance.checks.case import Mismatch
from tinker_conformance.checks.facts import NOTHING

_BEFORE_ALL: Final = (
    "the SDK does not see the test clock move",
    "the SDK sends no request",
    "the SDK or its ",
)
_REQUESTS: Final = "requests come at another time, or differ"
_KINDS: Final = (
    (r"an? .*pause line|the line |a line about", "log lines"),
    (r"observer (notified|called)|^state '", "observer calls"),
    (r"^future \d+ to end|^its end", "ends"),
    (r"\) to return ", "returned values"),
    (r"telemetry event", "telemetry events"),
    ("", _REQUESTS),
)
"""The kind of the first pattern that a mismatch contains; where none is contained, it is about requests."""


def allowed(mismatch: Mismatch, what: str) -> bool:
    """Return whether a cause may be named so, by its first mismatch."""
    if what.startswith(_BEFORE_ALL):
        return True
    words = mismatch.got if mismatch.wanted == NOTHING else mismatch.wanted
    kind = next(kind for pattern, kind in _KINDS if re.search(pattern, words))
    if kind == _REQUESTS:
        return what == _REQUESTS
    if mismatch.got == NOTHING and what == _REQUESTS:
        # What is missing may lack only because its request does.
        return True
    how = {
        (False, True): "are missing",
        (True, False): "come when none is due",
    }.get((mismatch.wanted == NOTHING, mismatch.got == NOTHING), "differ")
    return what.startswith(kind) and what.endswith(how)
