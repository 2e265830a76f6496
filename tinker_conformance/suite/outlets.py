"""The functions through which all texts of the suite reach pytest, with control characters escaped.

Much of a text comes from an SDK, a server, an adapter or a file, and pytest prints it as it is. No other
module of the suite calls pytest's own functions; a test checks that.
"""

from __future__ import annotations

from typing import NoReturn

import pytest

from fake_server.core.visible_text import visible_lines


def usage_error(text: str) -> pytest.UsageError:
    """Return pytest's usage error with a text about a mistake in the options."""
    return pytest.UsageError(visible_lines(text))


def skip(reason: str) -> NoReturn:
    """Skip the current test."""
    __tracebackhide__ = True
    pytest.skip(visible_lines(reason))


def xfail(reason: str) -> NoReturn:
    """End the current test as an expected failure."""
    __tracebackhide__ = True
    pytest.xfail(visible_lines(reason))


def fail(reason: str) -> NoReturn:
    """Fail the current test, without a traceback of the kit."""
    __tracebackhide__ = True
    pytest.fail(visible_lines(reason), pytrace=False)


def stop(session: pytest.Session, reason: str) -> None:
    """Stop the session after the current test."""
    session.shouldstop = visible_lines(reason)


def write_line(terminal: pytest.TerminalReporter, text: str, *, red: bool = False) -> None:
    """Print a line in the summary at the end."""
    terminal.write_line(visible_lines(text), red=red)
