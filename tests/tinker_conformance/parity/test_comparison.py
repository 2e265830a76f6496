"""A planted difference is found, shrunk to a few steps, and described by a draft that explains it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from fake_server.script.steps import Wired
from tinker_conformance.generated.combinations import matrix
from tinker_conformance.generated.drawn_scenarios import generated
from tinker_conformance.generated.judged_scripts import is_jittered
from tinker_conformance.parity.campaign import Campaign, ReleaseReport, all_scenarios
from tinker_conformance.parity.comparable import comparable
from tinker_conformance.parity.comparison import Pair, chapter_of, compare
from tinker_conformance.parity.draft import draft_toml, drafted
from tinker_conformance.parity.new_behaviour import NewBehaviour, new_behaviour
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario import parse_scenarios
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.remembered_session import RememberedSession
from tinker_conformance.sdk.session import SdkSession

PROFILE = load_profile("tinker-0.21")
Planted = Callable[[str], SdkSession]


def _shipped(*chapters: str) -> list[object]:
    return [s for s in shipped_scenarios().values() if chapter_of(s) in chapters]


@pytest.mark.slow
def test_the_same_sdk_twice_agrees_in_every_chapter(reference: SdkSession, planted: Planted) -> None:
    seen: list[None] = []
    scenarios = [*shipped_scenarios().values(), *matrix()[::20]]
    pair = Pair(reference, planted("SaysBusy"), load_profile("tinker-0.1"))
    again = planted("Unchanged")  # not the shared one, whose second run would be its first
    comparison = compare(Pair(reference, again, PROFILE), scenarios, lambda: seen.append(None))
    assert comparison.different == {}
    assert comparison.findings == ()
    assert sum(comparison.compared.values()) + comparison.left_out == len(scenarios) == len(seen)
    assert pair.difference(shipped_scenarios()["debounce-first"]) is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scenario", "shown"),
    [
        ("SaysBusy", "debounce-across-states", (1, "busy, come back later")),
        ("SaysOnHold", "messages-training", (1, "is on hold")),
        ("IgnoresTryAgain", "trigger-repeated-try-again", (1, "request at")),
        ("LogsAfterFiftySeconds", "debounce-within", (3, "warning")),
    ],
)
def test_a_difference_in_a_shipped_scenario_is_shrunk(
    reference: SdkSession, planted: Planted, name: str, scenario: str, shown: tuple[int, str]
) -> None:
    comparison = compare(
        Pair(reference, planted(name), PROFILE), [shipped_scenarios()[scenario]], lambda: None
    )
    (finding,) = comparison.findings
    assert finding.steps == shown[0]
    assert shown[1] in finding.observed
    (small,) = parse_scenarios(finding.script, source="finding")
    again = compare(Pair(reference, planted(name), PROFILE), [small], lambda: None)
    assert again.findings


@pytest.mark.slow
def test_a_difference_that_only_generated_scripts_show_is_shrunk_to_three_steps(
    reference: SdkSession, planted: Planted
) -> None:
    comparison = compare(
        Pair(reference, planted("LogsAfterFiftySeconds"), PROFILE), generated(200), lambda: None
    )
    assert comparison.different["generated"] > 0
    assert min(finding.steps for finding in comparison.findings) <= 3


@pytest.fixture
def few_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let new behaviour be compared with three profiles: to run every scenario under all takes a minute."""
    few = tuple(load_profile(name) for name in ("tinker-0.38", "tinker-0.21", "tinker-0.10"))
    monkeypatch.setattr("tinker_conformance.parity.new_behaviour.candidates", lambda: few)


def _news(reference: SdkSession, sdk: SdkSession, profile: Profile) -> NewBehaviour | None:
    comparison = compare(Pair(reference, sdk, profile), shipped_scenarios().values(), lambda: None)
    return new_behaviour(reference, sdk, profile, comparison)


