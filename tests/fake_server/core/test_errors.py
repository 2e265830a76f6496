"""Which name an error suggests."""

from __future__ import annotations

import pytest

from fake_server.core.errors import nearest


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("promt", ["prompt", "num_samples"], "prompt"),
        ("bad", ["whole", "bad_chunk"], "bad_chunk"),
        ("tinkr", ["twinkle-kit", "fireworks-ai"], None),
        ("", ["prompt"], None),
    ],
)
def test_a_name_is_suggested_if_it_is_alike_or_begins_alike(
    name: str, known: list[str], found: str | None
) -> None:
    assert nearest(name, known) == found
