"""Turn exceptions into an error line and an exit code, for every command.

Failure model. Each exception becomes one line on standard error and an exit code. The code is 2 for what the
user can fix, 4 if the adapter or its environment failed, and 5 for a bug in the kit. Exit code 1 is never
used here: it means that the SDK failed.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from fake_server.core.errors import ScriptError, meant
from fake_server.core.visible_text import visible, visible_lines
from tinker_conformance.commands.interruption import interruptible_command
from tinker_conformance.error_families import SdkError, ServerUnderTestError, UserError
from tinker_conformance.report.exit_codes import INTERRUPTED, Exit

TRACEBACK_VARIABLE: Final = "TINKER_CONFORMANCE_TRACEBACK"
"""The environment variable that makes the kit print the traceback of its own bugs."""

_CODES: Final[tuple[tuple[type[Exception], Exit], ...]] = (
    (UserError, Exit.USAGE),
    (ScriptError, Exit.USAGE),
    (SdkError, Exit.ADAPTER),
    (ServerUnderTestError, Exit.ADAPTER),
)
"""The exit code for each family of errors; the first family to which an error belongs counts."""

_PLACES: Final = frozenset(
    {
        errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EINVAL, errno.EIO, errno.EISDIR,
        errno.ELOOP, errno.EMFILE, errno.ENAMETOOLONG, errno.ENFILE, errno.ENODEV, errno.ENOENT,
        errno.ENOMEM, errno.ENOSPC, errno.ENOTDIR, errno.ENOTEMPTY, errno.ENXIO, errno.EPERM, errno.EROFS,
        errno.ESTALE, errno.ETXTBSY,
    }
)  # fmt: skip
"""Numbers of operating-system errors that the user can fix, such as a full disk or a missing folder."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_MOST_CHARACTERS: Final = 2000
_OF_CLICK: Final = "Got unexpected extra argument"


class Listed(click.Group):
    """A command group whose help shows the whole first sentence about each command."""

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's own signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands for the help, without cutting lines as click does."""
        rows = [
            (name, each.get_short_help_str(limit=_MOST_CHARACTERS)) for name, each in self.commands.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows))


class Program(Listed):
    """A command group that turns any exception into an error line and a documented exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; SIGINT and SIGTERM end the command with every process that it started.

        Exceptions are handled here, because click itself would exit with code 1 for some of them.
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
        """Run the command line, and exit; see `click.Command.main`."""
        click_main = super().main

        def run() -> object:
            return click_main(args, prog_name, complete_var, standalone_mode=False, **extra)

        return sys.exit(guarded(run)) if standalone_mode else run()


def guarded(run: Callable[[], object]) -> int:
    """Run a command and return its exit code; print an exception as one line on standard error.

    Args:
        run: Runs the command and returns its exit code; any value that is not an int counts as 0.
    """
    try:
        done = run()
    except SystemExit as error:
        done = error.code
    except click.exceptions.Exit as error:
        done = error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _failed("interrupted by SIGINT", INTERRUPTED)
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # click 8.2 and newer
            error.show()
            return Exit.USAGE
        return _failed(f"Error: {_usage(error)}", Exit.USAGE)
    except Exception as error:  # noqa: BLE001 - the last place that could say anything
        return _failed(*described(error))
    return done if isinstance(done, int) else Exit.HELD


def undelivered(code: int) -> int:
    """Return the exit code to use when a requested output could not be written.

    The exit codes of verdicts become 2, so that nobody takes incomplete output for a full answer. The codes
    of errors stay.
    """
    return Exit.USAGE if code in {Exit.HELD, Exit.SDK_FAILED, Exit.STALE, Exit.NOTHING_TESTED} else code


def described(error: Exception) -> tuple[str, Exit]:
    """Return the error line for an exception, and the exit code."""
    if isinstance(error, UserError) and error.is_stale:
        return f"Error: {error}", Exit.STALE
    for kind, code in _CODES:
        if isinstance(error, kind):
            return f"Error: {error}", code
    if isinstance(error, OSError) and error.errno in _PLACES and not _is_ours(error.filename):
        where = f"{error.filename}: " if error.filename is not None else ""
        what = error.strerror or str(error)
        return f"Error: {where}{what}; check that the path exists, is writable and has free space", Exit.USAGE
    if isinstance(error, MemoryError):
        return "Error: out of memory; judge less at once, or give the process more memory", Exit.USAGE
    return _fault(error), Exit.KIT


def _fault(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(each.filename).name}, line {each.lineno}" for each in last)
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    text = visible(f"{type(error).__name__}: {error}")[: _MOST_CHARACTERS // 2]
    return (
        f"Error: this is a bug in tinker-conformance, not in the SDK: {text}{where}. Please report it, "
        f"with the output of the same command under {TRACEBACK_VARIABLE}=1"
    )


def _usage(error: click.ClickException) -> str:
    """Return the message of a usage error; if click found the error, the message also names `--help`."""
    message = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    message = re.sub(r"a valid (integer|float) range", r"a valid \1", message)
    if isinstance(error, click.BadOptionUsage) and context is None:
        return f"{message.rstrip('.')}; see --help"
    if context is None or (type(error) is click.UsageError and not message.startswith(_OF_CLICK)):
        return message
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown is not None and isinstance(context.command, click.Group):
        message = f"{unknown.group()}{meant(unknown[1], context.command.commands)}"
    return f"{message.rstrip('.')}; see {context.command_path} --help"


def _is_ours(filename: object) -> bool:
    """Return whether a file belongs to the kit, so that the user cannot fix a problem with it."""
    return isinstance(filename, str) and Path(filename).resolve().is_relative_to(_PACKAGE)


def _failed(text: str, code: int) -> int:
    cut = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    click.echo(visible_lines(cut), err=True)
    return code
