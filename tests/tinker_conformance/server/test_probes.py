"""What every probe has, and which of them are asked."""

from __future__ import annotations

import re

import pytest

from tinker_conformance.profile.releases import known_releases
from tinker_conformance.profile.version_numbers import valid_version
from tinker_conformance.report.conclusion import NEVER_UNCLAIMED
from tinker_conformance.report.records import JudgedKind
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.server.probe import Probe
from tinker_conformance.server.probes import CHAPTERS, PROBES, asked_probes


def test_ids_are_unique_and_not_those_of_requirements_on_sdks() -> None:
    ids = [probe.id for probe in PROBES]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {required.id for required in REQUIREMENTS}


def test_the_chapters_that_no_server_may_leave_out_exist() -> None:
    assert set(NEVER_UNCLAIMED[JudgedKind.SERVER]) <= set(CHAPTERS)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
def test_a_probe_says_what_must_hold_and_where_that_is_from(probe: Probe) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_0-9]+", probe.id)
    assert probe.sentence.endswith(".")
    assert len(probe.sentence.split()) <= 30
    assert re.search(r"#\d+|\d\.\d+\.\d+|[Ee]very release|real service|cookbook|releases", probe.source)
    assert probe.source.startswith(("tinker", "`")) or probe.source[0].isupper()
    assert not probe.source.endswith("."), "reports put the full stop"
    first = valid_version(probe.releases.first)
    last = valid_version(probe.releases.last or "99")
    assert first <= last


def test_releases_that_are_named_were_published() -> None:
    named = {
        version
        for probe in PROBES
        for version in (probe.releases.first, probe.releases.last)
        if version is not None
    }
    assert named <= set(known_releases())


def test_quick_leaves_out_what_waits() -> None:
    left_out = set(asked_probes()) - set(asked_probes(quick=True))
    assert {probe.id for probe in left_out} == {"polling.in_time", "polling.after_the_longest_back_off"}


def test_as_of_leaves_out_what_is_newer() -> None:
    assert asked_probes("0.0.1") == ()
