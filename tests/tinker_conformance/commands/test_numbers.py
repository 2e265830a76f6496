"""Every numeric option of every command refuses what is no number, or out of range: exit code 2, one line."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from click.types import FloatParamType, IntParamType
from hypothesis import example, given
from hypothesis import strategies as st

from tinker_conformance.cli import main

NEEDED = {
    "run": ["--sdk", "reference", "--profile", "tinker-0.5.1"],
    "check-adapter": ["exec:true"],
    "record-goldens": ["--out", "never-made"],
    "server": ["--url", "http://127.0.0.1:9"],
}
"""What a command needs beside the option, so that the option alone can be what is wrong."""

HUGE = "9" * 5000
NUMBERS = st.one_of(
    st.integers(min_value=2**64).map(str),
    st.integers(max_value=-(2**64)).map(str),
    st.floats(min_value=1e9, allow_infinity=True).map(repr),
    st.floats(max_value=-1e-9, allow_infinity=True).map(repr),
    st.text(st.characters(blacklist_categories=["Nd", "Cs"], blacklist_characters="_"), max_size=8),
)


def _numeric(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Option]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _numeric(command, (*path, name))
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.type, IntParamType | FloatParamType):
                yield (*path, name), option


OPTIONS = list(_numeric(main))


def test_there_are_such_options() -> None:
    assert {(path[0], option.opts[0]) for path, option in OPTIONS} >= {
        ("run", "--generated"),
        ("run", "--seed"),
        ("parity", "--generated"),
        ("parity", "--seed"),
        ("parity", "--jobs"),
        ("check-adapter", "--patience"),
    }


@pytest.mark.parametrize(
    ("path", "option"), OPTIONS, ids=[f"{' '.join(path)} {option.opts[0]}" for path, option in OPTIONS]
)
@given(NUMBERS)
@example("nan")
@example("inf")
@example("1e308")
@example("-1e308")
@example(HUGE)
@example(f"-{HUGE}")
@example("")
def test_what_is_no_number_or_out_of_range_is_a_usage_error(
    path: tuple[str, ...], option: click.Option, number: str
) -> None:
    name = option.opts[0]
    done = CliRunner().invoke(main, [*path, *NEEDED.get(path[0], []), f"{name}={number}"])
    assert done.exit_code == 2, done.output
    assert f"Error: Invalid value for '{name}'" in done.output
    assert done.output.count("\n") == 1
    assert len(done.output) < 2100


@pytest.mark.parametrize(
    ("path", "option"), OPTIONS, ids=[f"{' '.join(path)} {option.opts[0]}" for path, option in OPTIONS]
)
def test_every_numeric_option_has_both_limits(path: tuple[str, ...], option: click.Option) -> None:
    kind = option.type
    assert isinstance(kind, click.IntRange | click.FloatRange), path
    assert kind.min is not None
    assert kind.max is not None
