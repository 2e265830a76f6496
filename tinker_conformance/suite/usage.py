"""A mistake in how the suite was started, reported once: one message, and pytest's exit code 4.

pytest turns what a collector raises into an error of that collector, with a traceback, and the suite has a
module for each chapter. So the first module notes the problem here, and the plugin raises it for the whole
session. A worker of pytest-xdist hands it to the controller, which raises it there.

Imports nothing heavy: the plugin loads this module in every pytest run.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

_PROBLEM: Final = pytest.StashKey[str]()
_OUTPUT: Final = "tinker_conformance_usage"


def note_problem(config: pytest.Config, error: Exception) -> None:
    """Note what is wrong, for `raise_problem`."""
    config.stash[_PROBLEM] = str(error)


def raise_problem(session: pytest.Session) -> None:
    """End the session if a usage problem was noted; otherwise do nothing.

    Raises:
        pytest.UsageError: There is a problem.
        pytest.Session.Failed: There is one, and this is a worker of pytest-xdist; the controller raises it.
    """
    problem = session.config.stash.get(_PROBLEM, None)
    if problem is None:
        return
    # pytest-xdist's interface: whatever a worker puts there reaches the controller when it ends.
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is None:
        raise pytest.UsageError(problem)
    output[_OUTPUT] = problem
    raise session.Failed(problem)


def raise_problem_of_worker(output: dict[str, Any]) -> None:
    """Raise the usage problem that a worker of pytest-xdist handed over, if there is one.

    Args:
        output: The worker's `workeroutput`; empty if it crashed.

    Raises:
        pytest.UsageError: There is a problem.
    """
    if _OUTPUT in output:
        raise pytest.UsageError(output[_OUTPUT])
