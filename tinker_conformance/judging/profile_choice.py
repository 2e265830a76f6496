"""Choose the profile by which an SDK is judged."""

from __future__ import annotations

from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.requirements.as_of import version_of_kit
from tinker_conformance.sdk.adapter import AdapterInfo


def named_profile(named: str | None, as_of: str | None) -> Profile | None:
    """Return the profile that an option names, before an SDK is started; None if it names none.

    Args:
        named: The value of `--profile`, or None.
        as_of: The value of `--as-of`, or None; only checked.

    Raises:
        UserError: The profile does not exist or cannot be read.
        UserError: `as_of` is not a version of the kit.
    """
    version_of_kit(as_of)
    try:
        return None if named is None else load_profile(named)
    except UserError as error:
        raise UserError(str(error)) from error


def profile_of(info: AdapterInfo) -> Profile:
    """Return the profile that an adapter names, or else the profile of the official release that it names.

    Args:
        info: What the adapter says about its SDK.

    Raises:
        UserError: There is no such profile, or the profile cannot be read.
    """
    if info.profile is not None:
        return load_profile(info.profile)
    if info.name == "tinker":
        return profile_for(info.version)
    raise UserError(
        f"{info.name} {info.version} names no profile and is not a release of tinker; "
        "add --profile with one of "
        f"{', '.join(known_profiles())}, or the path of a profile file"
    )
