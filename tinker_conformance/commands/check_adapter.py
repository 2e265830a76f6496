"""`tinker-conformance check-adapter`: checks an adapter against the protocol, step by step."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Final

import click
from rich.text import Text

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.commands.common import clock_option
from tinker_conformance.commands.numbers import SECONDS
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.judging.adapter_check import findings
from tinker_conformance.judging.profile_choice import profile_of
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.spec import command_of
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.sdk.stdio.time_limits import TimeLimits

_ANY_PROFILE = "tinker-0.38"
_MISSING: Final = Text("missing", style="bold red")
_OK: Final = Text("ok", style="green")


@click.command("check-adapter")
@click.argument("spec", metavar="SPEC")
@click.option(
    "--patience",
    type=SECONDS,
    default=None,
    show_default=f"{TimeLimits().start:g} for 'started', {TimeLimits().step:g} for the others",
    help="Seconds to wait for each message of the adapter, 'started' included.",
)
@clock_option
def check_adapter(spec: str, patience: float | None, clock: str | None) -> None:
    """Check an adapter step by step against the stdio protocol, and report the first step that fails.

    SPEC is exec:COMMAND, quoted as in a shell. `tinker-conformance docs adapter-protocol` describes it.
    """
    console = Terminal(soft_wrap=True)
    if spec.startswith("python:"):
        raise click.UsageError(
            f"{spec!r} is an adapter in Python, and this command checks those over stdio; run it with "
            f"`tinker-conformance run --sdk {spec}`, or subclass the suite: `tinker-conformance docs "
            "subclass-the-suite`"
        )
    if not spec.startswith("exec:"):
        raise click.UsageError(f"{spec!r} is not an adapter over stdio; write exec:COMMAND")
    command = command_of(spec)
    limits = TimeLimits() if patience is None else TimeLimits(step=patience, start=patience)
    try:
        sdk = StdioSession(spec, command, clock=None if clock is None else SdkClock(clock), limits=limits)
    except SdkStartError as error:
        console.print(_MISSING, f" the adapter starts\n         {error}")
        sys.exit(Exit.ADAPTER)
    with closing(sdk):
        for number, finding in enumerate(findings(sdk, _profile(sdk.info)), 1):
            if finding.missing is not None:
                console.print(_MISSING, f" {number:2}  {finding.step}")
                console.print(f"             {finding.missing}")
                sys.exit(Exit.USAGE if finding.is_usage else Exit.ADAPTER)
            console.print(_OK, f"      {number:2}  {finding.step}")
    console.print("the adapter is complete")


def _profile(info: AdapterInfo) -> Profile:
    try:
        return profile_of(info)
    except UserError:
        return load_profile(_ANY_PROFILE)
