"""Record a run of the catalogue for the findings pages, or check that it still gives the recorded verdicts.

`make catalogue` makes the run and checks it; `make findings` makes it and records it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.findings.recorded_run import (
    DATA,
    FOLDER,
    RECORDED,
    changes,
    judged_sdks,
    load_data,
    replayed,
    write_data,
)


def main(action: str, folder: str) -> int:
    """Do what is asked and return the exit code."""
    found = judged_sdks(Path(folder))
    match action:
        case "record":
            write_data(found)
            for name in RECORDED:
                write_data(replayed(name), FOLDER / f"{name}.json")
            print(f"{DATA.name}: {len(found)} SDKs; now bring the pages up to date")
            return 0
        case "check":
            different = list(changes(load_data(), found))
            for line in different:
                print(line)
            if different:
                print(
                    "The findings pages no longer say what the kit finds: run `make findings` and read them."
                )
            return 1 if different else 0
        case _:
            print("python -m tests.findings record|check FOLDER", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
