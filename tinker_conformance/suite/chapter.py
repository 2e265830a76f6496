"""What the plugin and the suite share: the chapter of a test module, and stash keys of pytest items.

The module imports nothing slow, because the plugin loads it in every pytest run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

RECORDS: Final = pytest.StashKey[dict[str, str]]()
"""The key for the results of an item, which the item's pytest report carries to the reporter."""
FOLLOWING: Final = pytest.StashKey[pytest.Item | None]()
"""The key for the item that runs next in this process, on an item of the suite."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A group of requirements; the plugin creates a pytest item for each of them.

    Attributes:
        name: The first part of the requirements' ids, such as `debounce`.
    """

    name: str
