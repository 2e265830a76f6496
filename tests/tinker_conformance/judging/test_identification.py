"""Releases across the history are taken for what they are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.shared_runs import SharedRuns, SharedSession
from tests.tinker_conformance.requirements.test_history import RELEASES as JUDGED_BY_THEIR_NEIGHBOURS
from tinker_conformance.judging.claims import unclaimed
from tinker_conformance.judging.identification import (
    CHAPTERS_OF_POLLING,
    CHAPTERS_OF_THE_OBSERVER,
    Nearness,
    candidates,
    nearness,
)
from tinker_conformance.parity.difference import difference
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.requirements import CHAPTERS
from tinker_conformance.scenario.library import shipped_scenarios

RELEASES = ("0.1.0", "0.2.1", "0.5.0", "0.6.0", "0.6.3", "0.9.0", "0.14.0", "0.20.0", "0.22.7", "0.38.0")
"""Each shows a pair of revisions that a script distinguishes from every other."""

MORE_RELEASES = ("0.1.3", "0.4.1", "0.8.1", "0.24.1")
"""Each shows a pair of revisions that one of `RELEASES` shows too, and that no other test drives."""


@pytest.mark.nightly
@pytest.mark.parametrize("release", RELEASES)
def test_a_release_is_identified(release: str, shared_runs: SharedRuns, reference: SharedSession) -> None:
    _check_identified(release, candidates(), shared_runs, reference)


@pytest.mark.slow
@pytest.mark.parametrize("release", [each for each in RELEASES if each not in JUDGED_BY_THEIR_NEIGHBOURS])
def test_a_release_is_identified_among_its_neighbours(
    release: str, shared_runs: SharedRuns, reference: SharedSession
) -> None:
    """The other releases are judged by their neighbours in `requirements/test_history.py`."""
    profiles = candidates()
    place = profiles.index(profile_for(release))
    _check_identified(release, profiles[max(place - 1, 0) : place + 2], shared_runs, reference)


def _check_identified(
    release: str, profiles: Sequence[Profile], shared_runs: SharedRuns, reference: SharedSession
) -> None:
    sdk = shared_runs.release(release)
    judged = nearness(sdk, reference, profiles, shipped_scenarios(), lambda a, b: difference(a, b) is None)
    first, second, *_ = sorted(judged, key=lambda near: near.distance)
    assert first.profile == profile_for(release)
    assert (first.contract, first.quirks, first.different, first.foreign) == ((), (), (), ())
    assert second.distance > first.distance


@pytest.mark.slow
@pytest.mark.parametrize("release", MORE_RELEASES)
def test_a_release_agrees_with_the_pair_that_is_reported(
    release: str, shared_runs: SharedRuns, reference: SharedSession
) -> None:
    """In every fourth scenario; `make parity` compares them all."""
    sdk, profile = shared_runs.release(release), profile_for(release)
    ordered = [scenario for scenario in shipped_scenarios().values() if not scenario.concurrent]
    compared = [scenario for scenario in ordered if not unclaimed([scenario], sdk.info)][::4]
    assert len(compared) > 50
    for scenario in compared:
        assert difference(reference.run(scenario, profile), sdk.run(scenario, profile)) is None, scenario.id


def test_each_release_that_is_added_shows_a_pair_that_is_identified_anyway() -> None:
    shown = {profile_for(release).name for release in RELEASES}
    assert {profile_for(release).name for release in MORE_RELEASES} <= shown


def test_every_chapter_is_about_one_facet_but_isolation() -> None:
    assert {*CHAPTERS_OF_THE_OBSERVER, *CHAPTERS_OF_POLLING, "isolation"} == set(CHAPTERS)
    assert not CHAPTERS_OF_THE_OBSERVER & CHAPTERS_OF_POLLING


@pytest.mark.parametrize(
    ("failed", "observer", "polling"),
    [
        ("grace.active", 1, 0),
        ("polling.patience", 0, 1),
        ("submissions.delays", 0, 1),
        ("requests.api_key", 0, 1),
        ("session_polling.result", 0, 1),
        ("isolation.sessions", 0, 0),
    ],
)
def test_a_failure_counts_in_the_facet_that_its_chapter_is_about(
    failed: str, observer: int, polling: int
) -> None:
    for contract, quirks in (((failed,), ()), ((), (failed,))):
        near = Nearness(profile_for("0.38.0"), 1, contract, quirks, (), ())
        assert near.failures(polling=False) == observer
        assert near.failures(polling=True) == polling


def test_of_profiles_that_no_script_tells_apart_the_stated_one_is_nearest() -> None:
    """An SDK that claims few operations has less in common with its own profile than with an older one."""
    older = Nearness(profile_for("0.3.0"), 9, (), ("quirk",), (), ("sample",))
    own = Nearness(profile_for("0.5.1"), 9, (), ("quirk",), (), ("sample", "forward"), stated=True)
    seen_nearer = Nearness(profile_for("0.38.0"), 9, (), (), (), ("sample", "forward", "cancellation"))
    nearest = sorted((older, own, seen_nearer), key=lambda near: near.distance)
    assert nearest == [seen_nearer, own, older]
