"""Which profile an SDK is judged by."""

from __future__ import annotations

from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import ProfileError, known_profiles, load_profile
from tinker_conformance.profile.releases import UnknownReleaseError, profile_for
from tinker_conformance.requirements.as_of import version_of_kit
from tinker_conformance.sdk.adapter import AdapterInfo


class UsageProblem(ValueError):  # noqa: N818 - it is the user's, not the program's
    """What was asked for cannot be done; the text says what to ask for instead."""


def check_as_asked(named: str | None, as_of: str | None) -> None:
    """Check what can be checked before an SDK is started.

    Args:
        named: What `--profile` says, or None.
        as_of: What `--as-of` says, or None.

    Raises:
        UsageProblem: There is no such profile, or it cannot be read.
        AsOfError: That is no version of the kit.
    """
    version_of_kit(as_of)
    try:
        if named is not None:
            load_profile(named)
    except ProfileError as error:
        raise UsageProblem(str(error)) from error


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
        f"{info.name} {info.version} names no profile and is no release of tinker; add --profile and one of "
        f"{', '.join(known_profiles())}, or the path of a profile file"
    )
