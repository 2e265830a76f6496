"""Describe new behaviour of a release: the nearest profile, the requirements that fail, a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.judging.identification import Nearness, candidates, nearness
from tinker_conformance.parity.comparison import Comparison
from tinker_conformance.parity.difference import difference
from tinker_conformance.parity.draft import draft_toml, drafted
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.decoding import parse_scenarios
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.remembered_session import RememberedSession
from tinker_conformance.sdk.session import Run, SdkSession

_MOST_SCENARIOS: Final = 24


class ChangedRequirement(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement of the nearest profile that does not hold for the release."""

    id: str
    sentence: str


class NewBehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """Behaviour of a release that no known profile describes.

    Attributes:
        nearest: The name of the nearest profile.
        changed: The requirements of that profile that the release fails; empty if no requirement covers the
            difference.
        draft: A draft of a profile file, TOML.
        explained: How many of the scenarios that differ from the nearest profile agree with the draft.
        total: How many scenarios differ from the nearest profile.
    """

    nearest: str
    changed: tuple[ChangedRequirement, ...]
    draft: str
    explained: int
    total: int


def new_behaviour(
    reference: SdkSession, sdk: SdkSession, expected: Profile, seen: Comparison
) -> NewBehaviour | None:
    """Describe how a release differs from the nearest known profile.

    Args:
        reference: The reference, which stays open.
        sdk: The release, which stays open.
        expected: The profile under which the release was compared.
        seen: The comparison under that profile.

    Returns:
        The new behaviour; None if another known profile matches.
    """
    remembered = RememberedSession(sdk, profile=expected)
    others = [profile for profile in candidates() if profile.name != expected.name]
    judged = nearness(remembered, reference, [expected, *others], shipped_scenarios(), _agree)
    best = min(judged, key=lambda near: near.distance)
    scenarios = _differing_scenarios(best, seen, remembered)
    observed = {
        scenario.id: (scenario, remembered.run(scenario, expected).timeline) for scenario in scenarios
    }

    def differing(profile: Profile) -> list[str]:
        return [s.id for s in scenarios if not _agree(reference.run(s, profile), remembered.run(s, expected))]

    if not differing(best.profile):
        return None
    draft = drafted(best.profile, observed, differing)
    changed = tuple(
        ChangedRequirement(id=identifier, sentence=requirement(identifier).sentence)
        for identifier in (*best.contract, *best.quirks)
    )
    name = f"{sdk.info.name}-{sdk.info.version}"
    remarks = [
        f"A draft for {sdk.info.name} {sdk.info.version}, which no known profile matches.",
        f"It explains {draft.total - draft.unexplained} of {draft.total} scripts that differ from it.",
        *(f"{each.id}: {each.sentence}" for each in changed),
    ]
    return NewBehaviour(
        nearest=best.profile.name,
        changed=changed,
        draft=draft_toml(draft, name, remarks),
        explained=draft.total - draft.unexplained,
        total=draft.total,
    )


def _agree(expected: Run, observed: Run) -> bool:
    return difference(expected, observed) is None


def _differing_scenarios(best: Nearness, seen: Comparison, sdk: SdkSession) -> Sequence[Scenario]:
    """Return the scenarios that differ: shipped ones, and the smallest scripts of the comparison."""
    shipped = shipped_scenarios()
    found = [
        msgspec.structs.replace(scenario, id=f"finding-{number}")
        for number, finding in enumerate(seen.findings, 1)
        for scenario in parse_scenarios(finding.script, source="a finding")
    ]
    chosen = [shipped[identifier] for identifier in best.different][:_MOST_SCENARIOS]
    return [scenario for scenario in (*chosen, *found) if not unclaimed([scenario], sdk.info)]
