"""Run pip: this interpreter's own, or else a pip in a small environment that is built for it.

The user's own pip configuration determines the registry and the proxy.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import uuid
from bisect import bisect
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.profile.version_numbers import version_of
from tinker_conformance.sdk.official.cache import make_once
from tinker_conformance.sdk.process.marked_processes import MARK
from tinker_conformance.sdk.watchdog import watchdog

PACKAGE: Final = "tinker"
INSTALL_SECONDS: Final = 600.0
"""Time limit of one installation, in real seconds. The run-time dependencies are about 50 MB."""
INDEX_SECONDS: Final = 60.0
_BOOTSTRAP_SECONDS: Final = 120.0
_SHOWN_CHARACTERS: Final = 600
_VERSIONS: Final = re.compile(r"from versions: ([^)]*)\)")
_AVAILABLE: Final = re.compile(r"^Available versions: (.*)$", re.MULTILINE)
_CAUSE: Final = re.compile(
    r"connection|certificate|ssl|proxy|timed out|could not fetch|is ignored", re.IGNORECASE
)
"""Matches pip's warnings that explain a failure. The others are about pip itself."""
_MOST_CAUSES: Final = 3
_RETRY_OPTIONS: Final = ("--retries", "1", "--timeout", "20")
_INSTEAD: Final = "use --sdk reference, which needs no download"


def install(
    requirements: Sequence[str],
    *,
    target: Path,
    cache: Path,
    dependencies: bool,
    constraints: Path | None = None,
) -> None:
    """Install packages into a folder.

    Args:
        requirements: Requirement specifiers for pip.
        target: The folder.
        cache: The folder for pip's own environment, if this interpreter has no pip.
        dependencies: Whether to install the packages' dependencies too.
        constraints: A pip constraints file, which limits the versions.

    Raises:
        UserError: If the registry does not have the one requested version.
        SdkStartError: If pip cannot be run, fails or exceeds its time limit.
    """
    # Compiling what is never imported would take most of the time.
    quick = ["--quiet", "--no-warn-script-location", "--no-compile"]
    options = [*quick, *_RETRY_OPTIONS, "--target", str(target)]
    if not dependencies:
        options.append("--no-deps")
    if constraints is not None:
        options += ["--constraint", str(constraints)]
    done = _pip(["install", *options, *requirements], cache=cache, seconds=INSTALL_SECONDS)
    if done.returncode == 0:
        return
    raise _failure(requirements, done.stderr)


def published_versions(*, cache: Path) -> list[str]:
    """Return all published releases of the official SDK, newest first.

    Raises:
        SdkStartError: If pip cannot list them.
    """
    done = _pip(["index", "versions", *_RETRY_OPTIONS, PACKAGE], cache=cache, seconds=INDEX_SECONDS)
    found = _AVAILABLE.search(done.stdout)
    if done.returncode != 0 or found is None:
        message = (
            f"pip cannot list the releases of {PACKAGE} ({_last_lines(done.stderr)}); check the network and "
            f"pip's configuration (`pip index versions {PACKAGE}`), or {_INSTEAD}"
        )
        raise SdkStartError(message)
    return [version.strip() for version in found.group(1).split(",")]


def run(command: Sequence[str], *, seconds: float, what: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its output as text.

    Args:
        command: The program and its arguments.
        seconds: Time limit, in real seconds.
        what: The name of the program in error messages.

    Raises:
        SdkStartError: If the program cannot be started or does not end within the limit.
    """
    mark = uuid.uuid4().hex
    watchdog.watch_mark(mark)
    try:
        return subprocess.run(  # noqa: S603 - no shell, and the command is ours
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            env={**_environment(), MARK: mark},
        )
    except subprocess.TimeoutExpired as error:
        message = (
            f"{what} did not finish within {seconds:g} s; run `{' '.join(command)}` to see why, or {_INSTEAD}"
        )
        raise SdkStartError(message) from error
    except OSError as error:
        message = f"{what} could not be started ({error}); check {command[0]}, or {_INSTEAD}"
        raise SdkStartError(message) from error
    finally:
        watchdog.release_mark(mark)


def _pip(arguments: Sequence[str], *, cache: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    command = [_python_with_pip(cache), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    return run(command, seconds=seconds, what=f"pip {arguments[0]}")


def _python_with_pip(cache: Path) -> str:
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    folder = make_once(cache / "pip", _make_pip_environment)
    return str(python_of(folder))


def python_of(environment: Path) -> Path:
    """Return the path of a virtual environment's interpreter."""
    return environment / "Scripts" / "python.exe" if os.name == "nt" else environment / "bin" / "python"


def _make_pip_environment(folder: Path) -> None:
    done = run([sys.executable, "-m", "venv", str(folder)], seconds=_BOOTSTRAP_SECONDS, what="python -m venv")
    if done.returncode != 0:
        message = (
            "this Python has no pip, and an environment with pip could not be built "
            f"({_last_lines(done.stderr or done.stdout)}); install pip here "
            f"(`uv pip install pip`, `python -m ensurepip`), or {_INSTEAD}"
        )
        raise SdkStartError(message)


def _environment() -> dict[str, str]:
    # These variables would make pip use packages outside of the target folder.
    return {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"}
    }


def _failure(requirements: Sequence[str], stderr: str) -> SdkStartError | UserError:
    wanted = " ".join(requirements)
    name, _, version = requirements[0].partition("==")
    known = _VERSIONS.search(stderr) if len(requirements) == 1 and version else None
    versions = [each.strip() for each in known.group(1).split(",")] if known else []
    if versions and versions != ["none"]:
        return unknown_version(name, version, versions)
    return SdkStartError(
        f"pip could not install {wanted} ({_last_lines(stderr)}); check the network and pip's "
        f"configuration, or {_INSTEAD}"
    )


def unknown_version(name: str, version: str, versions: Sequence[str]) -> UserError:
    """Return the error for a release that does not exist; its text names the nearest releases."""
    near = ", ".join(_nearest(version, versions))
    return UserError(
        f"{name} has no release {version} for this Python; the nearest are {near}; choose one of them"
    )


def _nearest(version: str, versions: Sequence[str]) -> list[str]:
    """Return the three releases around a version in version order: 0.36.0 and 0.38.0 are next to 0.37.0."""
    by_version = {parsed: text for text in versions if (parsed := version_of(text)) is not None}
    order = sorted(by_version)
    wanted = version_of(version)
    place = len(order) if wanted is None else bisect(order, wanted)
    start = max(0, min(place - 2, len(order) - 3))
    return [by_version[each] for each in order[start : start + 3]] or list(versions[-3:])


def _last_lines(text: str) -> str:
    """Return pip's errors, preceded by the warnings that explain them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = dict.fromkeys(
        _cause(line) for line in lines if line.startswith("WARNING") and _CAUSE.search(line)
    )
    errors = [line for line in lines if not line.startswith("WARNING")]
    text = "; ".join([*list(causes)[:_MOST_CAUSES], " ".join(errors)[-_SHOWN_CHARACTERS:]])
    return text.strip("; ") or "without any output"


def _cause(line: str) -> str:
    """Return a warning of pip without level, retry counts and memory addresses."""
    text = re.sub(r"<[^<>]* object at 0x[0-9a-f]+>: ", "", line.removeprefix("WARNING: "))
    return re.sub(r"Retrying \(.*?\)\) after ", "", text)[:_SHOWN_CHARACTERS]
