"""Tiny data sets under the names that recipes load.

`datasets.load_dataset("NAME")` reads a folder of that name below the working directory before it asks a hub.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

Row = Mapping[str, object]
TRAINED = range(8)
HELD_OUT = range(20, 24)


def write_data_sets(folder: Path) -> None:
    """Write the data sets of all recipes below the folder in which they run."""
    for name, row in (
        ("HuggingFaceH4/no_robots", _conversation),
        ("Anthropic/hh-rlhf", _comparison),
        ("zwhe99/DeepMath-103K", _question),
    ):
        _write(folder / name / "train.jsonl", map(row, TRAINED))
        _write(folder / name / "test.jsonl", map(row, HELD_OUT))
    _write(folder / "conversations.jsonl", map(_conversation, TRAINED))


def write_large_data_sets(folder: Path) -> None:
    """Write data sets that are large enough for the batches of the cookbook's own tests."""
    for name, row in (("HuggingFaceH4/no_robots", _conversation), ("Anthropic/hh-rlhf", _comparison)):
        _write(folder / name / "train.jsonl", map(row, range(1_024)))
        _write(folder / name / "test.jsonl", map(row, range(1_024, 1_100)))


def _conversation(number: int) -> Row:
    asked = {"role": "user", "content": f"What is {number} + 1?"}
    return {"messages": [asked, {"role": "assistant", "content": str(number + 1)}]}


def _comparison(number: int) -> Row:
    asked = f"\n\nHuman: What is {number} + 1?\n\nAssistant: "
    return {"chosen": f"{asked}{number + 1}", "rejected": f"{asked}{number + 3}"}


def _question(number: int) -> Row:
    return {"question": f"What is {number} + 1?", "final_answer": str(number + 1)}


def _write(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
