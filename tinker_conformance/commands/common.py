"""What the subcommands share: exit codes, and how an SDK is opened."""

from __future__ import annotations

import sys
from enum import IntEnum

import click
from rich.console import Console
from rich.markup import escape

from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.sdk.background_start import StartsEarly
from tinker_conformance.sdk.official.environments import EnvironmentUnavailable
from tinker_conformance.sdk.session import SdkSession, SdkStartError
from tinker_conformance.sdk.spec import SpecError, check_spec, open_sdk


class Exit(IntEnum):
    """What the command's exit code says."""

    HELD = 0
    SDK_FAILED = 1
    USAGE = 2
    STALE = 3
    ADAPTER = 4
    KIT = 5
    NOTHING_TESTED = 6


clock_option = click.option(
    "--clock",
    type=click.Choice([kind.value for kind in SdkClock if kind is not SdkClock.FROZEN]),
    help="How an exec: SDK's clocks are moved; by default the best that its adapter offers. 'wall' waits.",
)
"""`--clock KIND`, for the commands that run an SDK under test."""


def opened(spec: str, console: Console, *, clock: str | None = None) -> SdkSession:
    """Starts the SDK that a SPEC names, or ends the program with a sentence and the fitting code."""
    try:
        kind = None if clock is None else SdkClock(clock)
        return open_sdk(spec, clock=kind, report=lambda text: console.print(escape(text), style="dim"))
    except SpecError as error:
        raise click.UsageError(str(error)) from error
    except (SdkStartError, EnvironmentUnavailable) as error:
        console.print(escape(str(error)))
        sys.exit(Exit.ADAPTER)


def opened_beside_reference(
    spec: str, console: Console, *, clock: str | None = None
) -> tuple[SdkSession, StartsEarly]:
    """Starts the SDK that a SPEC names and the reference at once; ends the program as `opened` does."""
    try:
        check_spec(spec)
    except SpecError as error:
        raise click.UsageError(str(error)) from error
    reference = StartsEarly(lambda: open_sdk("reference"))
    return opened(spec, console, clock=clock), reference
