"""The command-line options of the suite: unique long names, and short names that give way to other plugins.

Every option is registered as `--tinker-…`, with a `dest` that begins with `tinker_`. The short names are
registered only on demand, because two plugins that register the same name break the run. After all plugins
and initial conftests have registered their options, a short name becomes an alias if it is on the command
line and no other plugin has registered it. A run that does not use the short names therefore never sees them.

The module imports nothing slow, because every pytest run in the environment loads it.
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
_GROUP: Final = ("tinker-conformance", "conformance of SDKs and servers of the Tinker API")


@dataclass(frozen=True, slots=True)
class SuiteOption:
    """A command-line option of the suite.

    Attributes:
        name: The documented short name without the leading dashes: `known-failures`.
        help: What the option does, for `pytest --help`.
        settings: Further arguments of `parser.addoption`.
        has_short: Whether the option also has its short name, if no other plugin owns that name.
    """

    name: str
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    has_short: bool = True

    @property
    def short(self) -> str:
        """Return the documented name, which another plugin may own: `--known-failures`."""
        return f"--{self.name}"

    @property
    def long(self) -> str:
        """Return the name that always works: `--tinker-known-failures`."""
        return f"--tinker-{self.name}"

    @property
    def dest(self) -> str:
        """Return the attribute of pytest's options that has the value: `tinker_known_failures`."""
        return f"tinker_{self.name.replace('-', '_')}"


SDK: Final = SuiteOption(
    "sdk",
    "the SDK under test: reference, official, official==X.Y.Z, package:NAME, python:package.module:Adapter, "
    "exec:COMMAND",
    {"metavar": "SPEC"},
)
CLOCK: Final = SuiteOption(
    "clock",
    "how to move the clocks of an exec: SDK; by default the best way that its adapter offers, never wall",
    {"choices": ("file", "libfaketime", "wall")},
)
PROFILE: Final = SuiteOption(
    "profile",
    "the profile to judge the SDK by, such as tinker-0.5.1; by default the one that its adapter names, or "
    "the one of its version",
    {"metavar": "NAME|FILE"},
)
KNOWN_FAILURES: Final = SuiteOption(
    "known-failures", "excuse the failures that this TOML or YAML file lists", {"metavar": "FILE"}
)
RECORD_KNOWN_FAILURES: Final = SuiteOption(
    "record-known-failures",
    "write the failures of this run to a file of known failures; one that exists is brought up to date",
    {"metavar": "FILE"},
)
STRICT_QUIRKS: Final = SuiteOption("strict-quirks", "count quirks as failures", {"action": "store_true"})
AS_OF: Final = SuiteOption(
    "as-of", "judge only the requirements that existed in this version of the kit", {"metavar": "VERSION"}
)
REPORT: Final = SuiteOption(
    "report", "write JSON, JUnit XML, Markdown, a badge and an HTML page to this folder", {"metavar": "DIR"}
)
DIALECT: Final = SuiteOption(
    "dialect",
    "let the fake server speak as another server does, such as skyrl; what differs there is information, and "
    "fails no test",
    {"metavar": "NAME"},
)
URL: Final = SuiteOption(
    "url", "the server to probe, such as http://127.0.0.1:8000", {"metavar": "URL"}, has_short=False
)
API_KEY: Final = SuiteOption(
    "api-key",
    "the key for the server; else TINKER_API_KEY is read",
    {"metavar": "KEY"},
    has_short=False,
)
BASE_MODEL: Final = SuiteOption(
    "base-model",
    "the base model to train and sample; by default the first that the server lists",
    {"metavar": "NAME"},
    has_short=False,
)
QUICK: Final = SuiteOption(
    "quick", "leave out the probes that wait for 30 s and more", {"action": "store_true"}, has_short=False
)
MAX_REQUESTS: Final = SuiteOption(
    "max-requests",
    "how many requests the probes may send; else 1000",
    {"metavar": "N"},
    has_short=False,
)
MAX_MINUTES: Final = SuiteOption(
    "max-minutes",
    "how long the probes may take; else 30",
    {"metavar": "N"},
    has_short=False,
)
ALLOW_REMOTE: Final = SuiteOption(
    "allow-remote", "probe a server that is not on this machine", {"action": "store_true"}, has_short=False
)
PAUSES_AT_SAMPLES: Final = SuiteOption(
    "pauses-at-samples",
    "the server pauses when more than this many samples are in flight",
    {"metavar": "N"},
    has_short=False,
)
PAUSES_AT_MODELS: Final = SuiteOption(
    "pauses-at-models",
    "the server pauses when more than this many models are trained at the same time",
    {"metavar": "N"},
    has_short=False,
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
    DIALECT,
    URL,
    API_KEY,
    BASE_MODEL,
    QUICK,
    MAX_REQUESTS,
    MAX_MINUTES,
    ALLOW_REMOTE,
    PAUSES_AT_SAMPLES,
    PAUSES_AT_MODELS,
)
"""All options, in the order of `pytest --help`."""
ALIASED: Final = tuple(option for option in OPTIONS if option.has_short)
"""The options that also have a short name, if no other plugin owns that name."""


