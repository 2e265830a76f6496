"""Each step of `check-adapter` fails for an SDK that ignores what the step is about, and for no other."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec
import pytest

from tests.support.shared_runs import SharedSession
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging import adapter_check
from tinker_conformance.judging.adapter_check import StepResult, findings
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.session import Run
from tinker_conformance.sdk.stdio.stdio_session import StdioSession

_replace: Any = msgspec.structs.replace


class _LikeAnAdapter:
    """A session as of an adapter over stdio, in which the reference gets each scenario changed."""

    spec = "exec:reference"
    clock: Final = SdkClock.FILE

    def __init__(self, reference: SharedSession, change: Callable[[Scenario], Scenario], info: AdapterInfo):
        self.info = info
        self._reference = reference
        self._change = change

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        return self._reference.run(self._change(scenario), profile)

    def end_input(self) -> int:
        return 0


def _steps(
    reference: SharedSession,
    change: Callable[[Scenario], Scenario],
    without: frozenset[Capability] = frozenset(),
) -> list[StepResult]:
    profile, info = load_profile("tinker-0.38"), reference.info
    claimed = _replace(
        info,
        capabilities=info.capabilities - without - {Capability.CUSTOM_OBSERVER},  # 0.38 has none
        operations=info.operations & frozenset(profile.polling.operations),
    )
    sdk = _LikeAnAdapter(reference, change, claimed)
    found = []
    for result in findings(cast("StdioSession", sdk), profile):
        found.append(result)
        if result.missing is not None:
            break
    return found


def _futures(scenario: Scenario, **changes: object) -> Scenario:
    return _replace(scenario, futures=tuple(_replace(future, **changes) for future in scenario.futures))  # type: ignore[no-any-return]


def _clients(scenario: Scenario, **changes: object) -> Scenario:
    return _replace(scenario, clients=tuple(_replace(client, **changes) for client in scenario.clients))  # type: ignore[no-any-return]


def _without_refusals(scenario: Scenario) -> Scenario:
    futures = (_replace(f, script=dataclasses.replace(f.script, submission=())) for f in scenario.futures)
    return _replace(scenario, futures=tuple(futures))  # type: ignore[no-any-return]


IGNORED: Final[Mapping[str, tuple[Callable[[Scenario], Scenario], str, str]]] = {
    "giving up": (
        lambda scenario: _futures(scenario, cancels=False, timeout=None),
        "a caller who waits for 25 s",
        "expected 'timeout', got 'result'",
    ),
    "giving up, where a timeout is kept": (
        lambda s: _futures(s, cancels=False, timeout=None) if s.id == "check-cancellation" else s,
        "a caller gives up a future",
        "expected the outcome 'timeout', and no poll after it",
    ),
    "telling the server": (
        lambda s: _replace(s, client_config={}) if s.id == "check-cancellation" else s,
        "a caller gives up a future",
        "no cancel_future came",
    ),
    "refused submissions": (
        _without_refusals,
        "the SDK sends a refused submission again",
        "it did not come again",
    ),
    "checkpoints": (
        lambda scenario: _clients(scenario, checkpoint=None),
        "the SDK creates training clients from saved states",
        "no load_weights named it",
    ),
    "the poll of a session": (
        lambda scenario: _replace(scenario, client_config={}) if scenario.id == "check-session" else scenario,
        "the SDK polls a whole session",
        "no retrieve_futures came",
    ),
}


@pytest.mark.slow
def test_the_reference_passes_every_step(reference: SharedSession) -> None:
    found = _steps(reference, lambda scenario: scenario)
    assert [result for result in found if result.missing is not None] == []
    shown = " ".join(result.step for result in found)
    assert [step for _, step, _ in IGNORED.values() if step not in shown] == []


@pytest.mark.parametrize(
    "name",
    [
        # The steps before it take two seconds.
        pytest.param(name, marks=pytest.mark.slow if name == "the poll of a session" else ())
        for name in IGNORED
    ],
)
def test_the_step_that_is_ignored_is_the_first_that_fails(reference: SharedSession, name: str) -> None:
    change, step, missing = IGNORED[name]
    last = _steps(reference, change)[-1]
    assert step in last.step
    assert missing in (last.missing or "")


def test_checkpoints_without_the_creation_of_a_model_are_a_contradiction(reference: SharedSession) -> None:
    last = _steps(reference, lambda scenario: scenario, frozenset({Capability.MODEL_CREATION}))[-1]
    assert "'checkpoints' is claimed without 'model_creation'" in (last.missing or "")


def test_every_capability_has_a_step() -> None:
    """But `frozen_clock`, which no program claims, and the official accidents, which are quirks."""
    source = inspect.getsource(adapter_check)
    without = {Capability.FROZEN_CLOCK, Capability.OFFICIAL_PLUMBING}
    assert {c for c in Capability if f"Capability.{c.name}" not in source} == without
