"""What standard output cannot take changes neither what a command does nor, in most cases, its exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "tinker_conformance"]
SECONDS = 120
FULL = Path("/dev/full")

WRITES = """
import sys
from tinker_conformance.commands.output import Output
output = Output()
output.install()
print("✓ ✗ … é 中")
print("x" * 100_000)
sys.stderr.write(f"lost: {output.lost}")
"""


def _written(encoding: str) -> str:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", WRITES], env=environment, capture_output=True, timeout=SECONDS, check=True
    )
    assert done.stderr == b"lost: None"
    return done.stdout.decode(encoding).splitlines()[0]


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("ascii", r"+ x ... \xe9 \u4e2d"),
        ("latin-1", r"+ x ... é \u4e2d"),
        ("cp1252", r"+ x … é \u4e2d"),
        ("utf-8", "✓ ✗ … é 中"),
    ],
)
def test_a_sign_that_the_encoding_lacks_is_written_in_plain(encoding: str, line: str) -> None:
    assert _written(encoding) == line


@pytest.mark.parametrize("target", ["closed", "pipe", "full"])
def test_output_that_cannot_be_written_is_dropped_and_a_lost_reader_is_no_problem(target: str) -> None:
    if target == "full" and not FULL.exists():
        pytest.skip("there is no /dev/full here: Linux has it")
    reader, writer = os.pipe()
    os.close(reader)
    shell = {"closed": 'exec "$@" >&-', "full": 'exec "$@" >/dev/full', "pipe": 'exec "$@"'}[target]
    command = ["sh", "-c", shell, "sh", sys.executable, "-c", WRITES]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    os.close(writer)
    assert done.returncode == 0
    lost = "No space left on device" if target == "full" else "None"
    assert done.stderr.decode() == f"lost: {lost}"


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here: Linux has it")
@pytest.mark.parametrize("arguments", [["--version"], ["run", "--help"]])
def test_output_to_a_full_device_is_a_usage_error_in_one_line(arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS, check=False
        )
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "Error: standard output could not be written (No space left on device); send it somewhere else"
    ]


INTERRUPTED = """
import os, signal, sys

module, number = sys.argv[1:3]
del sys.argv[1:3]

class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), int(number))

sys.meta_path.insert(0, Hook())
from tinker_conformance.__main__ import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize(
    # The last two are loaded by the command that is asked for.
    "module",
    [
        "tinker_conformance.cli",
        "click",
        "msgspec",
        "rich.progress",
        "tinker_conformance.suite.conformance_run",
    ],
)
def test_an_interrupt_during_the_imports_is_one_line(module: str, number: signal.Signals) -> None:
    command = [sys.executable, "-c", INTERRUPTED, module, str(int(number)), "run", "--sdk", "reference"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 128 + number
    assert done.stderr == f"interrupted by {number.name}\n"


def test_the_handlers_are_there_before_anything_heavy_is_imported() -> None:
    script = "import sys; import tinker_conformance.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=False,
        timeout=SECONDS, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])})  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not loaded & {
        "asyncio",
        "click",
        "httpx",
        "msgspec",
        "pytest",
        "rich",
        "yaml",
        "tinker_conformance.cli",
    }
    kits = {name for name in loaded if name.startswith(("tinker_conformance.", "fake_server"))}
    assert kits == {
        "tinker_conformance.__main__",
        "tinker_conformance._fake_server",
        "tinker_conformance._version",
        "tinker_conformance.commands",
        "tinker_conformance.commands.early_exit",
        "tinker_conformance.commands.output",
    }
