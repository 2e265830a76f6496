"""The suite's command-line options: names of their own, and short names that give way to other plugins.

Every option is registered as `--tinker-…`, with a `dest` that begins with `tinker_`. The short names are
never registered before they are needed: pytest lets two plugins fight over a name, and whichever comes last,
or whichever `conftest.py`, would break the run. Once all plugins and initial conftests have registered their
options, a short name that stands on the command line and that nobody owns becomes an alias. A run that does
not use the short names therefore never sees them.

Imports nothing heavy: every pytest run in the environment loads this module.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

_ABSENT: Final = object()
_ALIASES: Final = pytest.StashKey[frozenset[str]]()
_GROUP: Final = ("tinker-conformance", "conformance of SDKs of the Tinker API")


@dataclass(frozen=True, slots=True)
class SuiteOption:
    """An option of the suite.

    Attributes:
        name: Its short name without dashes, as the documentation has it: `known-failures`.
        help: What it does, for `pytest --help`.
        settings: Further arguments of `parser.addoption`.
    """

    name: str
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The documented name, which another plugin may own: `--known-failures`."""
        return f"--{self.name}"

    @property
    def long(self) -> str:
        """The name that is always there: `--tinker-known-failures`."""
        return f"--tinker-{self.name}"

    @property
    def dest(self) -> str:
        """The attribute of pytest's options: `tinker_known_failures`."""
        return f"tinker_{self.name.replace('-', '_')}"


SDK: Final = SuiteOption(
    "sdk",
    "the SDK under test: reference, official, official==X.Y.Z, python:package.module:Adapter, exec:COMMAND",
    {"metavar": "SPEC"},
)
CLOCK: Final = SuiteOption(
    "clock",
    "how the kit moves the clocks of an exec: SDK; by default the best way that it offers, never wall",
    {"choices": ("file", "libfaketime", "wall")},
)
PROFILE: Final = SuiteOption(
    "profile",
    "the profile to judge it by, such as tinker-0.5.1; by default the one that the adapter names, or the one "
    "of the SDK's version",
    {"metavar": "NAME|FILE"},
)
KNOWN_FAILURES: Final = SuiteOption(
    "known-failures", "a file of known failures and their reasons (TOML or YAML)", {"metavar": "FILE"}
)
RECORD_KNOWN_FAILURES: Final = SuiteOption(
    "record-known-failures",
    "write the failures of this run to such a file, for you to edit",
    {"metavar": "FILE"},
)
STRICT_QUIRKS: Final = SuiteOption("strict-quirks", "count quirks as failures", {"action": "store_true"})
AS_OF: Final = SuiteOption(
    "as-of", "judge only the requirements that existed in this version of the kit", {"metavar": "VERSION"}
)
REPORT: Final = SuiteOption(
    "report", "write JSON, JUnit, Markdown, a badge and a page to this folder", {"metavar": "DIR"}
)
OPTIONS: Final = (
    SDK,
    CLOCK,
    PROFILE,
    KNOWN_FAILURES,
    RECORD_KNOWN_FAILURES,
    STRICT_QUIRKS,
    AS_OF,
    REPORT,
)
"""All options, in the order of `pytest --help`."""


def add_options(parser: pytest.Parser) -> None:
    """Register the options under the names that no other plugin has."""
    group = parser.getgroup(*_GROUP)
    for option in OPTIONS:
        text = f"{option.help}; also {option.short} unless another plugin owns that name"
        group.addoption(option.long, dest=option.dest, help=text, **option.settings)


def add_short_names(config: pytest.Config, parser: pytest.Parser, arguments: Sequence[str]) -> None:
    """Register each short name that is on the command line and that nobody owns.

    Call it when all plugins and initial conftests have registered their options.

    Args:
        config: The session's configuration, which notes the aliases.
        parser: Its parser.
        arguments: The command line; an argument that begins with `@` names a file of arguments.
    """
    words = {str(argument).partition("=")[0] for argument in arguments}
    if not any(word.startswith("@") for word in words) and words.isdisjoint(each.short for each in OPTIONS):
        return
    try:
        _, unknown = parser.parse_known_and_unknown_args(arguments)
    except pytest.UsageError:
        return  # pytest parses the same arguments next and reports the same error
    unowned = {word.partition("=")[0] for word in unknown}
    group = parser.getgroup(*_GROUP)
    aliased = [option for option in OPTIONS if option.short in unowned]
    for option in aliased:
        group.addoption(option.short, dest=option.dest, help=argparse.SUPPRESS, **option.settings)
    config.stash[_ALIASES] = frozenset(option.short for option in aliased)


def text_of(config: pytest.Config, option: SuiteOption) -> str | None:
    """Return the value of an option that takes one, or None where it was not given."""
    value: str | None = config.getoption(option.dest)
    return value


def is_set(config: pytest.Config, option: SuiteOption) -> bool:
    """Return whether an option without a value was given."""
    return bool(config.getoption(option.dest))


def belongs_to_another(config: pytest.Config, option: SuiteOption) -> bool:
    """Return whether another plugin, or a conftest, owns the short name in this run."""
    action = config.getoption(option.short, _ABSENT)
    return action is not _ABSENT and option.short not in config.stash.get(_ALIASES, frozenset())


def with_free_names(text: str, config: pytest.Config) -> str:
    """Return a message in which each option has a name that is ours in this run.

    Messages name options as the documentation does, `--sdk`; where another plugin owns that name, it becomes
    `--tinker-sdk`.
    """
    for option in OPTIONS:
        if belongs_to_another(config, option):
            text = re.sub(rf"(?<![\w-]){option.short}(?![\w-])", option.long, text)
    return text


def with_long_names(error: pytest.UsageError, config: pytest.Config) -> pytest.UsageError:
    """Return a usage error that also names the options whose short names another plugin owns.

    What a user means for our `--profile`, another plugin may take as a flag, and pytest then looks for a test
    file of the profile's name. Errors of runs that do not judge an SDK come back as they are.
    """
    taken = [option for option in OPTIONS if belongs_to_another(config, option)]
    if text_of(config, SDK) is None or not taken:
        return error
    names = ", ".join(option.short for option in taken)
    instead = ", ".join(option.long for option in taken)
    return pytest.UsageError(
        f"{error}\n({names}: another plugin has that name here; for the suite's option write {instead})"
    )
