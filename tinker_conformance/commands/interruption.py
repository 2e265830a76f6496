"""End a command on Ctrl-C and on SIGTERM.

`Interrupted` is raised in the main thread, and each command closes what it has opened. A process that is just
being started, which the command does not know yet, ends when this process ends (`sdk.process`,
`sdk.watchdog`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

import click

from tinker_conformance.commands.early_exit import BASE_CODE, SIGNALS

_T = TypeVar("_T")


class Interrupted(KeyboardInterrupt):
    """SIGINT or SIGTERM asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.name = signal.Signals(number).name
        self.exit_code = BASE_CODE + number


def interruptible_command(command: Callable[[], _T]) -> _T:
    """Run a command and return its result; SIGINT or SIGTERM ends it with exit code 130 or 143."""
    with _interruptible():
        try:
            return command()
        except Interrupted as error:
            click.echo(f"interrupted by {error.name}", err=True)
            raise SystemExit(error.exit_code) from None


def _end_with_input() -> None:
    """Send SIGTERM to this process once its standard input ends, because its parent is then gone."""

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
"""The option `--end-with-input`, with which the command ends as soon as its standard input ends."""


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay SIGINT or SIGTERM until the end of the block, so that files are written completely.

    A second signal interrupts the block, which may be waiting for a device that never answers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
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
    """Raise `Interrupted` in the main thread at the first signal; ignore further signals."""
    interrupted = False

    def interrupt(number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            raise Interrupted(number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
