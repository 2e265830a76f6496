"""What the plugin and the suite share: a module's chapter, and what each item of the suite carries.

Imports nothing heavy: the plugin loads this module in every pytest run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

RECORDS: Final = pytest.StashKey[dict[str, str]]()
"""On an item: what its report carries for whoever writes reports."""
FOLLOWING: Final = pytest.StashKey[pytest.Item | None]()
"""On an item of the suite: what runs next in this process."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of requirements; the plugin makes an item of each requirement.

    Attributes:
        name: The first part of the ids of its requirements, such as `debounce`.
    """

    name: str
