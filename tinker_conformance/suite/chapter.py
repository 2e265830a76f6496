"""What the plugin and the suite share: the chapter of a module, and the stash keys of an item.

Imports nothing slow, because the plugin loads this module in every pytest run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

RECORDS: Final = pytest.StashKey[dict[str, str]]()
"""On an item: the records that its pytest report carries to the reporter."""
FOLLOWING: Final = pytest.StashKey[pytest.Item | None]()
"""On an item of the suite: the item that runs next in this process."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of requirements; the plugin creates one item per requirement.

    Attributes:
        name: The first part of the ids of its requirements, such as `debounce`.
    """

    name: str
