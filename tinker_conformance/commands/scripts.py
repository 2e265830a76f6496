"""Generated and replayed scripts, as `tinker-conformance run` judges them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.generated.drawn_scenarios import generated
from tinker_conformance.generated.judged_scripts import (
    ScriptFailure,
    ScriptJudge,
    ScriptJudgement,
    is_jittered,
)
from tinker_conformance.judging.judge import Judge
from tinker_conformance.scenario.decoding import load_scenarios
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.scenario.short_form import scenario_yaml


def asked_scripts(count: int, seed: int, replay: Path | None, *, strict: bool) -> tuple[Scenario, ...]:
    """The scripts that the options name.

    Raises:
        ScenarioError: If the file to replay is none.
    """
    replayed = () if replay is None else load_scenarios(replay)
    drawn = generated(count, seed, ordinary=not strict, wanted=lambda scenario: not is_jittered(scenario))
    return (*replayed, *drawn)


def judged_scripts(
    judge: Judge, scenarios: Sequence[Scenario], console: Terminal, *, strict: bool
) -> ScriptJudgement:
    """Judges them, with progress."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("scripts", total=len(scenarios))
        return ScriptJudge(judge, strict=strict).judge_all(scenarios, lambda: progress.advance(task))


def write_scripts(judgement: ScriptJudgement, path: Path) -> None:
    """Write the smallest failing scripts, if there are any, to a file for `--replay`.

    Raises:
        OSError: If the file cannot be written.
    """
    if judgement.failures:
        text = scenario_yaml(failure.scenario for failure in judgement.failures)
        path.write_text(text, encoding="utf-8")


def print_scripts(judgement: ScriptJudgement, spec: str, path: Path | None, console: Terminal) -> None:
    """Print what came of scripts.

    Args:
        judgement: What came of them.
        spec: The SDK's SPEC.
        path: The file that `write_scripts` wrote; None if it could not.
        console: Where to print.
    """
    left_out = (
        f", {judgement.left_out} left out (not claimed, or a 410 with its random delay)"
        if judgement.left_out
        else ""
    )
    console.print(f"\nscripts: {judgement.held} of {judgement.judged} agree with the reference{left_out}")
    if not judgement.failures:
        return
    for failure in judgement.failures:
        console.print("\n".join(_described(failure)), soft_wrap=True)
    if path is None:
        return
    console.print(
        f"\nthe smallest are in {path}: tinker-conformance run --sdk {shlex.quote(spec)} --replay {path}",
        soft_wrap=True,
    )


def _described(failure: ScriptFailure) -> list[str]:
    lines = [f"\n{failure.origin} fails; the smallest script that does:"]
    lines += [f"    {line}" for line in scenario_yaml([failure.scenario]).splitlines()]
    if failure.fault:
        lines.append(f"  it does not come to its end: {failure.fault}")
        return lines
    lines.append(f"  breaks {', '.join(failure.requirements)}")
    return lines + [f"    {mismatch}" for mismatch in failure.mismatches]
