"""`tinker-conformance server`: judges a server by probes, with progress and a summary."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from fake_server.core.visible_text import visible
from tinker_conformance.commands.guard import undelivered
from tinker_conformance.commands.interruption import uninterrupted
from tinker_conformance.commands.judging_options import judging_options, quiet_option, verbose_option
from tinker_conformance.commands.measured_run import (
    MeasuredRun,
    Written,
    print_conclusion,
    print_verdicts,
    write_known_failures,
    write_report,
)
from tinker_conformance.commands.numbers import MINUTES, SECONDS
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.report.release_matrix import (
    RELEASE_LEGEND,
    ReleaseMatrix,
    matrix_of_releases,
    matrix_table,
)
from tinker_conformance.server.probe import Probe
from tinker_conformance.server.releases import VERB_SECONDS, chosen_releases, judge_releases
from tinker_conformance.server.server_request import Pausing, ServerRequest
from tinker_conformance.server.server_run import open_server_run
from tinker_conformance.server.target import (
    DEFAULT_MAX_MINUTES,
    DEFAULT_MAX_REQUESTS,
    DEFAULT_PER_RELEASE,
    KEY_VARIABLE,
    most_requests,
)

_MANY: Final = click.IntRange(min=1, max=1_000_000)
_AT_ONCE: Final = click.IntRange(min=1, max=64)


@click.command()
@click.option(
    "--url", required=True, metavar="URL", help="The server to judge, such as http://127.0.0.1:8000."
)
@click.option(
    "--api-key",
    envvar=KEY_VARIABLE,
    metavar="KEY",
    help=f"The key for the server, which is never printed or written. Default: {KEY_VARIABLE}.",
)
@click.option(
    "--base-model",
    metavar="NAME",
    help="The base model to train and sample. Default: the first that the server lists.",
)
@click.option("--name", metavar="NAME", help="What reports call the server. Default: host and port.")
@click.option("--quick", is_flag=True, help="Leave out the probes that wait: for 30 s, and for up to 45 s.")
@click.option(
    "--max-requests",
    type=_MANY,
    help="The most requests that are sent; then the run ends. The probes need about 500, and more polls on a "
    "slow server; a release needs about 80, and up to 290 for each thing that hangs. Deleting what was "
    f"created is not counted. Default: {DEFAULT_MAX_REQUESTS}, and {DEFAULT_PER_RELEASE} more for each "
    "release.",
)
@click.option(
    "--max-minutes",
    type=MINUTES,
    default=DEFAULT_MAX_MINUTES,
    show_default=True,
    help="How long the probes may take before the run ends, for a server that is slow or hangs.",
)
@click.option("--allow-remote", is_flag=True, help="Judge a server that is not on this machine.")
@click.option(
    "--pauses-at-samples",
    "samples",
    type=_AT_ONCE,
    metavar="N",
    help="The server pauses when more than N samples are in flight; the chapter `pauses` needs it.",
)
@click.option(
    "--pauses-at-models",
    "models",
    type=_AT_ONCE,
    metavar="N",
    help="The server pauses when more than N models are trained at the same time.",
)
@click.option(
    "--releases",
    "chosen",
    metavar="newest|revisions|all|LIST",
    help="Also run these releases of tinker against the server, such as 0.25.0,newest. Their results do not "
    "change the exit code.",
)
@click.option(
    "--verb-seconds",
    type=SECONDS,
    default=VERB_SECONDS,
    show_default=True,
    help="Time limit of each verb of a release, such as connect, sample or train.",
)
@click.option(
    "--only", multiple=True, metavar="ID", help="Run only this probe, or this chapter of probes. Repeatable."
)
@judging_options("the probes")
@quiet_option
@verbose_option(
    "Explain every failure with its picture and its events; also known failures, and what the server does "
    "not offer."
)
def server(
    *,
    url: str,
    api_key: str | None,
    base_model: str | None,
    name: str | None,
    max_requests: int | None,
    max_minutes: float,
    samples: int | None,
    models: int | None,
    chosen: str | None,
    verb_seconds: float,
    only: tuple[str, ...],
    as_of: str | None,
    known: Path | None,
    recorded: Path | None,
    folder: Path | None,
    quick: bool,
    allow_remote: bool,
    strict: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Judge a server that serves the Tinker API, and print the verdict of each probe."""
    releases = () if chosen is None else chosen_releases(chosen)
    request = ServerRequest(
        url=url,
        api_key=api_key,
        base_model=base_model,
        name=name,
        quick=quick,
        max_requests=most_requests(len(releases)) if max_requests is None else max_requests,
        max_minutes=max_minutes,
        allow_remote=allow_remote,
        pausing=Pausing(models=models, samples=samples),
        only=only,
        as_of=as_of,
        known=known,
        recorded=recorded,
        strict=strict,
    )
    console = Terminal()
    opened = open_server_run(request)
    measured = MeasuredRun(opened, asked=opened.asked, folder=folder)

    def drive_releases() -> None:
        try:
            judge_releases(
                opened.target,
                releases,
                seconds=verb_seconds,
                budget=opened.budget,
                done=measured.add_verb,
                left=lambda kept: opened.judge.adopt(kept.model_ids, kept.paths),
                say=lambda text: None if quiet else console.print(visible(text), style="dim"),
            )
        finally:
            measured.releases = matrix_of_releases(measured.verbs).conclusion

    if not quiet and (waits := _waits(opened.asked)):
        console.print(waits, style="dim", soft_wrap=True)
    measured.judge(console, quiet=quiet, then=drive_releases if releases else None)
    meets_tinker = opened.judge.meets_tinker
    written = Written([] if meets_tinker else [_no_tinker(opened.target.url)])
    # What each probe met at something else says nothing; the conclusion is enough.
    in_detail = meets_tinker or verbose
    # Write all files before printing anything: a failing terminal must not affect them.
    with uninterrupted():
        write_report(measured, written)
        write_known_failures(measured, written)
    if not quiet and in_detail:
        print_verdicts(measured, console, verbose=verbose)
    if not quiet:
        print_releases(matrix_of_releases(measured.verbs), console)
    print_conclusion(measured, written, console, with_causes=in_detail)
    if measured.releases:
        console.print(f"\n{visible(measured.releases)}", soft_wrap=True)
    code = measured.conclusion.exit_code
    sys.exit(undelivered(code) if written.problems else code)


def _no_tinker(url: str) -> str:
    return (
        f"nothing at {url} answers like a Tinker server: none of the Tinker API's paths answers with a "
        "JSON object; check the host and the port of --url, and that this server serves the Tinker API"
    )


def _waits(asked: Sequence[Probe]) -> str:
    """Return a sentence about the probes that make the run long, and how to skip them; empty if none do."""
    waiting = [f"{probe.id} (up to {probe.waits:g} s)" for probe in asked if probe.waits]
    return f"some probes wait: {', '.join(waiting)}; --quick leaves them out" if waiting else ""


def print_releases(matrix: ReleaseMatrix, console: Terminal) -> None:
    """Print the table of releases and verbs, and what went wrong."""
    if not matrix.records:
        return
    console.print()
    console.print(matrix_table(matrix))
    console.print(RELEASE_LEGEND, style="dim", soft_wrap=True)
    for note in matrix.notes():
        console.print(visible(str(note)), soft_wrap=True)
