"""Resolve the value of `--releases` to releases of the official SDK."""

from __future__ import annotations

from typing import Final

from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile_files import index
from tinker_conformance.profile.releases import known_releases
from tinker_conformance.profile.version_numbers import release_of
from tinker_conformance.sdk.official.environments import check_published

_NEWEST: Final = "newest"


def chosen_releases(chosen: str) -> tuple[str, ...]:
    """Return the releases that the value of `--releases` names, oldest first.

    Args:
        chosen: `newest`; `revisions`, the first release of each revision of the SDK's behaviour; `all`; or a
            list such as `0.25.0,0.38.0`, which may contain `newest`.

    Raises:
        UserError: The value has another form, or names a release that was never published.
    """
    known = known_releases()
    match chosen.strip():
        case "all":
            return known
        case "revisions":
            first: dict[object, str] = {}
            for release, pair in index().releases.items():
                first.setdefault((pair.observer, pair.polling), release)
            return tuple(sorted({*first.values(), known[-1]}, key=release_of))
        case _:
            asked = [known[-1] if name == _NEWEST else name for name in map(str.strip, chosen.split(","))]
            for name in asked:
                if not release_of(name):
                    raise UserError(
                        f"--releases {chosen!r} names no releases; write newest, revisions, all, "
                        f"or releases such as 0.25.0,{known[-1]}"
                    )
            for name in asked:
                check_published(name)
            return tuple(sorted(set(asked), key=release_of))