@pytest.mark.slow  # `test_a_changed_form_is_drafted_with_its_verb` is the quick one
@pytest.mark.usefixtures("few_profiles")
def test_a_changed_text_is_new_behaviour_with_its_requirement_and_a_draft(
    reference: SdkSession, planted: Planted, tmp_path: Path
) -> None:
    # Like a release, it does the same whatever profile it is judged by; so each scenario is run once.
    sdk = RememberedSession(planted("SaysBusy"), profile=PROFILE)
    news = _news(reference, sdk, PROFILE)
    assert news is not None
    assert news.nearest == "tinker-0.21"
    assert {"reasons.sampling", "messages.sampling_text"} <= {each.id for each in news.changed}
    assert (news.explained, news.total) == (news.total, news.total)
    file = tmp_path / "draft.toml"
    file.write_text(news.draft)
    draft = load_profile(file)
    assert draft.observer.sampling.reasons.paused_capacity == "busy, come back later"
    again = compare(Pair(reference, sdk, draft), shipped_scenarios().values(), lambda: None)
    assert again.different == {}


def test_a_changed_form_is_drafted_with_its_verb(reference: SdkSession, planted: Planted) -> None:
    scenario = shipped_scenarios()["messages-training"]
    sdk = planted("SaysOnHold")
    timeline = sdk.run(scenario, PROFILE).timeline

    tried: list[Profile] = []

    def differing(profile: Profile) -> list[str]:
        tried.append(profile)
        expected = comparable(reference.run(scenario, profile).timeline)
        return [] if expected == comparable(timeline) else [scenario.id]

    draft = drafted(PROFILE, {scenario.id: (scenario, timeline)}, differing)
    assert (draft.unexplained, draft.total) == (0, 1)
    assert len(tried) == 2  # the nearest profile, and the first change, which explains all
    forms = draft.profile().observer.training
    assert forms.message == "Training of {identifier} is on hold. Reason: {reason}"
    assert forms.verb_phrase in forms.message
    assert "verb_phrase" in draft_toml(draft, "new", [])


@pytest.mark.slow
@pytest.mark.usefixtures("few_profiles")
def test_behaviour_that_another_profile_has_is_not_new(reference: SdkSession, planted: Planted) -> None:
    older = RememberedSession(planted("FollowsAnOlderRevision"), profile=PROFILE)
    assert _news(reference, older, PROFILE) is None


def test_a_campaign_reports_every_release_and_those_that_cannot_be_driven(
    reference: SdkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    reports: dict[str, ReleaseReport] = {}
    campaign = Campaign(matrix()[:3], profile=PROFILE)
    specs = [
        ("same", "reference"),
        ("broken", "python:planted:Missing"),
        ("closed", "python:planted:FailsToOpen"),
    ]
    campaign.run(specs, 2, lambda report: reports.update({report.version: report}))
    assert reports["same"].agrees
    assert reports["broken"].comparison is None
    assert "Missing" in reports["broken"].note
    assert not reports["closed"].agrees
    assert reports["closed"].comparison.findings[0].kind == "fault"


def test_all_scenarios_have_ids_of_their_own_and_seeds_give_others() -> None:
    scenarios = all_scenarios(30, 1)
    assert len({s.id for s in scenarios}) == len(scenarios)
    assert generated(30, 1) == generated(30, 1)
    assert len({repr(msgspec.structs.replace(s, id="")) for s in generated(100, ordinary=True)}) == 100
    assert not any(is_jittered(s) for s in generated(60, wanted=lambda s: not is_jittered(s)))
    assert [s.futures for s in generated(30, 1)] != [s.futures for s in generated(30, 2)]


def test_some_generated_scripts_refuse_submissions_and_sessions_and_break_replies() -> None:
    scenarios = generated(120, 1)
    kinds = {s.client(f.client).kind for s in scenarios for f in s.futures if f.script.submission}
    assert kinds == set(ClientKind)
    assert any(s.setup for s in scenarios)
    assert any(
        isinstance(step, Wired) for s in scenarios for future in s.futures for step in future.script.steps
    )


def test_ordinary_scripts_refuse_only_what_comes_before_every_pause() -> None:
    """How long an SDK waits is its own choice, and must change no window."""
    scenarios = generated(120, 1, ordinary=True)
    first = [s.futures[0] for s in scenarios if s.futures[0].script.submission]
    assert {s.client(f.client).kind for s in scenarios for f in s.futures if f in first} == set(ClientKind)
    assert any(s.setup for s in scenarios)
    assert not any(future.script.submission for s in scenarios for future in s.futures[1:])


@pytest.mark.parametrize("ordinary", [True, False])
def test_nothing_is_refused_of_an_sdk_that_does_not_send_it_again(ordinary: bool) -> None:
    assert not any(s.is_refused for s in generated(60, 1, ordinary=ordinary, refused=False))
