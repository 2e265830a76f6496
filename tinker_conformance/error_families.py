"""The errors of this package, by who is at fault. Each ends with what the reader can do.

Every error that leaves the package belongs to one of these families. `commands/guard.py` turns a family into
an exit code, and `suite/` into a usage error or a failure of pytest.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """The root of all errors of this package."""


class UserError(ConformanceError, ValueError):
    """A mistake of the user: in an option, a file, a profile or a scenario. Exit code 2."""


class SdkError(ConformanceError, RuntimeError):
    """The SDK under test, its adapter or its environment does not work. Exit code 4."""


class KitError(ConformanceError, RuntimeError):
    """The kit itself does not work. Exit code 5."""
