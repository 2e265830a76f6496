"""What must hold for a server: every probe, in the order of the chapters.

A chapter is a group of probes: the part of an id before the dot. Each chapter is a module with a tuple of
`Probe` values. A version of the kit goes into `asked_probes`; the probes to judge a server by come out.
"""

from __future__ import annotations

from typing import Final

from tinker_conformance.profile.version_numbers import valid_version
from tinker_conformance.requirements.as_of import version_of_kit
from tinker_conformance.server.probe import Probe
from tinker_conformance.server.probes import (
    ends,
    order,
    pauses,
    polling,
    results,
    session,
    state,
    submission,
)

__all__ = ["CHAPTERS", "PROBES", "asked_probes", "probes_of"]

PROBES: Final[tuple[Probe, ...]] = (
    *session.PROBES,
    *submission.PROBES,
    *polling.PROBES,
    *ends.PROBES,
    *order.PROBES,
    *results.PROBES,
    *state.PROBES,
    *pauses.PROBES,
)
CHAPTERS: Final[tuple[str, ...]] = tuple(dict.fromkeys(probe.chapter for probe in PROBES))


def probes_of(chapter: str) -> tuple[Probe, ...]:
    """Return the probes of a chapter, in order."""
    return tuple(probe for probe in PROBES if probe.chapter == chapter)


def asked_probes(as_of: str | None = None, *, quick: bool = False) -> tuple[Probe, ...]:
    """Return the probes to judge a server by, in order.

    Args:
        as_of: A version of the kit. Probes that a later version added are left out; None: all probes.
        quick: Whether to leave out the probes that wait.

    Raises:
        AsOfError: `as_of` is not a version, or is newer than this kit.
    """
    limit = version_of_kit(as_of)
    return tuple(
        probe
        for probe in PROBES
        if not (quick and probe.waits) and (limit is None or valid_version(probe.since) <= limit)
    )
