"""Remove times from names and metadata, so that the service's numbers do not depend on the time of day.

Recipes of tinker-cookbook put the minute at which they began into the display name of their session. If the
service derived its numbers from that name, the numbers would differ from one minute to the next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_TIME: Final = re.compile(
    r"""(?<![0-9])(?:
        20[0-9]{2}[-_./]?(?:0[1-9]|1[0-2])[-_./]?(?:0[1-9]|[12][0-9]|3[01])  # a date
        (?:[ T_.-]{0,2}[0-9]{2}[-_.:h]?[0-9]{2}(?:[-_.:m]?[0-9]{2}(?:[.,][0-9]{1,9})?)?)?    # a time of day
        (?:Z|[+-][0-9]{2}:?[0-9]{2})?
        | [0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?  # a time of day
        | 1[0-9]{9}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?:\.[0-9]{1,9})?  # seconds since 1970
    )(?![0-9])
    | (?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])  # a UUID""",
    re.VERBOSE | re.IGNORECASE,
)
_INSTEAD: Final = "<time>"


def without_times(value: object) -> object:
    """Return a JSON value in which a constant replaces every time and UUID within strings and numbers.

    Dates, with or without a time of day, times of day with a colon, and seconds since 1970 count as times.
    Other numbers stay, so that ``worker-1`` and ``worker-2`` remain distinct.
    """
    match value:
        case str():
            return _TIME.sub(_INSTEAD, value)
        case bool():
            return value
        case int() | float():
            return _INSTEAD if _TIME.fullmatch(str(value)) else value
        case Mapping():
            return {key: without_times(each) for key, each in value.items()}
        case list():
            return [without_times(each) for each in value]
        case _:
            return value
