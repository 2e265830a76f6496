"""The requirements as a set: ids, scenarios, and the page about them."""

from __future__ import annotations

import re
from pathlib import Path

from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.profile.releases import known_releases, profile_for
from tinker_conformance.requirements import CHAPTERS, REQUIREMENTS
from tinker_conformance.requirements.document import document
from tinker_conformance.requirements.sources import readable_source
from tinker_conformance.scenario.library import shipped_scenarios

ROOT = Path(__file__).parents[3]


def test_ids_are_unique_and_well_formed() -> None:
    ids = [required.id for required in REQUIREMENTS]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", identifier) for identifier in ids)


def test_a_search_of_the_source_finds_every_id_once() -> None:
    folder = ROOT / "tinker_conformance/requirements"
    for required in REQUIREMENTS:
        text = (folder / f"{required.chapter}.py").read_text(encoding="utf-8")
        assert text.count(f'id="{required.id}"') == 1


def test_sentences_are_short() -> None:
    long = [each.id for each in REQUIREMENTS if len(each.sentence.split()) > 30]
    assert long == []
    assert [each.id for each in REQUIREMENTS if not each.sentence.endswith(".")] == []


def test_a_source_names_its_document_in_full() -> None:
    sources = {readable_source(each.source) for each in REQUIREMENTS}
    assert [source for source in sources if re.search(r"\bseed\b", source)] == []
    assert readable_source("official SDK; seed, 'Phase 1'; kit") == (
        "official SDK; specification of Tinkex, an SDK for Elixir, 'Phase 1'; kit"
    )


def test_every_scenario_that_is_named_is_shipped_and_every_shipped_one_is_named() -> None:
    named = {identifier for required in REQUIREMENTS for identifier in required.scenarios}
    assert named == set(shipped_scenarios())


def test_every_requirement_holds_for_some_profile() -> None:
    profiles = [load_profile(name) for name in known_profiles()]
    profiles += [profile_for(release) for release in known_releases()]
    assert [r.id for r in REQUIREMENTS if not any(r.holds(profile) for profile in profiles)] == []


def test_every_chapter_has_a_module_in_the_suite() -> None:
    modules = {
        path.stem.removeprefix("test_") for path in (ROOT / "tinker_conformance/suite").glob("test_*.py")
    }
    assert modules == set(CHAPTERS)


def test_the_page_is_fresh() -> None:
    """If this fails, run `make generate`."""
    assert (ROOT / "docs/reference/requirements.md").read_text(encoding="utf-8") == document()
