"""Where a campaign keeps what it has measured, so that an interrupted one goes on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

_R = TypeVar("_R", bound=msgspec.Struct)

_PACKAGE: Final = Path(__file__).parents[1]


class Store(Generic[_R]):
    """Results in a file, a JSON object a line: written at once, gone when the campaign is complete."""

    def __init__(self, folder: Path, options: str, kind: type[_R]) -> None:
        """Reads what an interrupted campaign left.

        Args:
            folder: Where the file lies; made if need be.
            options: What a result depends on beside the kit itself: another value is another file.
            kind: What a line holds.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{_digest(options)}.jsonl"
        self._decoder = msgspec.json.Decoder(kind)
        self.results: list[_R] = []
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        for line in self.path.read_bytes().splitlines():
            try:
                self.results.append(self._decoder.decode(line))
            except msgspec.MsgspecError:
                break  # the line that was being written when the campaign was interrupted
        # So that what comes next does not continue a torn line.
        self.path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in self.results))

    def add(self, result: _R) -> None:
        """Keeps a result."""
        self.results.append(result)
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")

    def complete(self) -> None:
        """Forgets everything: the next campaign measures anew."""
        self.path.unlink(missing_ok=True)


def _digest(options: str) -> str:
    """Of the options and of the kit as it is: another kit may measure something else."""
    digest = hashlib.sha256(options.encode())
    for package in (_PACKAGE, _PACKAGE.parent / "fake_server"):
        for path in sorted(package.rglob("*")):
            if path.suffix in {".py", ".toml", ".yaml"}:
                digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
