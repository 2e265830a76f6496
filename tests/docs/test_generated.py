"""Every generated page is what its generator returns today."""

from __future__ import annotations

import pytest

from tests.docs.generate.pages import DOCS, PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_fresh(page: str) -> None:
    """If this fails, run `make generate` and look at the difference."""
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page]()
