"""How a command ends on Ctrl-C and on SIGTERM: at once, with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, TypeVar

import click

from tinker_conformance.commands.early_exit import BASE_CODE, SIGNALS
from tinker_conformance.sdk.process.line_process import close_all, kill_all

_T = TypeVar("_T")

_LOOK_SECONDS: Final = 0.05


class Interrupted(KeyboardInterrupt):
    """The user, or whoever started the command, wants it to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.name = signal.Signals(number).name
        self.exit_code = BASE_CODE + number


def interruptible_command(command: Callable[[], _T]) -> _T:
    """Runs a command that SIGINT and SIGTERM end with exit code 130 or 143; it leaves no process behind."""
    with _interruptible():
        try:
            return command()
        except Interrupted as error:
            click.echo(f"interrupted by {error.name}", err=True)
            raise SystemExit(error.exit_code) from None
        finally:
            close_all()


def ended_while_killing(end: Callable[[], None]) -> None:
    """Runs what would wait for children to answer, and kills them, those too that are started meanwhile."""
    thread = threading.Thread(target=end, name="ending")
    thread.start()
    while thread.is_alive():
        kill_all()
        thread.join(_LOOK_SECONDS)


def _end_with_input() -> None:
    """Ends this process as SIGTERM does when its standard input ends: when its parent is gone."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


ends_with_input = click.option(
    "--end-with-input",
    is_flag=True,
    hidden=True,
    expose_value=False,
    callback=lambda _context, _parameter, wanted: _end_with_input() if wanted else None,
)
"""For a command that another program starts: ends as by SIGTERM when standard input does."""


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay the first SIGINT or SIGTERM to the end of the block, so that what is being written is finished.

    A second one interrupts the block: it may be waiting for a device that never answers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of signals
        return
    delayed: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        if delayed and callable(handler):
            handler(number, frame)
        delayed.append(number)

    before = {number: signal.signal(number, remember) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if delayed:
        signal.raise_signal(delayed[0])


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
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
