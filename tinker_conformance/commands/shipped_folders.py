"""Folders of the repository that a wheel has inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tinker_conformance.error_families import UserError

_PACKAGE: Final = Path(__file__).parents[1]


def shipped_folder(in_checkout: str) -> Path:
    """Return a folder that came with the kit: in a wheel by its last name, in a checkout by its path.

    Raises:
        UserError: The kit was installed without it.
    """
    places = (_PACKAGE / Path(in_checkout).name, _PACKAGE.parent / in_checkout)
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise UserError(f"{in_checkout} is not installed; reinstall tinker-conformance from its wheel")
    return found
