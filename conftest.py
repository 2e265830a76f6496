"""What all tests of the kit share."""

import gc
import os
import sys
from pathlib import Path

from hypothesis import settings

pytest_plugins = ["pytester", "tests.support.needs_tools"]

# What stands beside releases of the official SDK is locked; `make` says the same for its other commands.
os.environ.setdefault("TINKER_CONFORMANCE_CONSTRAINTS", str(Path(__file__).parent / "locks/official.txt"))

# The tests start some hundred processes. Without cached bytecode each of them compiles the kit again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Machines are slow at times. A command that a test runs in this process would move the folder of Hypothesis.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parent / ".hypothesis"))


def pytest_collection_finish() -> None:
    """Spare each `gc.collect()` of a test the third of a second that six thousand collected tests cost it."""
    gc.collect()
    gc.freeze()
