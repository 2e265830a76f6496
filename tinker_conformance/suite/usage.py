"""Report a usage error of the suite only once: one message, and pytest's exit code 4.

An exception in a collector becomes an error of that collector, with a traceback, and the suite has one module
per chapter. So the first module notes the problem here, and the plugin raises the error for the whole
session. A worker of pytest-xdist hands the problem to the controller, which raises the error.

The module imports nothing slow, because the plugin loads it in every pytest run.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

_PROBLEM: Final = pytest.StashKey[str]()
_OUTPUT: Final = "tinker_conformance_usage"


def note_problem(config: pytest.Config, error: Exception) -> None:
    """Store a usage error for `raise_problem`."""
    config.stash[_PROBLEM] = str(error)


def raise_problem(session: pytest.Session) -> None:
    """End the session if a usage problem was noted; otherwise do nothing.

    Raises:
        pytest.UsageError: If a problem was noted.
        pytest.Session.Failed: If a problem was noted in a worker of pytest-xdist; the controller raises the
            error.
    """
    problem = session.config.stash.get(_PROBLEM, None)
    if problem is None:
        return
    # pytest-xdist sends `workeroutput` to the controller when the worker ends.
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is None:
        raise pytest.UsageError(problem)
    output[_OUTPUT] = problem
    raise session.Failed(problem)


def raise_problem_of_worker(output: dict[str, Any]) -> None:
    """Raise the usage error that a worker of pytest-xdist handed over, if there is one.

    Args:
        output: The `workeroutput` of the worker; empty if it crashed.

    Raises:
        pytest.UsageError: If the worker handed over a problem.
    """
    if _OUTPUT in output:
        raise pytest.UsageError(output[_OUTPUT])