def add_options(parser: pytest.Parser) -> None:
    """Register the options under their long names."""
    group = parser.getgroup(*_GROUP)
    for option in OPTIONS:
        also = f"; also {option.short} unless another plugin owns that name" if option.has_short else ""
        text = option.help + also
        group.addoption(option.long, dest=option.dest, help=text, **option.settings)


def add_short_names(config: pytest.Config, parser: pytest.Parser, arguments: Sequence[str]) -> None:
    """Register each short name that is on the command line and that no plugin or conftest has registered.

    Call it after all plugins and initial conftests have registered their options.

    Args:
        config: The configuration of the session, which stores the aliases.
        parser: The parser of pytest's command line.
        arguments: The command line; an argument that begins with `@` names a file of arguments.
    """
    words = {str(argument).partition("=")[0] for argument in arguments}
    if not any(word.startswith("@") for word in words) and words.isdisjoint(each.short for each in ALIASED):
        return
    try:
        _, unknown = parser.parse_known_and_unknown_args(arguments)
    except pytest.UsageError:
        return  # pytest parses the same arguments next and reports the same error
    unowned = {word.partition("=")[0] for word in unknown}
    group = parser.getgroup(*_GROUP)
    aliased = [option for option in ALIASED if option.short in unowned]
    for option in aliased:
        group.addoption(option.short, dest=option.dest, help=argparse.SUPPRESS, **option.settings)
    config.stash[_ALIASES] = frozenset(option.short for option in aliased)


def text_of(config: pytest.Config, option: SuiteOption) -> str | None:
    """Return the value of an option, or None if it was not given."""
    value: str | None = config.getoption(option.dest)
    return value


def is_set(config: pytest.Config, option: SuiteOption) -> bool:
    """Return whether a flag was given."""
    return bool(config.getoption(option.dest))


def belongs_to_another(config: pytest.Config, option: SuiteOption) -> bool:
    """Return whether another plugin or a conftest has registered the option's short name."""
    action = config.getoption(option.short, _ABSENT)
    return action is not _ABSENT and option.short not in config.stash.get(_ALIASES, frozenset())


def with_free_names(text: str, config: pytest.Config) -> str:
    """Return a message in which each option has a name that works in this run.

    Messages name options as `tinker-conformance` does, such as `--sdk`. The result says `--tinker-sdk` if
    another plugin owns that name, and `--tinker-url` because that option has no shorter name in pytest.
    """
    for option in OPTIONS:
        if not option.has_short or belongs_to_another(config, option):
            text = re.sub(rf"(?<![\w-]){option.short}(?![\w-])", option.long, text)
    return text


def with_long_names(error: pytest.UsageError, config: pytest.Config) -> pytest.UsageError:
    """Return a usage error that also names the options whose short names another plugin owns.

    For example, another plugin may define `--profile` as a flag. pytest then takes the profile's name for a
    test file. Errors of runs that do not judge an SDK are returned unchanged.
    """
    taken = [option for option in ALIASED if belongs_to_another(config, option)]
    if text_of(config, SDK) is None or not taken:
        return error
    names = ", ".join(option.short for option in taken)
    instead = ", ".join(option.long for option in taken)
    return pytest.UsageError(
        f"{error}\n({names}: another plugin owns that name here; for the option of the suite write {instead})"
    )
