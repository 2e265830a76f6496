"""Judge generated and replayed scripts for `tinker-conformance run`, and print the results."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from tinker_conformance.commands.hypothesis_storage import keep_hypothesis_out_of_the_working_folder
from tinker_conformance.commands.terminal import Terminal
from tinker_conformance.error_families import UserError
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
from tinker_conformance.sdk.adapter import AdapterInfo, Capability


def replayed_scripts(replay: Path | None) -> tuple[Scenario, ...]:
    """Return the scripts of the file of `--replay`; none if `replay` is None.

    Raises:
        ScenarioError: If the file is not a file of scenarios.
        UserError: If the file has no scenario.
    """
    replayed = () if replay is None else load_scenarios(replay)
    if replay is not None and not replayed:
        raise UserError(f"{replay} holds no scenarios; write at least one")
    return replayed


def drawn_scripts(count: int, seed: int, info: AdapterInfo, *, strict: bool) -> tuple[Scenario, ...]:
    """Draw scripts for an SDK; some refuse submissions if the SDK claims to send refused ones again."""
    if count > 0:
        keep_hypothesis_out_of_the_working_folder()
    return generated(
        count,
        seed,
        ordinary=not strict,
        refused=Capability.SUBMISSION_RETRIES in info.capabilities,
        wanted=lambda scenario: not is_jittered(scenario),
    )


def judged_scripts(
    judge: Judge, scenarios: Sequence[Scenario], console: Terminal, *, strict: bool
) -> ScriptJudgement:
    """Judge scripts, and show the progress on `console`."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("scripts", total=len(scenarios))
        return ScriptJudge(judge, strict=strict).judge_all(scenarios, lambda: progress.advance(task))


def write_scripts(judgement: ScriptJudgement, path: Path) -> None:
    """Write the minimized failing scripts, if there are any, to a file for `--replay`.

    Raises:
        OSError: If the file cannot be written.
    """
    if judgement.failures:
        text = scenario_yaml(failure.scenario for failure in judgement.failures)
        path.write_text(text, encoding="utf-8")


def print_scripts(judgement: ScriptJudgement, spec: str, path: Path | None, console: Terminal) -> None:
    """Print the results of scripts.

    Args:
        judgement: The results.
        spec: The SDK's SPEC.
        path: The file that `write_scripts` wrote, or None if it could not be written.
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
        f"\nthe minimized scripts are in {path}; to run them again: "
        f"tinker-conformance run --sdk {shlex.quote(spec)} --replay {path}",
        soft_wrap=True,
    )


def _described(failure: ScriptFailure) -> list[str]:
    lines = [f"\n{failure.origin} fails; minimized script:"]
    lines += [f"    {line}" for line in scenario_yaml([failure.scenario]).splitlines()]
    if failure.fault:
        lines.append(f"  it did not finish: {failure.fault}")
        return lines
    lines.append(f"  breaks {', '.join(failure.requirements)}")
    return lines + [f"    {mismatch}" for mismatch in failure.mismatches]
