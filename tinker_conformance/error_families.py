"""The base classes of all errors of this package, by who is at fault: user, SDK, server or kit.

Every error that leaves the package is of one of these classes, and its text ends with what the reader can do.
`commands/guard.py` turns the class into an exit code, `suite/` into a usage error or a failure of pytest.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """The root of all errors of this package."""


class UserError(ConformanceError, ValueError):
    """A mistake of the user: in an option, a file, a profile or a scenario. Exit code 2.

    Attributes:
        is_stale: Whether the mistake is an entry of a file of known failures that matches nothing in the run;
            the exit code is then 3.
    """

    def __init__(self, text: str, *, is_stale: bool = False) -> None:
        super().__init__(text)
        self.is_stale = is_stale


class SdkError(ConformanceError, RuntimeError):
    """The SDK under test, its adapter or its environment does not work. Exit code 4."""


class SdkStartError(SdkError):
    """The SDK, its adapter or its environment cannot be started; the text says why and how to fix it.

    Attributes:
        is_final: Whether no other environment in the cache would help, because the catalogue is wrong.
    """

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


class ServerUnderTestError(ConformanceError, RuntimeError):
    """The server under test does not answer, went away, or takes too long. Exit code 4."""


class KitError(ConformanceError, RuntimeError):
    """The kit itself does not work. Exit code 5."""
