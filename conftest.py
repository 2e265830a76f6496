"""What all tests of the kit share."""

import gc
import os
import sys
from pathlib import Path

pytest_plugins = ["pytester", "tests.support.needs_tools"]

# What stands beside releases of the official SDK is locked; `make` says the same for its other commands.
os.environ.setdefault("TINKER_CONFORMANCE_CONSTRAINTS", str(Path(__file__).parent / "locks/official.txt"))

# The tests start some hundred processes. Without cached bytecode each of them compiles the kit again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Spare each `gc.collect()` of a test the third of a second that six thousand collected tests cost it."""
    gc.collect()
    gc.freeze()
