"""Build the environment of an SDK of the catalogue: its package, the requirements of that, and nothing else.

pip has no way to leave out a required package (torch, transformers), so requirements are installed level by
level: first the package, then what it requires, and so on, each without dependencies. A requirement that the
shared dependencies satisfy is not installed again. Nothing resolves conflicts: if two packages require
different versions of a third, the error says which, and a pin in the entry decides.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tinker_conformance.error_families import SdkStartError
from tinker_conformance.profile.version_numbers import release_of, version_of
from tinker_conformance.sdk.catalogue.catalogue_entry import CatalogueEntry, NamedPackage
from tinker_conformance.sdk.official import pip
from tinker_conformance.sdk.official.cache import make_once
from tinker_conformance.sdk.official.empty_modules import write_stand_ins
from tinker_conformance.sdk.official.environments import (
    LeanEnvironment,
    digest,
    environment_root,
    explained,
    has_interpreter,
    make_interpreter,
    shared_dependencies,
    worker_import_path,
)

_CONSTRAINTS: Final = "constraints.txt"
_SUBSTITUTES: Final = "substitutes"


def package_environment(
    package: NamedPackage, *, cache: Path | None = None, report: Callable[[str], None]
) -> LeanEnvironment:
    """Return the environment of an SDK of the catalogue; build it if it is not in the cache.

    Args:
        package: The SDK and its version. The pins of its entry apply only to the entry's own version.
        cache: The cache folder. None: the folder in `TINKER_CONFORMANCE_CACHE`, or else the user's cache
            folder.
        report: Receives a line of text for each step that takes time.

    Raises:
        SdkStartError: If the registry does not have that version for this Python, or the entry does not fit
            what was installed (then `is_final`); or if the environment cannot be built for another reason.
    """
    entry, version = package.entry, package.version
    root = environment_root(cache)
    key = digest(msgspec.json.encode(entry.install).decode(), _content(entry))
    with explained(cache):
        dependencies = shared_dependencies(root, report)
        folder = root / "packages" / f"{entry.package}-{version}-{key}"
        build = functools.partial(_build, package, folder, dependencies, report)
        make_once(folder, build, complete=has_interpreter)
        return LeanEnvironment(
            version, folder, worker_import_path(cache=cache), hidden=entry.hidden_variables
        )


def _content(entry: CatalogueEntry) -> str:
    """Return the size and the time of the entry's wheel: a rebuilt wheel needs a new environment."""
    if entry.install.wheel is None:
        return ""
    found = Path(entry.install.wheel).stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def _build(
    package: NamedPackage, final: Path, dependencies: Path, report: Callable[[str], None], folder: Path
) -> None:
    entry, version = package.entry, package.version
    report(f"installing {entry.package} {version} into its own environment (only once)")
    constraints = _constraints(package, folder)
    known = _Installed(entry, folder, dependencies)
    wanted = [entry.install.wheel or f"{entry.package}=={version}", *entry.install.also]
    while wanted:
        # A folder for each level: pip adds nothing to a folder that exists, such as that of a namespace.
        level = known.add_level()
        cache = final.parent.parent
        pip.install(wanted, target=level, cache=cache, dependencies=False, constraints=constraints)
        wanted = known.missing()
    _check_version(entry, version, known)
    substitutes = folder / _SUBSTITUTES
    if (official := known.version(pip.PACKAGE)) is not None:
        write_stand_ins(release_of(official), substitutes)
    for path, text in entry.install.substitutes.items():
        target = substitutes / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    make_interpreter(folder, [*(final / name for name in (_SUBSTITUTES, *known.levels)), dependencies])


def _constraints(package: NamedPackage, folder: Path) -> Path | None:
    """Write the pins of the entry to a constraints file for pip and return its path; None without pins."""
    pins = package.entry.install.pins
    if not pins or not package.is_pinned:
        return None
    path = folder / _CONSTRAINTS
    path.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
    return path


def _check_version(entry: CatalogueEntry, version: str, known: _Installed) -> None:
    found = known.version(entry.package)
    if found != version:
        raise SdkStartError(
            f"{entry.source} is about {entry.package} {version}, but what was installed is "
            f"{f'version {found}' if found else 'another package'}; "
            "correct package, version or install.wheel",
            is_final=True,
        )


@dataclass(slots=True)
class _Installed:
    """The packages that an environment contains so far."""

    entry: CatalogueEntry
    folder: Path
    dependencies: Path
    levels: list[str] = field(default_factory=list)

    def add_level(self) -> Path:
        """Return a new folder for the packages of the next level of requirements."""
        self.levels.append(f"packages-{len(self.levels)}")
        return self.folder / self.levels[-1]

    def version(self, package: str) -> str | None:
        """Return the version of an installed package, or None."""
        found = self._own().get(canonicalize_name(package))
        return None if found is None else found.version

    def _own(self) -> dict[str, Distribution]:
        return _by_name(self.folder / level for level in self.levels)

    def missing(self) -> list[str]:
        """Return the requirements that no installed package meets yet, in pip's notation.

        Raises:
            SdkStartError: If an installed package does not meet a requirement.
        """
        own, shared = self._own(), _by_name([self.dependencies])
        left_out = {canonicalize_name(name) for name in self.entry.install.leave_out}
        wanted: dict[str, str] = {}
        for distribution in own.values():
            for requirement in self._requirements(distribution):
                name = canonicalize_name(requirement.name)
                if name in left_out:
                    continue
                if name in own:
                    self._check(requirement, own[name], distribution)
                elif name not in shared or not _meets(shared[name], requirement):
                    specifier = f",{requirement.specifier}" if requirement.specifier else ""
                    wanted[name] = f"{wanted.get(name, requirement.name)}{specifier}"
        return [_tidy(each) for each in wanted.values()]

    def _requirements(self, distribution: Distribution) -> Iterator[Requirement]:
        """Yield the requirements of an installed package on this Python, with the extras of the entry."""
        is_sdk = canonicalize_name(distribution.name) == canonicalize_name(self.entry.package)
        extras = ("", *(self.entry.install.extras if is_sdk else ()))
        for line in distribution.requires or ():
            try:
                requirement = Requirement(line)
            except InvalidRequirement as error:
                raise SdkStartError(
                    f"{distribution.name} requires {line!r}, which is not a requirement ({error}); "
                    "report it to its authors, and leave it out of the entry until then"
                ) from error
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                yield requirement

    def _check(self, requirement: Requirement, found: Distribution, by: Distribution) -> None:
        if not _meets(found, requirement):
            raise SdkStartError(
                f"{by.name} {by.version} requires {requirement}, but {found.name} {found.version} was "
                f"installed for another package; add the version that both accept to install.pins in "
                f"{self.entry.source}",
                is_final=True,
            )


def _by_name(folders: Iterable[Path]) -> dict[str, Distribution]:
    found = distributions(path=[str(folder) for folder in folders])
    return {canonicalize_name(each.name): each for each in found}


def _meets(found: Distribution, requirement: Requirement) -> bool:
    version = version_of(found.version)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _tidy(requirement: str) -> str:
    """Return a requirement in pip's notation: `numpy<2.3,>=2` for `numpy,<2.3,>=2`."""
    return requirement.replace(",", "", 1) if "," in requirement else requirement
