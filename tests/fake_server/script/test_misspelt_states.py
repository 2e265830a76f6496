"""A queue state that is nearly one of the real service gets a warning, and is sent as it is."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

from fake_server.script import timeout, try_again
from fake_server.script.holds import outage
from fake_server.script.rules import every
from fake_server.script.steps import Timeout

MISSPELT = "paused_capactiy"


@pytest.mark.parametrize(
    "make",
    [
        lambda: timeout(queue_state=MISSPELT),
        lambda: try_again(queue_state=MISSPELT),
        lambda: every(1).paused(MISSPELT, polls=1),
        lambda: outage(MISSPELT, polls=1),
    ],
)
def test_a_misspelt_state_gets_a_warning(make: Callable[[], object]) -> None:
    with pytest.warns(UserWarning, match="is it 'paused_capacity' misspelt"):
        make()


def test_the_state_is_sent_as_it_is() -> None:
    with pytest.warns(UserWarning, match="sent as it is"):
        assert timeout(queue_state=MISSPELT) == Timeout({"queue_state": MISSPELT})


@pytest.mark.parametrize(
    "state", ["active", "PAUSED_CAPACITY", " paused_capacity", "paused", "resting", "", 1, None]
)
def test_other_words_and_spellings_get_none(state: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        timeout(queue_state=state)
        timeout({"queue_state": MISSPELT})
