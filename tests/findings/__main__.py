"""Record a run of the catalogue for the findings pages, or check that it still gives the recorded verdicts.

`make catalogue` makes the run and checks it; `make findings` makes it and records it. `make server-findings`
records the report of a server, which is made by hand.
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
from tests.findings.recorded_server import SERVERS, judged_server, write_server


def main(action: str, folder: str, name: str = "") -> int:
    """Do what is asked and return the exit code."""
    if action == "server" and name in SERVERS:
        write_server(name, judged_server(Path(folder)))
        print(f"{name}: recorded; now bring the page up to date")
        return 0
    found = judged_sdks(Path(folder))
    match action:
        case "record":
            write_data(found)
            for each in RECORDED:
                write_data(replayed(each), FOLDER / f"{each}.json")
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
            print("python -m tests.findings record|check FOLDER, or server FOLDER NAME", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
