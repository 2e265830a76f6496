"""Every way to wait or to read the time does under the frozen clock what the page of waits says, and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.tinker_conformance.downstream import wait_rows
from tests.tinker_conformance.downstream.wait_rows import ROWS, SHORT, Kind, Row

ROOT: Final = Path(__file__).parents[3]
ALL_SECONDS: Final = 120
"""Real seconds after which the program with all rows is killed; it needs four."""
VIRTUAL_SECONDS: Final = 2.0
"""Real seconds for which a virtual wait of at least three seconds may take, on a busy machine."""


@pytest.fixture(scope="module")
def played() -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", wait_rows.__name__],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=ALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["text"]: line for line in lines}


@pytest.mark.parametrize("row", ROWS, ids=[row.text.replace("`", "")[:60] for row in ROWS])
def test_a_wait_does_what_the_page_says(played: dict[str, dict[str, Any]], row: Row) -> None:
    happened = played[row.text]
    if row.kind is Kind.REFUSED:
        assert happened["problem"].startswith("ClockStalledError")
        assert "wait with time.sleep" in happened["problem"]
        return
    assert happened["problem"] == ""
    assert happened["virtual"] == pytest.approx(row.seconds, abs=1e-5)
    match row.kind:
        case Kind.VIRTUAL:
            assert happened["real"] < max(row.seconds, VIRTUAL_SECONDS)
        case Kind.FOLLOWS:
            assert happened["real"] >= SHORT * 0.9
        case _:
            assert row.seconds == 0


def test_each_row_has_a_text_of_its_own() -> None:
    assert len({row.text for row in ROWS}) == len(ROWS)
