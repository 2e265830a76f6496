"""`tinker-conformance record-goldens`: records the timelines of real releases."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

import click

from fake_server.core.number_words import counted
from tinker_conformance.commands.common import opened
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.commands.versions import asked_versions, spec_of
from tinker_conformance.parity.golden import encoded, recorded
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.scenario.library import shipped_scenarios


@click.command("record-goldens")
@click.option(
    "--versions",
    default="observers",
    show_default=True,
    metavar="LIST|observers|revisions|all",
    help="Releases of the official SDK to run.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files to this folder.",
)
def record_goldens(versions: str, out: Path) -> None:
    """Run the shipped scenarios on releases and write their timelines, one file per release."""
    console = Terminal()
    out.mkdir(parents=True, exist_ok=True)
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    for version in asked_versions(versions):
        with contextlib.closing(opened(spec_of(version), console)) as sdk:
            golden = recorded(sdk, profile_for(sdk.info.version), shipped_scenarios().values(), day)
        path = out / f"tinker-{golden.version}.json"
        path.write_bytes(encoded(golden))
        console.print(f"{path}: {counted(len(golden.scenarios), 'scenario')} under {golden.profile}")
