"""A word that is nearly one of the real service gets a warning, and is sent as it is."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fake_server.script import timeout, try_again
from fake_server.script.holds import at_most, outage
from fake_server.script.rules import every
from fake_server.script.script_yaml import load_entries, load_script_file
from fake_server.script.steps import Timeout

MISSPELT = "paused_capactiy"


@pytest.mark.parametrize(
    "make",
    [
        lambda: timeout(queue_state=MISSPELT),
        lambda: try_again(queue_state=MISSPELT),
        lambda: every(1).paused(MISSPELT, polls=1),
        lambda: outage(MISSPELT, polls=1),
        lambda: at_most(1, MISSPELT),
    ],
)
def test_a_misspelt_state_gets_a_warning(make: Callable[[], object]) -> None:
    with pytest.warns(UserWarning, match="is it 'paused_capacity' misspelt") as caught:
        make()
    assert [each.filename for each in caught] == [__file__]


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


IN_A_FILE = [
    ({"steps": [{"timeout": {"queue_state": MISSPELT}}]}, "step 1: timeout has the queue_state"),
    ({"steps": [{"drop": "reset"}, {"timeout": {"queue_stat": "x"}}]}, "step 2: timeout has the key"),
    ({"steps": [{"try_again": {"queue_state": MISSPELT}}]}, "step 1: try_again has the queue_state"),
    ({"steps": [{"complete": {"sequence": []}}]}, "step 1: complete has the key"),
    ({"submission": [{"timeout": {"typ": 1}}], "steps": [{"complete": {}}]}, "submission, step 1: timeout"),
    ({"setup": "create_session", "steps": [{"timeout": {"typ": 1}}]}, "step 1: timeout has the key"),
    ({"every": 1, "steps": [{"timeout": {"queue_state": MISSPELT}}]}, "step 1: timeout has the queue_state"),
    ({"every": 1, "paused": {"state": MISSPELT, "polls": 1}}, "paused has the state"),
    ({"outage": {"state": MISSPELT}}, "outage has the state"),
    ({"at_most": {"count": 1, "state": MISSPELT}}, "at_most has the state"),
]


@pytest.mark.parametrize(("entry", "text"), IN_A_FILE)
def test_a_file_gets_one_warning_that_names_file_script_and_step(
    entry: dict[str, object], text: str, tmp_path: Path
) -> None:
    path = tmp_path / "scripts.yaml"
    path.write_text(yaml.safe_dump([{"steps": [{"complete": {}}]}, entry]))
    given: list[str] = []
    load_entries(path, given.append)
    assert [each.removeprefix(f"{path}, script 2").lstrip(":, ").startswith(text) for each in given] == [True]
    assert "misspelt? It is sent as it is; if it is meant, " in given[0]
    with pytest.warns(UserWarning, match="misspelt") as caught:
        load_entries(path)
    assert [(str(each.message), each.filename) for each in caught] == [(given[0], __file__)]


def test_a_file_of_scripts_alone_is_no_exception(tmp_path: Path) -> None:
    path = tmp_path / "scripts.yaml"
    path.write_text("[{steps: [{timeout: {queue_state: paused_capcity}}]}]")
    with pytest.warns(UserWarning, match="script 1, step 1: timeout has the queue_state 'paused_capcity'"):
        load_script_file(path)


def test_words_that_are_near_nothing_are_silent_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scripts.yaml"
    bodies: list[object] = [
        {"queue_state": state, "weather": "fine", "x" * 1_000: 1}
        for state in ("resting", "paused", "PAUSED_CAPACITY", " active", "", None, 1, ["x"])
    ]
    steps = [{"timeout": body} for body in [*bodies, None, "queue_stat", ["queue_stat"]]]
    steps.append({"status": 408, "body": {"queue_stat": MISSPELT}})
    path.write_text(yaml.safe_dump([{"steps": steps}, {"outage": {"state": "resting"}}]))
    given: list[str] = []
    load_entries(path, given.append)
    assert given == []
