"""Every way in which a program asks asyncio for a loop gives one on the frozen clock."""

from __future__ import annotations

import ast
import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop, virtual_loops

ROOT = Path(__file__).parents[3]


async def running() -> type:
    return type(asyncio.get_running_loop())


def by_run() -> type:
    return asyncio.run(running())


def by_runner() -> type:
    with asyncio.Runner() as runner:
        return runner.run(running())


def by_hand() -> type:
    loop = asyncio.new_event_loop()
    loop.close()
    return type(loop)


@pytest.mark.parametrize("way", [by_run, by_runner, by_hand])
@pytest.mark.parametrize("threaded", [False, True])
def test_a_new_loop_is_on_the_clock(way: Callable[[], type], threaded: bool) -> None:
    found: list[type] = []
    with virtual_loops(FrozenClock()):
        if threaded:
            thread = threading.Thread(target=lambda: found.append(way()))
            thread.start()
            thread.join()
        else:
            found.append(way())
    assert found == [VirtualTimeLoop]
    assert by_run() is not VirtualTimeLoop


def test_nothing_of_ours_uses_event_loop_policies() -> None:
    """They are deprecated in Python 3.14 and removed in 3.16."""
    for folder in ("fake_server", "tinker_conformance", "benchmarks", "examples", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            names = {
                node.attr if isinstance(node, ast.Attribute) else node.id
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(node, ast.Attribute | ast.Name)
            }
            assert not [
                name for name in names if "event_loop_policy" in name.lower() or "LoopPolicy" in name
            ], file
