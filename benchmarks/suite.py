"""The whole suite beside the same polls without the kit, and with two workers beside one."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.table import Section, Target, cores
from tinker_conformance.error_families import SdkStartError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.requirements.as_of import asked_of
from tinker_conformance.scenario import encode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.official.environments import lean_environment

RELEASE: Final = "0.38.0"
_REFERENCE_PROFILE: Final = "tinker-0.38"


_ALONE: Final = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Other plugins of pytest, and how long they take, are none of ours."""
_CORES_OF_TWO_WORKERS: Final = 4
_XDIST: Final = ("-p", "xdist", "-n")


@dataclass(frozen=True, slots=True)
class Cost:
    """The time of a command and its child processes, in seconds."""

    real: float
    cpu: float


@dataclass(frozen=True, slots=True)
class MeasuredSdk:
    """An SDK under measurement, and how to run it without the kit."""

    spec: str
    adapter: str
    python: str
    environment: Mapping[str, str]
    profile: Profile
    note: str = ""


def measured(*, rounds: int, official: bool, suite: str = "tinker_conformance.suite") -> Section:
    """Runs the suite and the bare polls.

    Args:
        rounds: Runs of each; the fastest counts.
        suite: The modules of the suite that are run.
        official: Whether to judge the official SDK, which must be installed or can be.
    """
    sdk = sdk_to_measure(official=official)
    tests = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "tinker_conformance.plugin",
    ]
    tests += ["--pyargs", suite, "--sdk", sdk.spec, "--profile", sdk.profile.name]
    bare = [sdk.python, "-m", "benchmarks.bare_polls", sdk.adapter]
    lines = _lines(sdk.profile)
    workers = find_spec("xdist") is not None
    costs: dict[str, list[Cost]] = {
        "bare": [],
        "suite": [],
        "suite, up to its first requirement": [],
        "one worker": [],
        "two workers": [],
    }
    polls = 0
    for _ in range(rounds):
        cost, out = _run(bare, environment=sdk.environment, data=lines)
        polls = json.loads(out)["polls"]
        costs["bare"].append(cost)
        costs["suite"].append(_run(tests, environment=_ALONE)[0])
        collected = [*tests, "--collect-only"]
        costs["suite, up to its first requirement"].append(_run(collected, environment=_ALONE)[0])
        if workers:
            costs["one worker"].append(_run([*tests, *_XDIST, "1"], environment=_ALONE)[0])
            costs["two workers"].append(_run([*tests, *_XDIST, "2"], environment=_ALONE)[0])
    best = {name: _best(found) for name, found in costs.items() if found}
    rows = [(name, f"{cost.real:.1f}", f"{cost.cpu:.1f}") for name, cost in best.items()]
    about = (
        f"`{sdk.spec}` under `{sdk.profile.name}`, {polls:,} polls. Bare are the same scenarios, SDK, fake "
        "server and frozen clock in one process without timeline, reference and verdicts. Seconds of "
        "everything that the command started, its interpreters included."
        f"{sdk.note}"
    )
    early = best["suite, up to its first requirement"].real
    note = f"{early:.1f} s pass before the first requirement: pytest, the kit, both processes"
    ratio = best["suite"].real / best["bare"].real
    targets = [
        Target("the suite beside the bare polls, real time", ratio, 1.5, "times", note=note),
        two_workers_target(best.get("one worker"), best.get("two workers"), cores()),
    ]
    return Section("The suite", about, ("", "seconds", "CPU seconds"), rows, targets)


def two_workers_target(one: Cost | None, two: Cost | None, cores: int) -> Target:
    """How much faster two workers are than one, where there are enough cores for them.

    Args:
        one: The cost of the suite with one worker; None if pytest-xdist is not installed.
        two: The same with two.
        cores: How many cores there are. One worker already uses two, for the SDK and the reference.
    """
    speedup, note = None, "pytest-xdist is not installed"
    if one is not None and two is not None:
        if cores < _CORES_OF_TWO_WORKERS:
            note = f"{cores} cores, and two workers use {_CORES_OF_TWO_WORKERS}"
        else:
            speedup, note = one.real / two.real, f"{cores} cores"
    return Target("two workers beside one, real time", speedup, 1.7, "times", at_least=True, note=note)


def sdk_to_measure(*, official: bool) -> MeasuredSdk:
    """Return the official SDK, or the reference if it is not asked for or cannot be had."""
    note = ""
    if official:
        try:
            found = lean_environment(RELEASE)
        except SdkStartError as error:
            note = f" tinker {RELEASE} could not be had ({error}); this is the reference."
        else:
            profile = profile_for(RELEASE)
            environment = found.environment()
            # The interpreter that has the SDK knows nothing of this package.
            environment["PYTHONPATH"] += f"{os.pathsep}{Path(__file__).parents[1]}"
            return MeasuredSdk(f"official=={RELEASE}", "official", str(found.python), environment, profile)
    profile = load_profile(_REFERENCE_PROFILE)
    return MeasuredSdk("reference", "reference", sys.executable, os.environ, profile, note)


def _lines(profile: Profile) -> bytes:
    scenarios = shipped_scenarios()
    names = dict.fromkeys(name for required in asked_of(profile, None) for name in required.scenarios)
    chosen = [scenarios[name] for name in names if not scenarios[name].calls]
    lines = [msgspec.json.encode(profile)]
    lines += [json.dumps(encode_scenario(scenario)).encode() for scenario in chosen]
    return b"\n".join(lines)


def _run(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, data: bytes = b""
) -> tuple[Cost, bytes]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        run = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            timeout=600,
            check=False,
        )
        if run.returncode != 0:
            errors.seek(0)
            raise RuntimeError(
                f"{' '.join(command)} ended with {run.returncode}: {run.stdout + errors.read()!r}"
            )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - start, cpu), run.stdout


def _best(costs: Sequence[Cost]) -> Cost:
    return Cost(min(cost.real for cost in costs), min(cost.cpu for cost in costs))
