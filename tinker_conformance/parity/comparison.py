"""Compare one SDK with the reference in many scenarios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import msgspec

from tinker_conformance.generated.shrink import shrunk, steps_of
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.parity.difference import Difference, difference
from tinker_conformance.profile.profile import Profile
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.scenario.short_form import scenario_yaml
from tinker_conformance.sdk.session import Run, SdkSession

_MOST_FINDINGS: Final = 8
_OTHER: Final = "other"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, and the smallest script found that shows it.

    Attributes:
        scenario: The id of the scenario that showed the difference first.
        chapter: The chapter of that scenario.
        kind: The kind of the first event that differs.
        expected: What the reference did, in words.
        observed: What the SDK did, in words.
        script: The smallest scenario that shows the difference, as YAML.
        steps: The number of steps in that scenario.
    """

    scenario: str
    chapter: str
    kind: str
    expected: str
    observed: str
    script: str
    steps: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a comparison.

    Attributes:
        compared: The number of scenarios compared, by chapter.
        different: The number of scenarios that differ, by chapter.
        left_out: The number of scenarios left out: not claimed by the SDK, or with concurrent futures.
        adapter_errors: The number of scenarios that differ because the SDK's adapter failed.
        findings: The differences, shrunk, one of each kind.
    """

    compared: dict[str, int]
    different: dict[str, int]
    left_out: int
    adapter_errors: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Pair:
    """An SDK and the reference. Not thread-safe.

    Attributes:
        reference: The reference.
        sdk: The SDK.
        profile: The profile under which both run.
        expected: The runs of the reference by scenario id, shared by all comparisons under this profile.
    """

    reference: SdkSession
    sdk: SdkSession
    profile: Profile
    expected: dict[str, Run] = field(default_factory=dict)

    def difference(self, scenario: Scenario) -> Difference | None:
        """Return the difference in a scenario; the reference's run is cached for later comparisons."""
        if scenario.id not in self.expected:
            self.expected[scenario.id] = self.reference.run(scenario, self.profile)
        return difference(self.expected[scenario.id], self.sdk.run(scenario, self.profile))

    def fresh_difference(self, scenario: Scenario) -> Difference | None:
        """Return the difference in a scenario, without using the cache of the reference's runs."""
        return difference(self.reference.run(scenario, self.profile), self.sdk.run(scenario, self.profile))


def compare(pair: Pair, scenarios: Iterable[Scenario], tick: Callable[[], object]) -> Comparison:
    """Compare an SDK with the reference in all scenarios, and find the smallest script for each difference.

    Args:
        pair: The SDK and the reference.
        scenarios: The scenarios, in the order to run them.
        tick: Called after each scenario.
    """
    compared, different = Counter[str](), Counter[str]()
    left_out = adapter_errors = 0
    found: dict[tuple[str, str, str], tuple[Scenario, Difference]] = {}
    for scenario in scenarios:
        tick()
        if scenario.concurrent or unclaimed([scenario], pair.sdk.info):
            left_out += 1
            continue
        compared[chapter_of(scenario)] += 1
        if (seen := pair.difference(scenario)) is not None:
            different[chapter_of(scenario)] += 1
            adapter_errors += seen.is_adapter_error
            found.setdefault(_signature(scenario, seen), (scenario, seen))
    findings = [_finding(pair, *each) for each in list(found.values())[:_MOST_FINDINGS]]
    distinct = {each.script.partition("\n")[2]: each for each in reversed(findings)}
    return Comparison(
        compared=dict(compared),
        different=dict(different),
        left_out=left_out,
        adapter_errors=adapter_errors,
        findings=tuple(sorted(distinct.values(), key=lambda each: each.steps)),
    )


def chapter_of(scenario: Scenario) -> str:
    """Return the chapter of the first requirement that uses a scenario, or how it was generated."""
    made_by = scenario.id.split("-", 1)[0]
    return _chapters().get(scenario.id, made_by if made_by in {"matrix", "generated"} else _OTHER)


@cache
def _chapters() -> Mapping[str, str]:
    return {
        identifier: required.chapter
        for required in reversed(REQUIREMENTS)
        for identifier in required.scenarios
    }


def _signature(scenario: Scenario, seen: Difference) -> tuple[str, str, str]:
    """Return a key that similar differences share: the kind of event, the kinds of client, the text."""
    without_time = seen.observed.partition(": ")[2] or seen.observed
    return seen.kind, "+".join(sorted(scenario.kinds)), without_time


def _finding(pair: Pair, scenario: Scenario, seen: Difference) -> Finding:
    def shows(smaller: Scenario) -> bool:
        found = pair.fresh_difference(smaller)
        return found is not None and found.kind == seen.kind

    small = shrunk(scenario, shows) if scenario.futures and shows(scenario) else scenario
    shown = pair.fresh_difference(small) or seen
    return Finding(
        scenario=scenario.id,
        chapter=chapter_of(scenario),
        kind=shown.kind,
        expected=shown.expected,
        observed=shown.observed,
        script=scenario_yaml([small]),
        steps=steps_of(small),
    )
