"""The one place that says how a command ends when something was raised.

Failure model. Each exception is one line on standard error and an exit code: 2 where the user can put it
right, 4 where the adapter or its environment failed, 5 for everything else, which is a fault of the kit. Exit
code 1 is never given here: it says that an SDK failed.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from fake_server.core.errors import ScriptError
from fake_server.core.visible_text import visible, visible_lines
from tinker_conformance.commands.interruption import interruptible_command
from tinker_conformance.error_families import SdkError, UserError
from tinker_conformance.known_failures.entry_reading import UnmatchedEntryError
from tinker_conformance.report.exit_codes import INTERRUPTED, Exit
from tinker_conformance.sdk.official.environments import NoCacheFolderError

TRACEBACK_VARIABLE: Final = "TINKER_CONFORMANCE_TRACEBACK"
"""The environment variable that has a fault of the kit print where it came from."""

_CODES: Final[tuple[tuple[type[Exception], Exit], ...]] = (
    (UnmatchedEntryError, Exit.STALE),
    (NoCacheFolderError, Exit.USAGE),
    (UserError, Exit.USAGE),
    (ScriptError, Exit.USAGE),
    (SdkError, Exit.ADAPTER),
)
"""Errors whose text says what happened and what to do. The first that fits counts."""

_PLACES: Final = frozenset(
    {
        errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EINVAL, errno.EIO, errno.EISDIR,
        errno.ELOOP, errno.EMFILE, errno.ENAMETOOLONG, errno.ENFILE, errno.ENODEV, errno.ENOENT,
        errno.ENOMEM, errno.ENOSPC, errno.ENOTDIR, errno.ENOTEMPTY, errno.ENXIO, errno.EPERM, errno.EROFS,
        errno.ESTALE, errno.ETXTBSY,
    }
)  # fmt: skip
"""What the system says of a file, a folder or a machine that cannot be used: the user's to put right."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_MOST_CHARACTERS: Final = 2000


class Program(click.Group):
    """A group of commands that ends, whatever is raised, with a line and one of the exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs a command; SIGINT and SIGTERM end it, with everything that it started.

        Guarded here, before click sees what was raised: it gives some exceptions the exit code 1.
        """
        invoke = super().invoke
        sys.exit(guarded(lambda: interruptible_command(lambda: invoke(ctx))))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's own signature
        **extra: Any,
    ) -> Any:
        """Runs the command line, and exits; see `click.Command.main`."""
        whole = super().main

        def run() -> object:
            return whole(args, prog_name, complete_var, standalone_mode=False, **extra)

        return sys.exit(guarded(run)) if standalone_mode else run()


def guarded(run: Callable[[], object]) -> int:
    """Runs a command, and gives its exit code; what was raised is told in a line on standard error.

    Args:
        run: Returns an exit code or anything else, which counts as 0; raises what it likes.
    """
    try:
        done = run()
    except SystemExit as error:
        done = error.code
    except click.exceptions.Exit as error:
        done = error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _told("interrupted by SIGINT", INTERRUPTED)
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # click 8.2 and newer
            error.show()
            return Exit.USAGE
        return _told(f"Error: {_usage(error)}", Exit.USAGE)
    except Exception as error:  # noqa: BLE001 - the last place that could say anything
        return _told(*described(error))
    return done if isinstance(done, int) else Exit.HELD


def undelivered(code: int) -> int:
    """Return the exit code where something that was asked for could not be written.

    A verdict becomes 2, so that nobody takes half of an answer for the whole; an error stays what it is.
    """
    return Exit.USAGE if code in {Exit.HELD, Exit.SDK_FAILED, Exit.STALE, Exit.NOTHING_TESTED} else code


def described(error: Exception) -> tuple[str, Exit]:
    """What is to be said of an exception, and the exit code."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return f"Error: {error}", code
    if isinstance(error, OSError) and error.errno in _PLACES and not _is_ours(error.filename):
        where = f"{error.filename}: " if error.filename is not None else ""
        what = error.strerror or str(error)
        return f"Error: {where}{what}; check that the place exists, is writable and has room", Exit.USAGE
    if isinstance(error, MemoryError):
        return "Error: out of memory; ask for less at once, or give the process more", Exit.USAGE
    return _fault(error), Exit.KIT


def _fault(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(each.filename).name}, line {each.lineno}" for each in last)
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    text = visible(f"{type(error).__name__}: {error}")[: _MOST_CHARACTERS // 2]
    return (
        f"Error: a fault of tinker-conformance, not of the SDK: {text}{where}. Please report it, with the "
        f"output of the same command under {TRACEBACK_VARIABLE}=1"
    )


def _usage(error: click.ClickException) -> str:
    """The message; for an error that click found itself, with the command that explains the options."""
    message = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or type(error) is click.UsageError:
        return message
    return f"{message.rstrip('.')}; see {context.command_path} --help"


def _is_ours(filename: object) -> bool:
    """Whether a file is one of the kit's own, which no user has to put right."""
    return isinstance(filename, str) and Path(filename).resolve().is_relative_to(_PACKAGE)


def _told(text: str, code: int) -> int:
    cut = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    click.echo(visible_lines(cut), err=True)
    return code
