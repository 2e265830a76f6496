"""What an SDK, a server or a file says reaches pytest's output escaped, by one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.suite import outlets

SUITE: Final = Path(outlets.__file__).parent
HOSTILE: Final = "\x1b[2J\x07 owned\u202e"
SHOWN: Final = r"\x1b[2J\x07 owned\u202e"
OUTLETS: Final = frozenset({"UsageError", "skip", "xfail", "fail", "exit", "write_line", "section", "warn"})
HANDS_ON: Final = frozenset({"outlets.py", "usage.py", "pytest_options.py"})
"""The door itself; what hands on an error that came through it; what adds our options to one of pytest's."""


def _outlets(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id="pytest" | "terminalreporter"))):
                if name in OUTLETS:
                    yield name
            case ast.Assign(targets=[ast.Attribute(attr="shouldstop" | "shouldfail" as name)]):
                yield name
            case _:
                pass


def test_there_is_one_door() -> None:
    found = {path.name: list(_outlets(ast.parse(path.read_text()))) for path in SUITE.glob("*.py")}
    assert {name: used for name, used in found.items() if used and name not in HANDS_ON} == {}
    assert found["outlets.py"]


@pytest.mark.parametrize(
    ("outlet", "raised"),
    [
        (outlets.skip, pytest.skip.Exception),
        (outlets.xfail, pytest.xfail.Exception),
        (outlets.fail, pytest.fail.Exception),
    ],
)
def test_a_reason_is_escaped(outlet: object, raised: type[BaseException]) -> None:
    with pytest.raises(raised) as error:
        outlet(HOSTILE)  # type: ignore[operator]
    assert str(error.value) == SHOWN


def test_errors_and_lines_are_escaped(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    assert str(outlets.usage_error(HOSTILE)) == SHOWN

    class Terminal:
        def write_line(self, text: str, **_: bool) -> None:
            self.text = text

    terminal = Terminal()
    outlets.write_line(terminal, HOSTILE)  # type: ignore[arg-type]
    assert terminal.text == SHOWN


def test_a_usage_error_of_the_suite_shows_nothing_raw(pytester: pytest.Pytester) -> None:
    profile = pytester.path / "p.toml"
    profile.write_text('name = "x"\nextends = "\\u001b[2Jowned"\n')
    arguments = [
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "tinker_conformance.suite.test_clock",
        "--sdk",
        "reference",
    ]
    done = pytester.runpytest_subprocess(*arguments, "--profile", str(profile))
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "\x1b" not in done.stdout.str() + done.stderr.str()
    assert r"\x1b[2Jowned" in done.stderr.str()
