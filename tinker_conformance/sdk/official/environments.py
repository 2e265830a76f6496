"""Build lean environments: any release of the official SDK, without its gigabytes of dependencies.

`pip install tinker` brings transformers and, up to 0.7, torch, which the kit does not use. A lean environment
is a virtual environment without pip that imports from two folders. One contains the release alone. The other
contains the run-time dependencies of all releases and of the kit's worker, and is installed once. Measured
for all 75 releases from 0.1.0 to 0.38.0.

Failures. `SdkStartError`: the registry does not have the release; pip is missing, fails, is too slow or has
no network; the cache cannot be written, or another process locks it for too long. An incomplete environment
is never used (see `cache`).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fake_server.core.bounded_files import read_text
from fake_server.core.errors import FileError
from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.profile.releases import known_releases
from tinker_conformance.profile.version_numbers import release_of
from tinker_conformance.sdk.official import pip
from tinker_conformance.sdk.official.cache import make_once
from tinker_conformance.sdk.official.empty_modules import STAND_INS, write_stand_ins

__all__ = [
    "LeanEnvironment",
    "cached_versions",
    "check_published",
    "lean_environment",
    "published_versions",
    "worker_import_path",
]

CACHE_VARIABLE: Final = "TINKER_CONFORMANCE_CACHE"
CONSTRAINTS_VARIABLE: Final = "TINKER_CONFORMANCE_CONSTRAINTS"
"""The environment variable that names a pip constraints file for the dependencies. It keeps a CI run
reproducible.
"""
_APPLICATION: Final = "tinker-conformance"

SDK_DEPENDENCIES: Final = (
    "anyio", "click", "distro", "httpx[http2]", "numpy", "orjson", "protobuf", "pydantic", "pyqwest", "rich",
    "sniffio", "typing-extensions", "zstandard",
)  # fmt: skip
"""The packages that the releases import at run time (metadata of 0.1.0 to 0.38.0, without transformers and
grpcio).
"""
WORKER_DEPENDENCIES: Final = ("freezegun", "httptools", "msgspec", "pyyaml", "respx")
"""Further packages that the kit's worker imports."""
KIT_PACKAGES: Final = ("fake_server", "tinker_conformance")

