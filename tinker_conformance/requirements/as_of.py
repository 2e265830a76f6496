"""Choose the requirements of a profile, optionally only those that existed in a version of the kit."""

from __future__ import annotations

from packaging.version import Version

from tinker_conformance._version import __version__
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.version_numbers import valid_version, version_of
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.requirements.model import Requirement


def asked_of(profile: Profile, as_of: str | None) -> tuple[Requirement, ...]:
    """Return the requirements that hold for a profile, in order.

    Args:
        profile: The profile by which the SDK is judged.
        as_of: A version of the kit; newer requirements are left out. None returns all.

    Raises:
        UserError: `as_of` is not a version, or is newer than this kit.
    """
    limit = version_of_kit(as_of)
    held = (required for required in REQUIREMENTS if required.holds(profile))
    return tuple(required for required in held if limit is None or valid_version(required.since) <= limit)


def version_of_kit(as_of: str | None) -> Version | None:
    """Parse and check the value of `--as-of`, a version of the kit; return None for None.

    Raises:
        UserError: `as_of` is not a version, or is newer than this kit.
    """
    if as_of is None:
        return None
    version = version_of(as_of)
    if version is None:
        raise UserError(f"--as-of {as_of!r} is not a version; write one like {__version__}")
    if version > valid_version(__version__):
        raise UserError(
            f"--as-of {as_of} is newer than this kit, {__version__}; install it, or name an older version"
        )
    return version
