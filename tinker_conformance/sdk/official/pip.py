"""Running pip: from this interpreter if it has it, else from a small environment made for that.

Which registry is asked, and through which proxy, is the user's own pip configuration.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from bisect import bisect
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tinker_conformance.error_families import SdkError
from tinker_conformance.profile.version_numbers import version_of
from tinker_conformance.sdk.official.cache import make_once

PACKAGE: Final = "tinker"
INSTALL_SECONDS: Final = 600.0
"""Time limit of one installation, real seconds; the run-time dependencies are some 50 MB."""
INDEX_SECONDS: Final = 60.0
_BOOTSTRAP_SECONDS: Final = 120.0
_SHOWN_CHARACTERS: Final = 600
_VERSIONS: Final = re.compile(r"from versions: ([^)]*)\)")
_AVAILABLE: Final = re.compile(r"^Available versions: (.*)$", re.MULTILINE)
_CAUSE: Final = re.compile(
    r"connection|certificate|ssl|proxy|timed out|could not fetch|is ignored", re.IGNORECASE
)
"""What in a warning of pip tells why it found nothing; others are about pip itself."""
_MOST_CAUSES: Final = 3
_PATIENCE: Final = ("--retries", "1", "--timeout", "20")
_INSTEAD: Final = "use --sdk reference, which needs none"


class EnvironmentUnavailable(SdkError):  # noqa: N818 - the name says what is the matter
    """A release's environment cannot be made; the text says why and what can be run instead."""


class UnknownVersionError(EnvironmentUnavailable):
    """The registry has no such release; the text names the nearest ones that it has."""


def install(
    requirements: Sequence[str],
    *,
    target: Path,
    cache: Path,
    dependencies: bool,
    constraints: Path | None = None,
) -> None:
    """Installs packages into a folder of their own.

    Args:
        requirements: As pip takes them.
        target: The folder.
        cache: Where pip's own environment is kept if this interpreter has no pip.
        dependencies: Whether what the packages require is installed too.
        constraints: A constraints file of pip, which limits the versions.

    Raises:
        UnknownVersionError: If the registry does not have the one version that was asked for.
        EnvironmentUnavailable: If pip cannot be run, fails or takes too long.
    """
    options = ["--quiet", "--no-warn-script-location", *_PATIENCE, "--target", str(target)]
    if not dependencies:
        options.append("--no-deps")
    if constraints is not None:
        options += ["--constraint", str(constraints)]
    done = _pip(["install", *options, *requirements], cache=cache, seconds=INSTALL_SECONDS)
    if done.returncode == 0:
        return
    raise _failure(requirements, done.stderr)


def published_versions(*, cache: Path) -> list[str]:
    """All releases of the official SDK that pip knows of, newest first.

    Raises:
        EnvironmentUnavailable: If pip cannot say.
    """
    done = _pip(["index", "versions", *_PATIENCE, PACKAGE], cache=cache, seconds=INDEX_SECONDS)
    found = _AVAILABLE.search(done.stdout)
    if done.returncode != 0 or found is None:
        message = (
            f"pip cannot list the releases of {PACKAGE} ({_last_lines(done.stderr)}); check the network and "
            f"pip's configuration (`pip index versions {PACKAGE}`), or {_INSTEAD}"
        )
        raise EnvironmentUnavailable(message)
    return [version.strip() for version in found.group(1).split(",")]


def run(command: Sequence[str], *, seconds: float, what: str) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, its output captured as text.

    Raises:
        EnvironmentUnavailable: If it cannot be started or does not end within `seconds`.
    """
    try:
        return subprocess.run(  # noqa: S603 - no shell, and the command is ours
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as error:
        message = (
            f"{what} did not finish within {seconds:g} s; run `{' '.join(command)}` to see why, or {_INSTEAD}"
        )
        raise EnvironmentUnavailable(message) from error
    except OSError as error:
        message = f"{what} could not be started ({error}); check {command[0]}, or {_INSTEAD}"
        raise EnvironmentUnavailable(message) from error


def _pip(arguments: Sequence[str], *, cache: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    command = [_python_with_pip(cache), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    return run(command, seconds=seconds, what=f"pip {arguments[0]}")


def _python_with_pip(cache: Path) -> str:
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    folder = make_once(cache / "pip", _make_pip_environment)
    return str(python_of(folder))


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / "Scripts" / "python.exe" if os.name == "nt" else environment / "bin" / "python"


def _make_pip_environment(folder: Path) -> None:
    done = run([sys.executable, "-m", "venv", str(folder)], seconds=_BOOTSTRAP_SECONDS, what="python -m venv")
    if done.returncode != 0:
        message = (
            "this Python has no pip, and none could be made for it "
            f"({_last_lines(done.stderr or done.stdout)}); install pip here "
            f"(`uv pip install pip`, `python -m ensurepip`), or {_INSTEAD}"
        )
        raise EnvironmentUnavailable(message)


def _environment() -> dict[str, str]:
    # What points Python itself elsewhere would have pip look at packages that are not the target's.
    return {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"}
    }


def _failure(requirements: Sequence[str], stderr: str) -> EnvironmentUnavailable:
    wanted = " ".join(requirements)
    name, _, version = requirements[0].partition("==")
    known = _VERSIONS.search(stderr) if len(requirements) == 1 and version else None
    versions = [each.strip() for each in known.group(1).split(",")] if known else []
    if versions and versions != ["none"]:
        near = ", ".join(_nearest(version, versions))
        return UnknownVersionError(
            f"{name} has no release {version} for this Python; the nearest are {near}; choose one of them"
        )
    return EnvironmentUnavailable(
        f"pip could not install {wanted} ({_last_lines(stderr)}); check the network and pip's "
        f"configuration, or {_INSTEAD}"
    )


def _nearest(version: str, versions: Sequence[str]) -> list[str]:
    """The three releases around a version, as versions compare: 0.36.0 and 0.38.0 are next to 0.37.0."""
    by_version = {parsed: text for text in versions if (parsed := version_of(text)) is not None}
    order = sorted(by_version)
    wanted = version_of(version)
    place = len(order) if wanted is None else bisect(order, wanted)
    start = max(0, min(place - 2, len(order) - 3))
    return [by_version[each] for each in order[start : start + 3]] or list(versions[-3:])


def _last_lines(text: str) -> str:
    """What pip says went wrong: its errors, and in front of them the warnings that say why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = dict.fromkeys(
        _cause(line) for line in lines if line.startswith("WARNING") and _CAUSE.search(line)
    )
    errors = [line for line in lines if not line.startswith("WARNING")]
    said = "; ".join([*list(causes)[:_MOST_CAUSES], " ".join(errors)[-_SHOWN_CHARACTERS:]])
    return said.strip("; ") or "it said nothing"


def _cause(line: str) -> str:
    """A warning without what is of use to nobody: the name of the level, counts, addresses in memory."""
    text = re.sub(r"<[^<>]* object at 0x[0-9a-f]+>: ", "", line.removeprefix("WARNING: "))
    return re.sub(r"Retrying \(.*?\)\) after ", "", text)[:_SHOWN_CHARACTERS]
