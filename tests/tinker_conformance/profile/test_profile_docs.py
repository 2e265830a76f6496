"""docs/reference/profiles.md and the docstrings name everything that a profile holds."""

import inspect
from enum import EnumType
from pathlib import Path

import msgspec
import pytest

from tinker_conformance.profile import profile as choices
from tinker_conformance.profile.profile import (
    ClientForms,
    Expired,
    Lines,
    ObserverFacet,
    OperationFacet,
    PollingFacet,
    Reasons,
    SubmissionFacet,
)
from tinker_conformance.profile.profile_files import index, revisions

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "profiles.md").read_text(encoding="utf-8")
FACETS = [
    ObserverFacet,
    ClientForms,
    Reasons,
    PollingFacet,
    SubmissionFacet,
    Expired,
    Lines,
    OperationFacet,
]
ENUMS = [kind for kind in vars(choices).values() if isinstance(kind, EnumType)]


@pytest.mark.parametrize("facet", FACETS)
def test_the_page_names_every_field(facet: type[msgspec.Struct]) -> None:
    missing = [name for name in facet.__struct_fields__ if f"`{name}`" not in PAGE]
    assert not missing


@pytest.mark.parametrize("kind", ENUMS)
def test_the_page_names_every_choice(kind: EnumType) -> None:
    missing = [member.value for member in kind if f"`{member.value}`" not in PAGE]  # type: ignore[var-annotated]
    assert not missing


@pytest.mark.parametrize("facet", ["observer", "polling"])
def test_the_page_names_every_revision(facet: str) -> None:
    missing = [revision for revision in revisions(facet) if f"`{revision}`" not in PAGE]
    assert not missing


def test_the_page_names_every_profile() -> None:
    assert not [name for name in index().profiles if f"`{name}`" not in PAGE]


@pytest.mark.parametrize("facet", FACETS)
def test_the_docstring_describes_every_field(facet: type[msgspec.Struct]) -> None:
    text = inspect.getdoc(facet) or ""
    missing = [name for name in facet.__struct_fields__ if f"\n    {name}: " not in text]
    assert not missing
