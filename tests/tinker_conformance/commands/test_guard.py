"""Whatever is raised, a command ends with one line on standard error and an exit code that says who acts."""

from __future__ import annotations

import builtins
import errno
import os

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from tinker_conformance.cli import main
from tinker_conformance.commands.guard import TRACEBACK_VARIABLE, Program, guarded
from tinker_conformance.error_families import SdkStartError, ServerUnderTestError, UserError
from tinker_conformance.profile import profile_files


def _ended(error: BaseException) -> Result:
    """How a program ends whose only command raises this."""

    @click.group(cls=Program)
    def program() -> None: ...

    @program.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(program, ["fail"])


def _made(kind: type[Exception]) -> Exception | None:
    for arguments in (
        (),
        ("\x1b[31mtext\nmore",),
        ("utf-8", b"", 0, 1, "r"),
        ("utf-8", "", 0, 1, "r"),
        ("t", []),
    ):
        try:
            return kind(*arguments)
        except (TypeError, ValueError):
            continue
    return None


BUILTINS = [
    made
    for each in vars(builtins).values()
    if isinstance(each, type) and issubclass(each, Exception) and (made := _made(each)) is not None
]


@pytest.mark.parametrize("error", BUILTINS, ids=lambda error: type(error).__name__)
def test_an_exception_that_nobody_expects_is_a_fault_of_the_kit(error: Exception) -> None:
    done = _ended(error)
    assert done.exit_code == (2 if isinstance(error, MemoryError) else 5)
    assert done.output.count("\n") == 1, done.output
    assert "\x1b" not in done.output
    if done.exit_code == 5:
        assert f"this is a bug in tinker-conformance, not in the SDK: {type(error).__name__}" in done.output
        assert "in test_guard.py, line " in done.output
        assert (
            f"Please report it, with the output of the same command under {TRACEBACK_VARIABLE}=1"
            in done.output
        )


@given(st.sampled_from(sorted(errno.errorcode)), st.one_of(st.none(), st.just("some/place")))
def test_an_error_of_the_file_system_is_a_usage_error(number: int, place: str | None) -> None:
    error = OSError(number, os.strerror(number), place)
    done = _ended(error)
    assert done.exit_code in {2, 5}
    assert done.output.count("\n") == 1
    assert os.strerror(number) in done.output
    if number in {errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EROFS, errno.ENOTDIR}:
        assert done.exit_code == 2
        assert place is None or f"Error: {place}: " in done.output


def test_a_missing_file_of_the_kit_is_a_fault_of_the_kit() -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", profile_files.__file__)
    assert _ended(error).exit_code == 5


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("a report"), 2),
        (click.UsageError("a report"), 2),
        (UserError("a report", is_stale=True), 3),
        (ServerUnderTestError("a report"), 4),
        (SdkStartError("a report"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_of_the_kit_are_printed_in_their_own_words(error: BaseException, code: int) -> None:
    done = _ended(error)
    assert done.exit_code == code
    assert done.output.strip() == ("interrupted by SIGINT" if code == 130 else "Error: a report")


def test_a_traceback_is_printed_if_the_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    done = _ended(KeyError("x"))
    assert done.exit_code == 5
    assert "Traceback (most recent call last)" in done.output


def test_exit_code_1_comes_from_a_command_alone() -> None:
    assert guarded(lambda: 1) == 1
    assert guarded(lambda: None) == 0
    assert _ended(SystemExit(1)).exit_code == 1


@pytest.mark.parametrize(
    "arguments", [["--nothing"], ["nothing"], ["run"], ["run", "--sdk", "x", "--nothing"]]
)
def test_a_usage_error_is_one_line_that_names_where_the_options_are_explained(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments, prog_name="tinker-conformance")
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert done.output.startswith("Error: ")
    assert done.output.endswith(" --help\n")
