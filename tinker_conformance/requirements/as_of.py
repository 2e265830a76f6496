"""Which requirements are asked: those of the profile, held still at a version of the kit if wanted."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from tinker_conformance._version import __version__
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.requirements.model import Requirement


class AsOfError(ValueError):
    """A version that the set cannot be held at; the text says why."""


def asked_of(profile: Profile, as_of: str | None) -> tuple[Requirement, ...]:
    """The requirements that hold for a profile, in order.

    Args:
        profile: What the SDK is judged by.
        as_of: A version of the kit: requirements that came later are left out. None for all.

    Raises:
        AsOfError: If that is no version, or one beyond this kit's.
    """
    limit = version_of_kit(as_of)
    held = (required for required in REQUIREMENTS if required.holds(profile))
    return tuple(required for required in held if limit is None or Version(required.since) <= limit)


def version_of_kit(as_of: str | None) -> Version | None:
    """A version of the kit, checked.

    Raises:
        AsOfError: If that is no version, or one beyond this kit's.
    """
    if as_of is None:
        return None
    try:
        version = Version(as_of)
    except InvalidVersion as error:
        raise AsOfError(f"--as-of {as_of!r} is no version; write one like {__version__}") from error
    if version > Version(__version__):
        raise AsOfError(
            f"--as-of {as_of}: this kit is {__version__}; install that version, or name an older one"
        )
    return version
