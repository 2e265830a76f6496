"""The commands `parity` and `identify`, as a user calls them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.shared_runs import SharedSession
from tinker_conformance.cli import main
from tinker_conformance.commands import common
from tinker_conformance.commands.parity_report import conclusion, description, exit_code, line
from tinker_conformance.judging.identification import Nearness, candidates
from tinker_conformance.parity.campaign import ReleaseReport, all_scenarios
from tinker_conformance.parity.comparison import Comparison, Finding
from tinker_conformance.parity.new_behaviour import ChangedRequirement, NewBehaviour
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile

FINDING = Finding(
    scenario="reasons-sampling",
    chapter="reasons",
    kind="log",
    expected="log at 0.0 s: out of capacity",
    observed="log at 0.0 s: [busy]",
    script="- id: reasons-sampling\n  client: sampling\n",
    steps=1,
)
NEWS = NewBehaviour(
    nearest="tinker-0.38",
    changed=(ChangedRequirement(id="reasons.sampling", sentence="The line gives the reason."),),
    draft='name = "tinker-9.9.9"\nextends = "tinker-0.38"\n',
    explained=3,
    total=4,
)
CHANGED = ReleaseReport(
    version="9.9.9",
    profile="tinker-0.38",
    comparison=Comparison(compared={"reasons": 7}, different={"reasons": 2}, left_out=0, findings=(FINDING,)),
    news=NEWS,
)
SAME = ReleaseReport(
    version="0.38.0", comparison=Comparison(compared={"reasons": 7}, different={}, left_out=0)
)
FAILED = ReleaseReport(version="0.0.1", note="there is no such release")


@pytest.mark.parametrize(
    "every",
    [
        pytest.param(8, marks=pytest.mark.slow),
        pytest.param(1, marks=pytest.mark.nightly),
    ],
)
def test_a_release_that_agrees_ends_in_zero_and_leaves_nothing_behind(
    every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every scenario at night: other tests compare the shipped ones with this release anyway."""
    monkeypatch.setattr(
        "tinker_conformance.commands.parity.all_scenarios",
        lambda count, seed: all_scenarios(count, seed)[::every],
    )
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["parity", "--versions", "0.6.3", "--generated", "20"])
    assert not list(tmp_path.iterdir())
    assert result.exit_code == 0, result.output
    assert "1 of 1 release agrees with the reference, event by event" in result.output


def test_new_behaviour_is_described_with_scripts_and_a_draft(tmp_path: Path) -> None:
    text = description(CHANGED, tmp_path)
    assert "shrunk to 1 step" in text
    assert "observed: log at 0.0 s: [busy]" in text
    assert "new behaviour; the nearest profile is tinker-0.38" in text
    assert "reasons.sampling: The line gives the reason." in text
    assert "it explains 3 of 4 scripts" in text
    assert (tmp_path / "tinker-9.9.9.yaml").read_text().startswith("- id: reasons-sampling-smallest")
    assert (tmp_path / "tinker-9.9.9.toml").read_text() == NEWS.draft


@pytest.mark.parametrize(
    ("reports", "code"),
    [([SAME], 0), ([SAME, CHANGED], 1), ([SAME, CHANGED, FAILED], 4), ([], 6)],
)
def test_exit_codes(reports: list[ReleaseReport], code: int) -> None:
    assert exit_code(reports) == code
    assert f"of {len(reports)} release" in conclusion(reports, exit_code(reports))


def test_a_release_in_a_line() -> None:
    assert line(CHANGED) == "9.9.9 under tinker-0.38: 2 of 7 scripts differ, 0.0 s"
    assert line(FAILED) == "0.0.1 could not be run: there is no such release"


@pytest.mark.parametrize("versions", ["0.6.3,nonsense", "", "0.6.3;0.7.0"])
def test_versions_that_are_none_are_a_usage_error(versions: str) -> None:
    result = CliRunner().invoke(main, ["parity", "--versions", versions])
    assert result.exit_code == 2
    assert "write versions like 0.6.3,0.38.0" in result.output


@pytest.mark.parametrize(
    ("profile", "among"),
    [
        pytest.param(
            "tinker-0.10+tinker-0.14",
            ("tinker-0.10", "tinker-0.10+tinker-0.14", "tinker-0.21"),
            id="among its neighbours",
            marks=pytest.mark.slow,
        ),
        pytest.param("tinkex-seed", None, id="among all", marks=pytest.mark.nightly),
    ],
)
def test_identify_finds_the_profile_that_the_reference_was_given(
    profile: str, among: tuple[str, ...] | None, reference: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    if among is not None:
        profiles = tuple(load_profile(name) for name in among)
        monkeypatch.setattr("tinker_conformance.commands.identify.candidates", lambda: profiles)
    # It runs every scenario under every profile, and other tests do that too.
    monkeypatch.setattr(common, "open_sdk", lambda spec, **_: reference)
    result = CliRunner().invoke(main, ["identify", "--sdk", "reference", "--profile", profile])
    assert result.exit_code == 0, result.output
    output = " ".join(result.output.split())
    assert f"behaves like {profile} (observer" in output
    assert "what differs from the nearest profiles:" in output


def test_identify_takes_a_profile_for_the_reference_alone() -> None:
    arguments = ["--sdk", "official==0.6.3", "--profile", "tinker-0.7"]
    result = CliRunner().invoke(main, ["identify", *arguments])
    assert result.exit_code == 2
    assert "--profile only applies to --sdk reference" in result.output


def test_identify_takes_the_reference_for_the_newest_revision_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def nearness(
        sdk: object, reference: object, profiles: Sequence[Profile], *more: object
    ) -> list[Nearness]:
        asked.extend(profile.name for profile in profiles)
        return [Nearness(profile, 1, (), (), (), ()) for profile in profiles]

    monkeypatch.setattr("tinker_conformance.commands.identify.nearness", nearness)
    assert CliRunner().invoke(main, ["identify", "--sdk", "reference"]).exit_code == 0
    assert asked == ["tinker-0.38", *(profile.name for profile in candidates())]
