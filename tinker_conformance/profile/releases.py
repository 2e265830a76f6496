"""Find the profile of each published release of the official SDK."""

from __future__ import annotations

import warnings

from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import combined, index
from tinker_conformance.profile.version_numbers import release_of


class NewerThanKnownWarning(UserWarning):
    """Warns that the kit does not know a release yet, and treats it like the newest one that it knows."""


def known_releases() -> tuple[str, ...]:
    """Return every published release that the kit knows, oldest first (75, from 0.1.0 to 0.38.0)."""
    return tuple(index().releases)


def newest_profile() -> Profile:
    """Return the profile of the newest release that the kit knows."""
    return combined(index().releases[known_releases()[-1]])


def profile_for(release: str) -> Profile:
    """Return the profile of a release of ``tinker``.

    Args:
        release: A version as published, such as ``0.16.1``.

    Warns:
        NewerThanKnownWarning: The release is newer than the newest known one, whose profile is returned.

    Raises:
        UserError: The release is older than the newest known one, and was never published.
    """
    releases = index().releases
    if (pair := releases.get(release)) is not None:
        return combined(pair)
    newest = next(reversed(releases))
    if release_of(release) > release_of(newest):
        profile = combined(releases[newest])
        text = (
            f"tinker {release} is newer than {newest}, the newest release that this kit knows, and is judged "
            f"by the profile {profile.name}; update tinker-conformance if there is a newer version"
        )
        warnings.warn(text, NewerThanKnownWarning, stacklevel=2)
        return profile
    message = f"tinker {release!r} is not a published release; use one of {', '.join(releases)}"
    raise UserError(message)
