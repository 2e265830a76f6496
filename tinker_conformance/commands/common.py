"""What the subcommands share: the `--clock` option, and how they start an SDK."""

from __future__ import annotations

from typing import Final

import click

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import open_sdk

SPEC_HELP: Final = (
    "reference, official, official==VERSION, package:NAME, python:MODULE:CLASS, exec:COMMAND or recorded:FILE"
)
"""The forms of SPEC, in one line for `--help`."""

clock_option = click.option(
    "--clock",
    type=click.Choice([kind.value for kind in SdkClock if kind is not SdkClock.FROZEN]),
    help="How to move the clocks of an exec: SDK. Default: the best that its adapter offers. 'wall' waits.",
)
"""The option `--clock KIND`, for commands that run an SDK under test."""


def opened(spec: str, console: Terminal, *, clock: str | None = None) -> SdkSession:
    """Start the SDK that a SPEC names.

    Raises:
        UserError: If the SPEC has no known form.
        SdkStartError: If the SDK or its adapter cannot be started, or a release's virtual environment cannot
            be created.
    """
    kind = None if clock is None else SdkClock(clock)
    return open_sdk(spec, clock=kind, report=lambda text: console.print(text, style="dim"))
