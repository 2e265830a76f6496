"""Runs one recipe as a process of its own against a simulated service in this one, and reads its metrics."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fake_server import FakeTinkerServer, VerifiedTinker
from fake_server.byte_tokenizer import write_tokenizer_cache
from fake_server.service.models import MODELS
from fake_server.service.tokenizer_files import PINNED
from tests.cookbook.data_sets import write_data_sets
from tests.cookbook.environments import ROOT, CookbookEnvironment
from tests.cookbook.recipes import Recipe, disturb

Metrics = list[dict[str, object]]
SECONDS: Final = 600.0
"""Time limit of one recipe, in real seconds: it bounds a hang, no recipe comes near it."""
SEED: Final = 7
MODEL: Final = ("model_name=Qwen/Qwen3-8B", "renderer_name=qwen3_instruct")
_SHOWN_LINES: Final = 40
_TIMINGS: Final = ("time/", "batch_time")
_HIDDEN: Final = ("TINKER_", "HF_", "HUGGINGFACE_", "TRANSFORMERS_", "PYTHON", "WANDB_")


class RecipeFailed(Exception):  # noqa: N818 - a verdict, as assertion errors are
    """A recipe did not run to its end, or its metrics lack something; the message says which and why."""


@dataclass(frozen=True, slots=True)
class RecipeRun:
    """What a recipe did.

    Attributes:
        metrics: The lines of its ``metrics.jsonl``, without durations.
        seconds: How long it took, in real seconds.
        recipe_seconds: Processor time of its process.
        server_seconds: Processor time of our server.
    """

    metrics: Metrics
    seconds: float
    recipe_seconds: float
    server_seconds: float

    @property
    def share(self) -> float:
        """The server's part of all processor time, from 0 to 1."""
        return self.server_seconds / (self.server_seconds + self.recipe_seconds)


def run_recipe(
    recipe: Recipe, environment: CookbookEnvironment, folder: Path, *, disturbed: bool
) -> RecipeRun:
    """Run a recipe to its end in an empty folder.

    Args:
        recipe: The recipe.
        environment: Where its release can be imported.
        folder: The working directory; data sets, tokenizers and logs are written to it.
        disturbed: Whether pauses and faults are laid over it.

    Raises:
        RecipeFailed: It failed, took too long, or lacks metrics.
        ScriptViolation: It sent a request that the service does not expect.
    """
    write_data_sets(folder)
    variables = variables_of(folder, environment)
    engine = VerifiedTinker(seed=SEED)
    # The first rule that fits a submission wins: faults meet what no words are scripted for.
    recipe.prepare(engine)
    if disturbed:
        disturb(engine)
    began, own, children = time.perf_counter(), time.process_time(), _seconds_of_children()
    with FakeTinkerServer(engine) as server:
        variables["TINKER_BASE_URL"] = server.url
        for more in ((), recipe.again)[: 2 if recipe.again else 1]:
            arguments = [*recipe.arguments, *MODEL, "log_path=log", *more]
            command = [str(environment.python), "-m", f"tinker_cookbook.recipes.{recipe.module}", *arguments]
            run_program(recipe.name, command, folder, variables)
    run = RecipeRun(
        metrics_of(folder / "log" / "metrics.jsonl"),
        time.perf_counter() - began,
        _seconds_of_children() - children,
        time.process_time() - own,
    )
    engine.verify()
    check_metrics(recipe, run.metrics)
    return run


def check_tokenizer(environment: CookbookEnvironment, folder: Path) -> None:
    """Load the tokenizer's files with `transformers`, and use them in renderers of a release.

    Raises:
        RecipeFailed: A text does not come back, or a renderer does not take the tokenizer.
    """
    variables = variables_of(folder, environment)
    variables["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    write_tokenizer_cache(folder / "hf", PINNED)
    command = [str(environment.python), "-m", "tests.cookbook.tokenizer_program", *MODELS, *PINNED]
    run_program("the tokenizer", command, folder, variables)


def metrics_of(path: Path) -> Metrics:
    """Return the lines of a file of metrics, without durations, which differ from run to run.

    Raises:
        RecipeFailed: There is no such file.
    """
    if not path.is_file():
        raise RecipeFailed(f"the recipe ended without {path.name}; see its output")
    rows: Metrics = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if not key.startswith(_TIMINGS)} for row in rows]


def check_metrics(recipe: Recipe, metrics: Metrics) -> None:
    """Check that each step of a recipe logged its metrics.

    Raises:
        RecipeFailed: A metric is missing, or there are fewer steps than asked for.
    """
    for name in recipe.metrics:
        found = sum(name in row for row in metrics)
        if found == 0:
            raise RecipeFailed(f"{recipe.name}: no line has {name!r}; there are {sorted(metrics[0])}")
    steps = sum(recipe.metrics[0] in row for row in metrics)
    if steps < recipe.steps:
        raise RecipeFailed(f"{recipe.name}: {recipe.steps} steps were asked for, the metrics have {steps}")


def differences(calm: Metrics, disturbed: Metrics) -> list[str]:
    """Return a line for each metric that is not the same in two runs."""
    if len(calm) != len(disturbed):
        return [f"{len(calm)} lines of metrics without faults, {len(disturbed)} with them"]
    return [
        f"line {number}, {name}: {before.get(name)!r} without faults, {after.get(name)!r} with them"
        for number, (before, after) in enumerate(zip(calm, disturbed, strict=True), 1)
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def run_program(name: str, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
    """Run a program of a cookbook's environment to its end.

    Args:
        name: What it is called in errors.
        command: Its command.
        folder: The working directory.
        variables: Its environment variables.

    Raises:
        RecipeFailed: It failed, or took too long; the message has the end of its output.
    """
    code, output = run_group(name, command, folder, variables, SECONDS)
    if code != 0:
        shown = "\n".join(output.splitlines()[-_SHOWN_LINES:])
        raise RecipeFailed(f"{name} ended with exit code {code}:\n{shown}")


def run_group(
    name: str, command: Sequence[str], folder: Path, variables: Mapping[str, str], seconds: float
) -> tuple[int, str]:
    """Run a program to its end, or kill it with all that it has started.

    Returns:
        Its exit code, and its output and errors.

    Raises:
        RecipeFailed: It took too long.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RecipeFailed(f"{name} did not end within {seconds:g} s") from error
            raise
    return process.returncode, output


def variables_of(folder: Path, environment: CookbookEnvironment) -> dict[str, str]:
    """Return the environment variables of a program that runs in a folder, offline and without a key.

    Writes tokenizers below the folder, and names them in the variables.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_HIDDEN)}
    return {
        **kept,
        **write_tokenizer_cache(folder / "hf"),
        "HOME": str(folder),
        "PYTHONPATH": str(environment.packages),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "TINKER_API_KEY": "tml-no-key-of-the-service",
        "WANDB_MODE": "disabled",
        "NO_COLOR": "1",
    }


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
