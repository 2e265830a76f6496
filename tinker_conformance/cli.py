"""The command `tinker-conformance`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from fake_server.core.visible_text import visible_json
from tinker_conformance._version import __version__
from tinker_conformance.commands.command_files import CommandFiles
from tinker_conformance.commands.common import SPEC_HELP, clock_option, opened
from tinker_conformance.commands.guard import Program
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.scenario.decoding import load_scenarios
from tinker_conformance.sdk.session import FaultKind

_COMMANDS: Final = CommandFiles(
    (
        "adapter-template",
        "check-adapter",
        "docs",
        "identify",
        "matrix",
        "parity",
        "profile",
        "record-goldens",
        "report",
        "run",
        "server",
    )
)


@click.group(cls=Program, commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tinker-conformance")
def main() -> None:
    """Check whether an SDK, or a server, of the Tinker fine-tuning API conforms."""


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--profile", "named", required=True, metavar="NAME|FILE", help="The profile that the reference follows."
)
@click.option(
    "--sdk",
    "spec",
    default="reference",
    metavar="SPEC",
    help=f"The SDK to trace: {SPEC_HELP}. Default: the reference.",
)
@clock_option
def trace(file: Path, named: str, spec: str, clock: str | None) -> None:
    """Run the scenarios of FILE and print {scenario id: [events]} as JSON."""
    console = Terminal(stderr=True)
    scenarios = load_scenarios(file)
    followed = load_profile(named)
    sdk = opened(spec, console, clock=clock)
    code = Exit.HELD
    try:
        traces = {}
        for scenario in scenarios:
            result = sdk.run(scenario, followed)
            traces[scenario.id] = result.timeline
            if result.fault is not None:
                console.print(f"{scenario.id}: {result.fault}")
                code = Exit.KIT if result.fault.kind is FaultKind.KIT else max(code, Exit.ADAPTER)
    finally:
        sdk.close()
    # JSON is UTF-8, whatever the encoding of the terminal.
    click.echo(visible_json(msgspec.json.format(msgspec.json.encode(traces), indent=2)))
    sys.exit(code)
