"""Find the profile that an SDK follows most closely, by judging the SDK under every profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from tinker_conformance.error_families import KitError
from tinker_conformance.judging.judge import Judge, Judgement, Verdict
from tinker_conformance.profile.polling_facet import PollingFacet
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import combined, index
from tinker_conformance.requirements import REQUIREMENTS, Level
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.remembered_session import RememberedSession
from tinker_conformance.sdk.session import Run, SdkSession

CHAPTERS_OF_POLLING: Final = frozenset(
    {"requests", "submissions", "polling", "session_polling", "cancellation", "checkpoints"}
)
"""The chapters whose requirements depend on the polling facet of a profile (which requests are sent)."""
CHAPTERS_OF_THE_OBSERVER: Final = frozenset(
    {
        "clock",
        "parsing",
        "trigger",
        "callback",
        "reasons",
        "messages",
        "debounce",
        "grace",
        "concurrency",
        "wiring",
        "functions",
        "custom_observer",
        "telemetry",
    }
)
"""The chapters whose requirements depend on the observer facet (what is logged about a pause)."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How far an SDK is from one profile.

    Attributes:
        profile: The profile.
        judged: How many requirements were judged, without those that the SDK does not claim.
        contract: Ids of the contract requirements that the SDK fails.
        quirks: Ids of the quirks that the SDK fails.
        different: Ids of the scenarios in which any event differs between the SDK and the reference.
        foreign: Operations and optional parts of polling that only the SDK has, or only the profile.
        adapter_errors: Ids of the requirements that could not be judged because the adapter failed; also in
            `contract` and `quirks`.
        stated: Whether the SDK's adapter names this profile.
    """

    profile: Profile
    judged: int
    contract: tuple[str, ...]
    quirks: tuple[str, ...]
    different: tuple[str, ...]
    foreign: tuple[str, ...]
    adapter_errors: tuple[str, ...] = ()
    stated: bool = False

    @property
    def held(self) -> float:
        """Return the share of the judged requirements that hold, from 0 to 1."""
        return 1 - (len(self.contract) + len(self.quirks)) / self.judged if self.judged else 0.0

    @property
    def distance(self) -> tuple[int, int, int, bool, int]:
        """Return the sort key: failed contracts, quirks and scenarios, then what the adapter says."""
        return (
            len(self.contract), len(self.quirks), len(self.different), not self.stated, len(self.foreign)
        )  # fmt: skip

    def failures(self, *, polling: bool) -> int:
        """Return how many requirements about one facet fail: about polling, or about the observer."""
        chapters = CHAPTERS_OF_POLLING if polling else CHAPTERS_OF_THE_OBSERVER
        return sum(name.partition(".")[0] in chapters for name in (*self.contract, *self.quirks))


def candidates() -> tuple[Profile, ...]:
    """Return the profiles of all releases, the newest first, then the named profiles of other SDKs."""
    pairs = [*reversed(index().releases.values()), *index().profiles.values()]
    return tuple({profile.name: profile for profile in map(combined, pairs)}.values())


def nearness(
    sdk: SdkSession,
    reference: SdkSession,
    profiles: Sequence[Profile],
    scenarios: Mapping[str, Scenario],
    agree: Callable[[Run, Run], bool],
) -> Iterator[Nearness]:
    """Judge an SDK by each profile, and yield how near the SDK comes to that profile.

    Each scenario runs once with the SDK.

    Args:
        sdk: The SDK, which stays open.
        reference: The reference, which stays open.
        profiles: The profiles by which to judge the SDK.
        scenarios: The scenarios by id; at least those that the requirements name.
        agree: Returns whether the runs of the reference and of the SDK are the same, event by event.

    Raises:
        SdkError: If the adapter failed too often to continue.
        KitError: If the kit failed in a scenario.
    """
    observed = RememberedSession(sdk, profile=profiles[0])
    for profile in profiles:
        expected = RememberedSession(reference)
        with closing(Judge(observed, lambda lent=expected: lent, profile, scenarios)) as judge:  # type: ignore[misc]
            judgements = [judge.judge(required) for required in REQUIREMENTS if required.holds(profile)]
            # The events of concurrent futures have no fixed order, so their timelines cannot be compared.
            ordered = (scenario for scenario in scenarios.values() if not scenario.concurrent)
            runs = {scenario.id: judge.both(scenario) for scenario in ordered}
        for judgement in judgements:
            if judgement.verdict is Verdict.KIT_ERROR:
                raise KitError(f"{judgement.requirement.id}: {judgement.note}")
        different = tuple(identifier for identifier, both in runs.items() if both and not agree(*both))
        yield _counted(profile, judgements, sdk.info, different)


def _counted(
    profile: Profile, judgements: Sequence[Judgement], info: AdapterInfo, different: tuple[str, ...]
) -> Nearness:
    judged = [judgement for judgement in judgements if judgement.verdict is not Verdict.NOT_CLAIMED]
    failed = [judgement.requirement for judgement in judged if judgement.verdict is not Verdict.PASSED]
    parts = _optional_parts(profile.polling)
    claimed = {*info.operations, *(info.capabilities & parts.keys())}
    stated = {*profile.polling.operations, *(part for part, there in parts.items() if there)}
    return Nearness(
        profile=profile,
        judged=len(judged),
        contract=tuple(required.id for required in failed if required.level is Level.CONTRACT),
        quirks=tuple(required.id for required in failed if required.level is Level.QUIRK),
        different=different,
        foreign=tuple(sorted(each.value for each in claimed ^ stated)),
        adapter_errors=tuple(j.requirement.id for j in judged if j.verdict is Verdict.ADAPTER_ERROR),
        stated=info.profile == profile.name,
    )


def _optional_parts(polling: PollingFacet) -> dict[Capability, bool]:
    """Return the capabilities that are optional parts of a polling facet, and whether this facet has them."""
    return {
        Capability.CANCELLATION: polling.cancellation is not None,
        Capability.CHECKPOINTS: polling.from_checkpoint is not None,
        Capability.SESSION_POLLING: polling.session_polling is not None,
    }
