"""`tinker-conformance identify`: finds the revision that an SDK behaves like."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Final

import click
from rich.progress import track
from rich.table import Column, Table

from fake_server.core.number_words import counted
from tinker_conformance.commands.common import SPEC_HELP, clock_option, opened
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.judging.identification import Nearness, candidates, nearness
from tinker_conformance.parity.difference import difference
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.profile.releases import newest_profile
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.scenario.library import shipped_scenarios

_MOST_IDS: Final = 12


@click.command()
@click.option("--sdk", "spec", required=True, metavar="SPEC", help=f"The SDK: {SPEC_HELP}.")
@click.option(
    "--profile",
    "named",
    metavar="NAME|FILE",
    help="The profile that `--sdk reference` follows. Default: the newest. Not for other SDKs.",
)
@click.option("-v", "--verbose", is_flag=True, help="List all requirements that differ, for every profile.")
@clock_option
def identify(spec: str, named: str | None, clock: str | None, *, verbose: bool) -> None:
    """Find the revision that an SDK behaves like, and list how it differs from others."""
    console = Terminal()
    if named is not None and spec != "reference":
        message = "--profile only applies to --sdk reference; leave it out for other SDKs"
        raise click.UsageError(message)
    profiles = candidates()
    chosen = newest_profile() if named is None else load_profile(named)
    own = (chosen,) if spec == "reference" else ()
    sdk = opened(spec, console, clock=clock)
    reference = opened("reference", console)
    if not console.is_terminal:
        count = len(own) + len(profiles)
        click.echo(f"compares with {counted(count, 'profile')}; this can take some minutes", err=True)
    try:
        # The SDK runs under the first profile. Only the reference changes its behaviour with it.
        judged = nearness(
            sdk, reference, (*own, *profiles), shipped_scenarios(), lambda a, b: difference(a, b) is None
        )
        steps = track(
            judged,
            "comparing",
            total=len(own) + len(profiles),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        found = sorted(list(steps)[len(own) :], key=lambda near: near.distance)
    finally:
        sdk.close()
        reference.close()
    console.print(_table(found))
    console.print(_conclusion(f"{sdk.info.name} {sdk.info.version}", found), soft_wrap=True)
    console.print(
        "\nwhat differs from each profile:" if verbose else "\nwhat differs from the nearest profiles:"
    )
    for near in found if verbose else found[:3]:
        console.print(_separation(near, most=None if verbose else _MOST_IDS), soft_wrap=True)
    errors = found[0].adapter_errors
    if errors:
        console.print(
            f"  the adapter failed in {', '.join(errors)}, so this may not be what the SDK does; "
            f"see tinker-conformance run --sdk {shlex.quote(spec)}",
            soft_wrap=True,
        )
        sys.exit(Exit.ADAPTER)
    sys.exit(Exit.HELD if found[0].judged else Exit.NOTHING_TESTED)


def _table(found: Sequence[Nearness]) -> Table:
    # A name that is cut would look like its neighbours'.
    name = Column("profile", no_wrap=True, min_width=max(len(near.profile.name) for near in found))
    table = Table(
        name, "requirements held", "contracts failed", "quirks not shared", "scenarios that differ", box=None
    )
    for near in found:
        contract, quirks, different, *_ = near.distance
        table.add_row(near.profile.name, f"{near.held:.1%}", str(contract), str(quirks), str(different))
    return table


def _conclusion(name: str, found: Sequence[Nearness]) -> str:
    best = found[0]
    equals = [near.profile for near in reversed(found) if near.distance == best.distance]
    profiles = " or ".join(profile.name for profile in equals)
    facets = (
        f"observer {' or '.join(dict.fromkeys(p.observer.revision for p in equals))}, "
        f"polling {' or '.join(dict.fromkeys(p.polling.revision for p in equals))}"
    )
    if best.distance[:3] == (0, 0, 0):
        apart = "; no script tells these apart" if len(equals) > 1 else ""
        return f"\n{name} behaves like {profiles} ({facets}), event by event{apart}"
    lines = [
        f"\n{name} comes nearest to {profiles} ({facets}): {best.held:.1%} of {best.judged} requirements hold"
    ]
    for polling, facet in ((False, "observer"), (True, "polling")):
        nearest = min(found, key=lambda near: (near.failures(polling=polling), near.distance))
        revision = nearest.profile.polling.revision if polling else nearest.profile.observer.revision
        failed = nearest.failures(polling=polling)
        outcome = f"{counted(failed, 'requirement')} failed" if failed else "all requirements hold"
        lines.append(f"judged by the {facet} facet alone, it is nearest to {revision}: {outcome}")
    return "\n".join(lines)


def _separation(near: Nearness, most: int | None) -> str:
    failed = (*near.contract, *near.quirks)
    name = near.profile.name
    if failed:
        number = counted(len(failed), "requirement")
        return f"  {name}: {number} failed: {_listed(failed, most)}"
    if near.different:
        number = counted(len(near.different), "scenario")
        return (
            f"  {name}: all requirements hold, but {number} went differently: {_listed(near.different, most)}"
        )
    return f"  {name}: nothing"


def _listed(names: Sequence[str], most: int | None) -> str:
    shown = names if most is None else names[:most]
    rest = f" and {len(names) - len(shown)} more (-v names them)" if len(shown) < len(names) else ""
    return f"{', '.join(shown)}{rest}"
