"""Which profile an SDK is judged by."""

from __future__ import annotations

from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import ProfileError, known_profiles, load_profile
from tinker_conformance.profile.releases import UnknownReleaseError, profile_for
from tinker_conformance.sdk.adapter import AdapterInfo


class UsageProblem(ValueError):  # noqa: N818 - it is the user's, not the program's
    """What was asked for cannot be done; the text says what to ask for instead."""


def choose_profile(named: str | None, info: AdapterInfo) -> Profile:
    """The profile: the one named, else the adapter's, else the one that covers the official version.

    Raises:
        UsageProblem: If there is none, or it cannot be read.
    """
    try:
        if named is not None:
            return load_profile(named)
        if info.profile is not None:
            return load_profile(info.profile)
        if info.name == "tinker":
            return profile_for(info.version)
    except (ProfileError, UnknownReleaseError) as error:
        raise UsageProblem(str(error)) from error
    raise UsageProblem(
        f"{info.name} {info.version} names no profile; add --profile and one of {', '.join(known_profiles())}"
    )
