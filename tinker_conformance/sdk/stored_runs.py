"""Keep the runs of the reference on disk, so that a second run of the kit need not play them again.

The reference is the kit's own model of the official SDK: what it does in a scenario follows from the kit's
files, the profile and the scenario. The folder's name is a digest of all of the kit's files, so after any
change to the kit no old run is found.

Failures. A file that cannot be read or written, or is damaged, is ignored: the reference then plays the
scenario.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Container
from concurrent.futures import Future
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.bounded_files import read_bytes
from fake_server.core.errors import FileError
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.kit_digest import kit_digest
from tinker_conformance.sdk.official.environments import WORKER_DEPENDENCIES, cache_folder
from tinker_conformance.sdk.session import Run
from tinker_conformance.timeline import Event

_KITS: Final = 4
"""How many versions of the kit keep a folder. A developer of the kit creates one with each change."""
_OF_A_KIT: Final = re.compile("[0-9a-f]{16}")
"""The names of these folders. Others beside them are not removed."""
_MOST_BYTES: Final = 100_000_000
"""The largest file that is read, in bytes; a usual file has some 2 MB."""

# Deterministic, because sets of strings are in another order in each process.
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_file = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_timeline = msgspec.json.Decoder(tuple[Event, ...]).decode


class StoredRuns:
    """The stored runs of the reference under one profile: one file in the cache folder. Not thread-safe."""

    def __init__(self, profile: Profile, folder: Path, scenarios: Container[str]) -> None:
        """Read the stored runs.

        Args:
            profile: The profile that the reference follows.
            folder: The folder of this version of the kit; see `stored_runs`.
            scenarios: The ids of the scenarios to store. Generated scenarios are not stored: each of them
                comes once.
        """
        self._path = folder / f"{_digest(_encode(profile))}.json"
        self._scenarios = scenarios
        self._kept = self._read()
        self._new: list[tuple[Scenario, Future[Run]]] = []

    def run_of(self, scenario: Scenario) -> Run | None:
        """Return the stored run of a scenario, or None."""
        kept = self._kept.get(_key(scenario))
        if kept is None:
            return None
        try:
            return Run(_decode_timeline(kept))
        except (msgspec.MsgspecError, RecursionError):
            return None

    def keep(self, scenario: Scenario, run: Future[Run]) -> None:
        """Take a run for the next `save`, which stores it if it has ended without a fault."""
        if scenario.id in self._scenarios:
            self._new.append((scenario, run))

    def save(self) -> None:
        """Write the new runs to the file.

        Runs that other processes have written to the file since it was read stay in it.
        """
        new = {
            _key(scenario): msgspec.Raw(_encode(run.result().timeline))
            for scenario, run in self._new
            if run.done() and not run.cancelled() and run.exception() is None and run.result().fault is None
        }
        if not new:
            return
        folder = self._path.parent
        temporary = self._path.with_name(f".{self._path.name}-{secrets.token_hex(8)}")
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                content = _encode(self._read() | new)
                temporary.write_bytes(_digest(content).encode() + b"\n" + content)
                temporary.replace(self._path)
            finally:
                temporary.unlink(missing_ok=True)
            _remove_oldest(folder.parent)

    def _read(self) -> dict[str, msgspec.Raw]:
        try:
            digest, _, content = read_bytes(self._path, most=_MOST_BYTES).partition(b"\n")
            # A file that was edited or truncated is not what the reference did.
            return _decode_file(content) if digest.decode("latin-1") == _digest(content) else {}
        except (FileError, msgspec.MsgspecError, RecursionError):
            return {}


def stored_runs(profile: Profile) -> StoredRuns | None:
    """Return this kit's stored runs for a profile; None if there is no cache folder."""
    versions = (version(name) for name in ("httpx", *WORKER_DEPENDENCIES))
    try:
        folder = cache_folder() / "reference" / kit_digest(platform.python_version(), *versions)
    except (UserError, OSError):
        return None
    with contextlib.suppress(OSError):
        os.utime(folder)  # in use, so not among the oldest
    return StoredRuns(profile, folder, shipped_scenarios())


def _key(scenario: Scenario) -> str:
    return f"{scenario.id}-{_digest(_encode(encode_scenario(scenario)))}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _remove_oldest(root: Path) -> None:
    ours = (folder for folder in root.iterdir() if _OF_A_KIT.fullmatch(folder.name))
    folders = sorted(ours, key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[_KITS:]:
        shutil.rmtree(folder, ignore_errors=True)