_VERSION: Final = re.compile(r"[0-9]+(\.[0-9A-Za-z]+)*")
_HIDDEN: Final = re.compile(r"PYTHON|TINKER_(?!CONFORMANCE_)")
_HIDDEN_NAMES: Final = frozenset({"VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})


@dataclass(frozen=True, slots=True)
class LeanEnvironment:
    """The environment of one release of the official SDK, or of one version of another SDK of the catalogue.

    Attributes:
        version: The release.
        folder: The folder of the environment.
        imports: The folder from which the worker imports the kit's own packages.
        hidden: Prefixes of further environment variables that the worker does not get.
    """

    version: str
    folder: Path
    imports: Path
    hidden: tuple[str, ...] = ()

    @property
    def repair(self) -> str:
        """What the user can do if the SDK does not start; the kit does not notice a damaged environment."""
        dependencies = self.folder.parents[1] / "dependencies"
        return (
            f"if the cache is damaged, remove {self.folder} and {dependencies} and run the same command "
            "again, which rebuilds both"
        )

    @property
    def python(self) -> Path:
        """The path of the environment's Python interpreter."""
        return pip.python_of(self.folder / "venv")

    def environment(self) -> dict[str, str]:
        """Return the environment variables for a worker process.

        These are the variables of this process, except those that change the SDK's behaviour: variables of
        Python, of the SDK (`TINKER_…`, including keys) and of HTTP proxies.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not _HIDDEN.match(name)
            and name.upper() not in _HIDDEN_NAMES
            and not name.startswith(self.hidden)
        }
        return kept | {
            "PYTHONPATH": str(self.imports),
            "PYTHONSAFEPATH": "1",
            "PYTHONNOUSERSITE": "1",
            "PYTHONUTF8": "1",
        }


def _silent(_text: str) -> None:
    """Discard a progress report."""


def lean_environment(
    version: str, *, cache: Path | None = None, report: Callable[[str], None] = _silent
) -> LeanEnvironment:
    """Return the environment of one release; build it if it is not in the cache.

    Args:
        version: A published version, such as `0.6.3`.
        cache: The cache folder. None: the folder in `TINKER_CONFORMANCE_CACHE`, or else the user's cache
            folder.
        report: Receives a line of text for each step that takes time.

    Raises:
        UserError: If there is no such release.
        SdkStartError: If the environment cannot be built, for instance without a network, or if another
            process that builds it does not finish in time.
    """
    if not _VERSION.fullmatch(version):
        message = f"{version!r} is not a version of {pip.PACKAGE}; write one like 0.6.3"
        raise UserError(message)
    root = environment_root(cache)
    with explained(cache):
        dependencies = shared_dependencies(root, report)
        folder = root / "releases" / version
        make_once(
            folder,
            functools.partial(_install_release, version, folder, dependencies, report),
            complete=_is_complete,
        )
        return LeanEnvironment(version, folder, worker_import_path(cache=cache))


def shared_dependencies(root: Path, report: Callable[[str], None]) -> Path:
    """Return the folder of the dependencies that all environments share; install them if they are not there.

    Args:
        root: The folder that `environment_root` returns.
        report: Receives a line of text for each step that takes time.
    """
    return make_once(root / "dependencies", functools.partial(_install_dependencies, root, report))


def cached_versions(*, cache: Path | None = None) -> list[str]:
    """Return the releases whose environments are in the cache, newest first."""
    folders = (environment_root(cache) / "releases").glob("[0-9]*")
    return sorted((each.name for each in folders if _is_complete(each)), key=release_of, reverse=True)


def published_versions(*, cache: Path | None = None) -> list[str]:
    """Return all published releases of the official SDK, newest first.

    Raises:
        SdkStartError: If pip cannot list them. The text says why.
    """
    with explained(cache):
        return pip.published_versions(cache=environment_root(cache))


def check_published(version: str, *, cache: Path | None = None) -> None:
    """Check that a release of the official SDK exists, before anything is started.

    The kit asks the registry only about releases that are newer than those it knows. If the registry does not
    answer, nothing is raised: building the environment will fail with the reason.

    Raises:
        UserError: There is no such release. The text names the nearest ones.
    """
    known = known_releases()
    if version in known or version in cached_versions(cache=cache):
        return
    if release_of(version) > release_of(known[-1]):
        try:
            known = tuple(published_versions(cache=cache))
        except SdkStartError:
            return
    if version not in known:
        raise pip.unknown_version(pip.PACKAGE, version, known)


def worker_import_path(*, cache: Path | None = None) -> Path:
    """Return a folder that contains only the kit's two packages, for the `PYTHONPATH` of a worker.

    So the worker imports no other package of the environment that the kit is installed in. The folder
    contains symbolic links, or copies on a file system without links.
    """
    places = {name: package_folder(name) for name in KIT_PACKAGES}
    key = digest(*(str(place) for place in places.values()))

    def build(folder: Path) -> None:
        for name, place in places.items():
            try:
                (folder / name).symlink_to(place, target_is_directory=True)
            except OSError:
                shutil.copytree(place, folder / name)

    def complete(folder: Path) -> bool:
        return all((folder / name / "__init__.py").exists() for name in KIT_PACKAGES)

    return make_once(environment_root(cache) / "imports" / key, build, complete=complete)


def cache_folder() -> Path:
    """Return the folder in which the kit keeps files between runs.

    It is the folder in `TINKER_CONFORMANCE_CACHE`, or else the user's cache folder.

    Raises:
        UserError: If the user has no home folder.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    try:
        if chosen:
            return Path(chosen).expanduser().absolute()
        import platformdirs  # noqa: PLC0415 - not in the worker's environment

        found = Path(platformdirs.user_cache_dir(_APPLICATION, appauthor=False))
    except RuntimeError as error:
        raise _no_cache_folder() from error
    # Without a home folder, older versions of platformdirs return "~/.cache/…" unexpanded.
    if not found.is_absolute():
        raise _no_cache_folder()
    return found


def _no_cache_folder() -> UserError:
    return UserError(f"there is no home folder to keep environments in; name a folder in {CACHE_VARIABLE}")


def environment_root(cache: Path | None) -> Path:
    """Return the folder of the environments for this version of Python and this list of dependencies."""
    python = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    constraints = _constraints()
    try:
        chosen = "" if constraints is None else read_text(constraints)
    except FileError as error:
        message = f"{CONSTRAINTS_VARIABLE} names {error.of(str(constraints))}"
        raise SdkStartError(message) from error
    contents = digest(*SDK_DEPENDENCIES, *WORKER_DEPENDENCIES, repr(STAND_INS), *filter(None, [chosen]))
    # Files in the cache name these folders, so the path must be absolute.
    folder = cache_folder() if cache is None else cache.expanduser().absolute()
    return folder / f"{python}-{contents}"


def _constraints() -> Path | None:
    """Return the pip constraints file that `TINKER_CONFORMANCE_CONSTRAINTS` names, or None.

    Raises:
        SdkStartError: If the file does not exist.
    """
    chosen = os.environ.get(CONSTRAINTS_VARIABLE)
    if not chosen:
        return None
    path = Path(chosen).expanduser().absolute()
    if not path.is_file():
        message = (
            f"{CONSTRAINTS_VARIABLE} names {path}, which is not a file; correct the variable or unset it"
        )
        raise SdkStartError(message)
    return path


def _install_dependencies(root: Path, report: Callable[[str], None], folder: Path) -> None:
    report(f"installing the run-time dependencies of {pip.PACKAGE} (only once)")
    requirements = [*SDK_DEPENDENCIES, *WORKER_DEPENDENCIES]
    pip.install(requirements, target=folder, cache=root, dependencies=True, constraints=_constraints())


def _install_release(
    version: str, final: Path, dependencies: Path, report: Callable[[str], None], folder: Path
) -> None:
    report(f"installing {pip.PACKAGE} {version} into its own environment (only once)")
    packages = folder / "packages"
    requirement = f"{pip.PACKAGE}=={version}"
    pip.install([requirement], target=packages, cache=dependencies.parent, dependencies=False)
    write_stand_ins(release_of(version), packages)
    make_interpreter(folder, [final / "packages", dependencies])


def make_interpreter(folder: Path, imports: Iterable[Path]) -> None:
    """Create a virtual environment without pip, as `venv` below a folder.

    Args:
        folder: The folder that is being built.
        imports: The folders from which the environment imports packages, in this order.
    """
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder / "venv")
    site_packages = next((folder / "venv").glob("[Ll]ib/**/site-packages"))
    paths = "".join(f"{each}\n" for each in imports)
    (site_packages / f"{_APPLICATION}.pth").write_text(paths, encoding="utf-8")


def has_interpreter(folder: Path) -> bool:
    """Return whether the Python interpreter of the environment in a folder still exists.

    It is a link to another interpreter, which may have been removed since.
    """
    return pip.python_of(folder / "venv").exists()


def _is_complete(folder: Path) -> bool:
    return has_interpreter(folder) and (folder / "packages" / pip.PACKAGE).is_dir()


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None  # noqa: S101 - these are the packages that this code belongs to
    assert spec.origin is not None  # noqa: S101
    return Path(spec.origin).resolve().parent


@contextlib.contextmanager
def explained(cache: Path | None) -> Iterator[None]:
    """Add the commands that can be run instead to an `SdkStartError` of this block."""
    try:
        yield
    except SdkStartError as error:
        if error.is_final:
            raise
        message = f"{error}{_cached_hint(cache)}"
        raise SdkStartError(message) from error
    except OSError as error:
        message = (
            f"the cache of environments cannot be used ({error}); name another folder in {CACHE_VARIABLE}, "
            "or use --sdk reference, which needs no cache"
        )
        raise SdkStartError(message) from error


def _cached_hint(cache: Path | None) -> str:
    versions = cached_versions(cache=cache)
    if not versions:
        return ""
    all_of_them = ", ".join(versions)
    return f"; without a network --sdk official=={versions[0]} works (in the cache: {all_of_them})"


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
