"""Turn the value of the option `--versions` into a list of releases."""

from __future__ import annotations

from typing import Final

import click

from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile_files import index
from tinker_conformance.profile.releases import known_releases
from tinker_conformance.profile.version_numbers import release_of
from tinker_conformance.sdk.official.environments import check_published, published_versions
from tinker_conformance.sdk.spec import check_spec

_INSTALLED: Final = "installed"
_LATEST: Final = "latest"


def asked_versions(versions: str) -> list[str]:
    """Return the releases that an option names; for a group such as `all`, oldest first.

    Raises:
        click.UsageError: If the option names no releases.
        UserError: If a release was never published.
        SdkStartError: If the list of published releases cannot be fetched.
    """
    try:
        match versions:
            case "all":
                return sorted({*known_releases(), *published_versions()}, key=release_of)
            case "revisions":
                pairs = {(pair.observer, pair.polling): version for version, pair in index().releases.items()}
                return list(pairs.values())
            case "observers":
                return list({pair.observer: version for version, pair in index().releases.items()}.values())
            case "latest":
                return [published_versions()[0]]
            case _:
                asked = [version.strip() for version in versions.split(",")]
                for version in asked:
                    check_spec(spec_of(version))
                for version in asked:
                    if version not in {_INSTALLED, _LATEST}:
                        check_published(version)
                return asked
    except UserError as error:
        message = (
            f"--versions {versions!r} names no releases; write versions like 0.6.3,0.38.0, or "
            "all, revisions, observers, latest or installed"
        )
        raise click.UsageError(message) from error


def spec_of(version: str) -> str:
    """Return the SPEC of a release."""
    return "official" if version == _INSTALLED else f"official=={version}"
