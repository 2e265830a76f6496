"""An environment for each release of the cookbook, without CUDA, cached beside those of the official SDK.

What the releases depend on is installed once (`locks/cookbook.txt`, and torch); each release is a folder of
two packages. So three releases take as much room as one, 1.5 GB, and nothing is resolved at run time.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tinker_conformance.sdk.official.cache import make_once
from tinker_conformance.sdk.official.environments import digest, environment_root
from tinker_conformance.sdk.official.pip import python_of

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = ROOT / "locks" / "cookbook.txt"
TORCH: Final = "torch==2.13.0"
"""Without a hash: builds for the CPU alone have another file under the same version."""

DEPENDENCIES: Final = (
    "aiohttp", "anyio", "blobfile", "chz", "cloudpickle", "datasets", "distro", "huggingface-hub",
    "httpx[http2]", "jinja2", "math-verify", "networkx", "numpy", "orjson", "pillow", "protobuf", "pydantic",
    "pylatexenc", "pyqwest", "pyrage", "rich", "safetensors", "scipy", "setuptools", "sniffio", "sympy",
    "termcolor", "tiktoken", "tqdm", "transformers<5.3", "zstandard",
)  # fmt: skip
"""What the releases, their `tinker` and torch import; `locks/compile` locks them."""


@dataclass(frozen=True, slots=True)
class CookbookRelease:
    """A release of the cookbook.

    Attributes:
        version: Its version.
        tinker: A release of the official SDK of its time.
    """

    version: str
    tinker: str


RELEASES: Final = (
    CookbookRelease("0.1.0", "0.6.3"),
    CookbookRelease("0.2.2", "0.18.2"),
    CookbookRelease("0.6.1", "0.38.0"),
)


@dataclass(frozen=True, slots=True)
class CookbookEnvironment:
    """Where a release can be imported.

    Attributes:
        python: The interpreter that has the dependencies.
        packages: The folder with the release and its `tinker`.
    """

    python: Path
    packages: Path


def cookbook_environment(release: CookbookRelease) -> CookbookEnvironment:
    """Return the environment of a release, and install it if it is not cached.

    Raises:
        SdkStartError: Another process that installs it does not finish.
        subprocess.CalledProcessError: pip failed; its own words are on standard error.
    """
    root = environment_root(None) / "cookbook"
    shared = make_once(
        root / f"dependencies-{digest(LOCK.read_text(encoding='utf-8'), TORCH)}", _install_dependencies
    )
    python = python_of(shared)
    packages = make_once(
        root / f"cookbook-{release.version}-tinker-{release.tinker}",
        partial(_install_release, python, release),
    )
    return CookbookEnvironment(python, packages)


def source_archive(release: CookbookRelease) -> Path:
    """Return the source archive of a release, which has its tests, and download it if it is not cached.

    Raises:
        SdkStartError: Another process that downloads it does not finish.
        subprocess.CalledProcessError: pip failed; its own words are on standard error.
    """
    root = environment_root(None) / "cookbook"
    (archive,) = make_once(
        root / f"cookbook-{release.version}-sources", partial(_download_sources, release)
    ).glob("*.tar.gz")
    return archive


def _download_sources(release: CookbookRelease, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"tinker-cookbook=={release.version}"
    command = [
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        "tinker-cookbook",
        "--dest",
        str(folder),
        name,
    ]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)


def _install_dependencies(folder: Path) -> None:
    print(
        "installing what tinker-cookbook depends on (1.5 GB, some minutes) ...", file=sys.stderr, flush=True
    )
    venv.create(folder, with_pip=True)
    python = python_of(folder)
    _pip(python, "--require-hashes", "--requirement", str(LOCK))
    # Builds for the CPU need no more than the lock has; the others bring CUDA along.
    _pip(python, TORCH)


def _install_release(python: Path, release: CookbookRelease, folder: Path) -> None:
    # Without dependencies: the lock has them, and `tml-renderers` is for models that the fake does not list.
    names = [f"tinker-cookbook=={release.version}", f"tinker=={release.tinker}"]
    _pip(python, "--no-deps", "--target", str(folder), *names)


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)
