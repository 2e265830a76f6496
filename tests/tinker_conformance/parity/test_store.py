"""An interrupted campaign goes on where it was; a complete one leaves nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinker_conformance.error_families import UserError
from tinker_conformance.parity.campaign import ReleaseReport
from tinker_conformance.parity.store import MOST_BYTES, Store

FIRST = ReleaseReport(version="0.1.0", note="one")
SECOND = ReleaseReport(version="0.2.0", note="two")


def _store(folder: Path, options: str = "200 0") -> Store[ReleaseReport]:
    return Store(folder, options, ReleaseReport)


def test_what_was_added_is_there_after_an_interruption(tmp_path: Path) -> None:
    _store(tmp_path).add(FIRST)
    assert _store(tmp_path).results == [FIRST]


def test_a_truncated_line_is_left_out_and_does_not_corrupt_the_next(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("damage", [b"[" * 100_000, b'{"seconds": ' + b"9" * 5_000 + b"}", b"\xff", b"null"])
def test_a_damaged_line_ends_what_is_taken_over(damage: bytes, tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.add(FIRST)
    with store.path.open("ab") as file:
        file.write(damage + b"\n")
    assert _store(tmp_path).results == [FIRST]


@pytest.mark.parametrize("kind", ["a FIFO", "a folder", "larger than"])
def test_a_file_that_cannot_be_read_is_a_usage_error_that_names_it(kind: str, tmp_path: Path) -> None:
    path = _store(tmp_path).path
    match kind:
        case "a FIFO":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case _:
            with path.open("wb") as file:
                file.truncate(MOST_BYTES + 1)
    with pytest.raises(UserError, match=kind) as error:
        _store(tmp_path)
    assert str(path) in str(error.value)
    assert "remove it to begin again" in str(error.value)
