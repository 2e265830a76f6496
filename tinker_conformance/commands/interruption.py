"""How a command ends on Ctrl-C and on SIGTERM: at once, with everything that it started."""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, ParamSpec

from tinker_conformance.sdk.process.line_process import close_all, kill_all

P = ParamSpec("P")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_BASE_CODE: Final = 128
_LOOK_SECONDS: Final = 0.05


class Interrupted(KeyboardInterrupt):
    """The user, or whoever started the command, wants it to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.name = signal.Signals(number).name
        self.exit_code = _BASE_CODE + number


def ends_on_signals(command: Callable[P, None]) -> Callable[P, None]:
    """Makes a command end on SIGINT and SIGTERM with exit code 130 or 143, and leave no process behind."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        with _interruptible():
            try:
                command(*args, **kwargs)
            except Interrupted as error:
                sys.exit(error.exit_code)
            finally:
                close_all()

    return guarded


def ended_while_killing(end: Callable[[], None]) -> None:
    """Runs what would wait for children to answer, and kills them, those too that are started meanwhile."""
    thread = threading.Thread(target=end, name="ending")
    thread.start()
    while thread.is_alive():
        kill_all()
        thread.join(_LOOK_SECONDS)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Raises `Interrupted` in the main thread at the first signal; further ones change nothing."""
    interrupted = False

    def interrupt(number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            raise Interrupted(number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of signals
        return
    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
