"""Find folders of the repository that a wheel contains inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tinker_conformance.error_families import UserError

_PACKAGE: Final = Path(__file__).parents[1]


def shipped_folder(in_checkout: str) -> Path:
    """Return the path of a folder that comes with the kit, in a wheel as well as in a checkout.

    Args:
        in_checkout: The folder's path in a checkout; a wheel has it inside the package, under its last name.

    Raises:
        UserError: The kit was installed without that folder.
    """
    places = (_PACKAGE / Path(in_checkout).name, _PACKAGE.parent / in_checkout)
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise UserError(f"{in_checkout} is not installed; reinstall tinker-conformance from its wheel")
    return found
