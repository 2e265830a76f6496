"""Store the results of a campaign (a comparison of many releases), so that an interrupted one can resume."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from fake_server.core.bounded_files import parse_json, read_bytes
from fake_server.core.errors import FileError
from tinker_conformance.error_families import UserError
from tinker_conformance.sdk.kit_digest import kit_digest

MOST_BYTES: Final = 100_000_000
"""The largest size of a file of results, bytes; the results of all releases need a few megabytes."""

_R = TypeVar("_R", bound=msgspec.Struct)


class Store(Generic[_R]):
    """Results in a file, one JSON object per line, deleted when the campaign is complete."""

    def __init__(self, folder: Path, options: str, kind: type[_R]) -> None:
        """Open the store, with the results of an interrupted campaign.

        Args:
            folder: The folder of the file; created if missing.
            options: The options on which the results depend; each value has a file of its own.
            kind: The type of one result.

        Raises:
            UserError: If the file exists and cannot be read.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{kit_digest(options)}.jsonl"
        self._kind = kind
        self.results: list[_R] = []
        if os.path.lexists(self.path):
            self._read()

    def _read(self) -> None:
        try:
            content = read_bytes(self.path, most=MOST_BYTES)
        except FileError as error:
            raise UserError(
                f"{error.of(str(self.path))}. It holds the results of an interrupted campaign; remove it "
                "to begin again"
            ) from error
        for line in content.splitlines():
            try:
                self.results.append(msgspec.convert(parse_json(line), self._kind))
            except (FileError, msgspec.MsgspecError):
                break  # the line that was being written when the campaign was interrupted
        # Rewrite the file, so that the next result does not continue a truncated line.
        self.path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in self.results))

    def add(self, result: _R) -> None:
        """Append a result."""
        self.results.append(result)
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")

    def complete(self) -> None:
        """Delete all results, so that the next campaign starts from the beginning."""
        self.path.unlink(missing_ok=True)
