"""An interrupted campaign goes on where it was; a complete one leaves nothing."""

from __future__ import annotations

from pathlib import Path

from tinker_conformance.parity.campaign import ReleaseReport
from tinker_conformance.parity.store import Store

FIRST = ReleaseReport(version="0.1.0", note="one")
SECOND = ReleaseReport(version="0.2.0", note="two")


def _store(folder: Path, options: str = "200 0") -> Store[ReleaseReport]:
    return Store(folder, options, ReleaseReport)


def test_what_was_added_is_there_after_an_interruption(tmp_path: Path) -> None:
    _store(tmp_path).add(FIRST)
    assert _store(tmp_path).results == [FIRST]


def test_a_torn_line_is_left_out_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.add(FIRST)
    with store.path.open("ab") as file:
        file.write(b'{"version": "0.2')
    again = _store(tmp_path)
    assert again.results == [FIRST]
    again.add(SECOND)
    assert _store(tmp_path).results == [FIRST, SECOND]


def test_other_options_are_another_campaign(tmp_path: Path) -> None:
    _store(tmp_path).add(FIRST)
    assert _store(tmp_path, "200 1").results == []


def test_a_complete_campaign_leaves_nothing(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.add(FIRST)
    store.complete()
    assert list(tmp_path.iterdir()) == []
