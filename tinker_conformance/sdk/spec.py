"""Parse a SPEC, the text after `--sdk` that names the SDK under test, and start that SDK.

`reference` · `official` · `official==0.6.3` · `official==latest` · `package:NAME` · `package:NAME==VERSION` ·
`package:PATH.toml` · `python:package.module:Adapter` · `exec:COMMAND` · `recorded:FILE`
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.errors import meant
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.sdk.catalogue.catalogue_entry import NamedPackage
from tinker_conformance.sdk.catalogue.catalogue_files import find_entry
from tinker_conformance.sdk.in_process.worker_session import WorkerSession
from tinker_conformance.sdk.official.environments import (
    LeanEnvironment,
    cached_versions,
    lean_environment,
    published_versions,
)
from tinker_conformance.sdk.official.package_environments import package_environment
from tinker_conformance.sdk.recorded_session import ReplayedSession
from tinker_conformance.sdk.session import SdkSession

SPEC_FORMS: Final = (
    "reference",
    "official",
    "official==X.Y.Z",
    "official==latest",
    "package:NAME",
    "package:NAME==VERSION",
    "package:PATH.toml",
    "python:package.module:Adapter",
    "exec:COMMAND",
    "recorded:FILE",
)
"""The forms of a SPEC, as error messages list them."""

_VERSION: Final = re.compile(r"[0-9]+(\.[0-9A-Za-z]+)*")
_OFFICIAL: Final = "official"
_PACKAGE: Final = "package:"
_RECORDED: Final = "recorded:"
_WORKER: Final = "tinker_conformance.sdk.in_process.worker"


def _nothing(_text: str) -> None:
    pass


def check_spec(spec: str) -> None:
    """Check the form of a SPEC without starting anything.

    Raises:
        UserError: If the SPEC has none of the known forms.
        UserError: If the SPEC names an SDK that is not in the catalogue, or a file that is not an entry of
            it.
    """
    if spec.startswith("exec:"):
        command_of(spec)
        return
    if spec.startswith(_PACKAGE):
        package_of(spec)
        return
    match spec.split(":"):
        case ["reference" | "official" | "official==latest"]:
            return
        case ["python", module, name] if module and name.isidentifier():
            return
        case ["recorded", *path] if any(path):
            return
        case [official] if official.startswith("official==") and _VERSION.fullmatch(official[10:]):
            return
        case _:
            hint = meant(spec, SPEC_FORMS)
            message = f"--sdk {spec!r} is not understood{hint}; write one of {', '.join(SPEC_FORMS)}"
            raise UserError(message)


def runs_beside_itself(spec: str) -> bool:
    """Return whether several processes of the SDK can run at once.

    True for SDKs that the kit's own adapter drives.
    """
    return spec.startswith((_OFFICIAL, _PACKAGE))


def package_of(spec: str) -> NamedPackage | None:
    """Return the catalogue's SDK that a SPEC `package:…` names; None if the SPEC has another form.

    Raises:
        UserError: If the name or the version is missing or malformed.
        UserError: If the catalogue has no such SDK, or the file is not an entry of the catalogue.
    """
    if not spec.startswith(_PACKAGE):
        return None
    name, equals, version = spec.removeprefix(_PACKAGE).partition("==")
    if not name or (equals and not _VERSION.fullmatch(version)):
        forms = "package:NAME, package:NAME==1.2.3 or package:PATH.toml"
        message = f"--sdk {spec!r} is not understood; write {forms}"
        raise UserError(message)
    entry = find_entry(name)
    return NamedPackage(entry, version or entry.version)


def command_of(spec: str) -> tuple[str, ...]:
    """Return the program and arguments of `exec:COMMAND`, split by the quoting rules of a POSIX shell.

    Raises:
        UserError: If the command is empty or a quote is not closed.
    """
    try:
        command = tuple(shlex.split(spec.removeprefix("exec:")))
    except ValueError as error:
        message = f"--sdk {spec!r}: the command cannot be split ({error}); quote it as a shell does"
        raise UserError(message) from error
    if not command:
        message = f"--sdk {spec!r} names no command; write exec:COMMAND, such as 'exec:node adapter.mjs'"
        raise UserError(message)
    return command


def open_sdk(
    spec: str, *, clock: SdkClock | None = None, report: Callable[[str], None] = _nothing
) -> SdkSession:
    """Start the SDK that a SPEC names.

    Args:
        spec: The SPEC.
        clock: The kind of clock for an `exec:` adapter; None for the best one that the adapter offers.
        report: Receives a line of text for each step that takes time.

    Raises:
        UserError: If the SPEC has none of the known forms.
        SdkStartError: If the SDK or its adapter cannot be started, or a release's environment cannot be
            built.
        UserError: If a recording cannot be read.
    """
    check_spec(spec)
    if spec.startswith("exec:"):
        # Imported here, because this imports the HTTP server, which only such an SDK needs.
        from tinker_conformance.sdk.stdio.stdio_session import StdioSession  # noqa: PLC0415

        return StdioSession(spec, command_of(spec), clock=clock)
    if spec.startswith(_RECORDED):
        return ReplayedSession(spec, Path(spec.removeprefix(_RECORDED)))
    if clock is not None:
        message = f"--clock is for exec:COMMAND, but {spec} always has frozen clocks. Leave --clock out."
        raise UserError(message)
    if (package := package_of(spec)) is not None:
        environment = package_environment(package, report=report)
        return _in_environment(spec, environment, msgspec.json.encode(package.entry.driven).decode())
    if spec == "official==latest":
        spec = f"official=={_newest(report)}"
    if spec.startswith("official=="):
        return _in_environment(spec, lean_environment(spec.removeprefix("official=="), report=report))
    return WorkerSession(spec, [sys.executable, "-m", _WORKER, spec])


def _in_environment(spec: str, environment: LeanEnvironment, *named: str) -> SdkSession:
    """Start a worker process that drives the SDK of an environment with the adapter of the official SDK."""
    command = [str(environment.python), "-m", _WORKER, "official", *named]
    try:
        return WorkerSession(spec, command, environment=environment.environment())
    except SdkStartError as error:
        raise SdkStartError(f"{error}; {environment.repair}") from error


def _newest(report: Callable[[str], None]) -> str:
    """Return the newest published release of `tinker`, or the newest in the cache if pip cannot list them."""
    try:
        return published_versions()[0]
    except SdkStartError as error:
        cached = cached_versions()
        if not cached:
            raise
        report(f"using {cached[0]}, the newest release in the cache: {error}")
        return cached[0]
