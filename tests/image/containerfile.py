"""Parse a Containerfile, and run its steps in a folder instead of an image."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

RUN_SECONDS = 300
_IMAGE_PATH = re.compile(r"(?<![\w./-])/(?=(?:opt|src|work|tmp)\b)")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in upper case, and the rest of its line."""

    name: str
    text: str


def instructions(text: str) -> list[Instruction]:
    """Read the instructions of a file; a line that ends in a backslash goes on in the next."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    split = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [Instruction(name.upper(), rest.strip()) for name, _, rest in split]


def build_context(root: Path) -> list[Path]:
    """Return the files that `.dockerignore` lets through, which here excludes all but what it names."""
    patterns = (root / ".dockerignore").read_text(encoding="utf-8").split("\n")
    wanted = [line.removeprefix("!") for line in patterns if line.startswith("!")]
    assert "*" in patterns
    files = {path for pattern in wanted for path in root.glob(pattern.replace("/**", "/**/*"))}
    return sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)


@dataclass
class PlainBuild:
    """Replaces the image: its absolute paths are paths below `root`.

    Attributes:
        root: The folder.
        context: The repository.
        path: The PATH of the base image.
    """

    root: Path
    context: Path
    path: str
    folder: str = "/"
    variables: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The variables of a container."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
        return {**kept, "PATH": self.path, "HOME": str(self.root), **self.variables}

    def carry_out(self, instruction: Instruction) -> None:
        """Carry out one instruction."""
        match instruction.name, instruction.text:
            case "FROM", _:
                self.folder, self.variables = "/", {}
            case "WORKDIR", text:
                self.folder = text
                self.here().mkdir(parents=True, exist_ok=True)
            case "COPY", text:
                self._copy(text.split())
            case "ENV", text:
                for name, value in re.findall(r"(\w+)=(\S+)", text):
                    self.variables[name] = self.mapped(value.replace("$PATH", self.path))
            case "RUN", text:
                self.run(["sh", "-ec", self.mapped(text)])
            case "CMD", text:
                self.command = json.loads(text)
            case "ARG" | "USER" | "EXPOSE", _:
                pass
            case name, _:
                raise AssertionError(f"no test knows the instruction {name}; add it to PlainBuild")

    def run(self, command: list[str]) -> str:
        """Run a command to its end, as in the container; return its standard output."""
        done = subprocess.run(
            command,
            cwd=self.here(),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def mapped(self, text: str) -> str:
        """Replace absolute paths of the image."""
        return _IMAGE_PATH.sub(f"{self.root}/", text)

    def here(self) -> Path:
        """Return the working folder."""
        return self.root / self.folder.lstrip("/")

    def _copy(self, words: list[str]) -> None:
        if words[0].startswith("--from="):
            # An environment of Python works only at the path at which it was made.
            assert words[1] == words[2], words
            assert (self.root / words[1].lstrip("/")).exists(), words
            return
        *sources, target = words
        files = build_context(self.context)
        for source in (self.context / name for name in sources):
            chosen = [path for path in files if path == source or source in path.parents]
            assert chosen, f"{source} is not in the build context; see .dockerignore"
            for path in chosen:
                inside = path.name if path == source else path.relative_to(source)
                copied = self.here() / target / inside
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copied)
