"""The cost of a test before its first line: starting servers, freezing clocks, loading the plugin."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import respx

from benchmarks.table import Section, Target
from fake_server import FakeTinker, FakeTinkerServer, mounted

_LIBRARIES: Final = ("numpy", "pydantic", "transformers")
_FREEZE: Final = """
import importlib, json, sys, time
for name in sys.argv[2:]:
    importlib.import_module(name)
from tinker_conformance.downstream.clock import frozen_clock
took = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    with frozen_clock(1_750_000_000.0) as clock:
        clock.advance(1)
        time.time()
    took.append((time.perf_counter() - start) * 1e3)
print(json.dumps({"first": took[0], "best": min(took[1:]), "modules": len(sys.modules)}))
"""
_RUN: Final = """
import os, sys, time
import pytest
start = time.process_time()
pytest.main(sys.argv[1:])
print((time.process_time() - start) * 1e3, file=sys.stderr)
"""


def measured(*, rounds: int, runs: int) -> Section:
    """Milliseconds of each.

    Args:
        rounds: Of what takes less than a millisecond.
        runs: Of pytest, with the plugin and without.
    """
    socket = _best(lambda: FakeTinkerServer(FakeTinker()), rounds)
    bare = _best(lambda: respx.mock(using="httpx", assert_all_called=False), rounds)
    ours = _best(lambda: mounted(FakeTinker()), rounds)
    present = [name for name in _LIBRARIES if find_spec(name) is not None]
    frozen = _frozen(max(rounds, 2), present)
    plugin, spread = _plugin(runs)
    libraries = f"{', '.join(present) or 'nothing else'} imported"
    rows = [
        ("socket server", f"{socket:.2f}"),
        ("in-process server", f"{ours:.2f}"),
        ("respx alone", f"{bare:.2f}"),
        (f"clock, {libraries} ({frozen['modules']:,.0f} modules)", f"{frozen['best']:.2f}"),
        ("clock, the first of a session", f"{frozen['first']:.2f}"),
        ("plugin, in an unrelated run of pytest (CPU)", f"{plugin:.1f} (runs differ by {spread:.1f})"),
    ]
    absent = "not installed: " + ", ".join(name for name in _LIBRARIES if name not in present)
    complete = len(present) == len(_LIBRARIES)
    targets = [
        Target("start and stop of the socket server", socket, 2, "ms"),
        Target("start and stop in process, beyond respx", ours - bare, 1, "ms"),
        Target(f"clock, {libraries}", frozen["best"] if complete else None, 1, "ms", note=absent),
        Target("plugin", plugin, 15, "ms"),
    ]
    about = (
        "Milliseconds, the best of many (the plugin: in processor time, to a run that loads no other). "
        "The clock freezes, moves by a second, is read, and comes back."
    )
    return Section("Starting", about, ("", "ms"), rows, targets)


def _best(made: Callable[[], AbstractContextManager[object]], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        with made():
            pass
        took.append(time.perf_counter() - start)
    return min(took) * 1e3


def _frozen(rounds: int, libraries: list[str]) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-c", _FREEZE, str(rounds), *libraries]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def _plugin(runs: int) -> tuple[float, float]:
    """What it adds to a run of one empty test, and how far the faster half of such runs differs anyway."""
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder, "test_nothing.py")
        test.write_text("def test_nothing(): pass\n", encoding="utf-8")
        without, with_it = [], []
        for _ in range(runs):
            without.append(_pytest(folder))
            with_it.append(_pytest(folder, "-p", "tinker_conformance.plugin"))
    return min(with_it) - min(without), statistics.median(without) - min(without)


def _pytest(folder: str, *options: str) -> float:
    command = [sys.executable, "-c", _RUN, "-q", "-p", "no:cacheprovider", *options, "test_nothing.py"]
    # Other plugins, and how long they take, are none of ours.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return float(run.stderr.splitlines()[-1])
