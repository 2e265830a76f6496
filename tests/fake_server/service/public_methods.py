"""The table of public methods: which release has which, and that the simulated service answers each.

    python tests/fake_server/service/public_methods.py

calls every one, in an environment of each release, and writes ``docs/reference/public-methods.md``.
"""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tinker_conformance.sdk.official.environments import lean_environment

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "reference" / "public-methods.md"
PROGRAM: Final = Path(__file__).with_name("public_methods_program.py")
HISTORY: Final = ROOT / "tests" / "tinker_conformance" / "requirements" / "test_history.py"

_OTHER_LOOP: Final = "raises before it sends a request, because it uses its client from another event loop"
FAULTS: Final[Mapping[tuple[str, str], str]] = {
    **{
        (release, "RestClient.get_audit_log_async"): _OTHER_LOOP for release in ("0.20.0", "0.22.7", "0.36.0")
    },
    ("0.36.0", "AdminClient.get_audit_log_async"): _OTHER_LOOP,
    ("0.20.0", "tinker checkpoint delete"): (
        "exits before it sends a request, because its own command `list` hides Python's"
    ),
}
"""Methods and commands that fail by a fault of the release."""


@dataclass(frozen=True, slots=True)
class Release:
    """The result of calling every public method of one release.

    Attributes:
        version: The release.
        called: What worked: the name, and the type that it gave.
        failed: What did not: the name and the error.
        without_a_call: Public names that the program has no call for.
        reasons: Why others are not called.
        problems: What the server did not expect.
    """

    version: str
    called: Mapping[str, str]
    failed: Mapping[str, str]
    without_a_call: tuple[str, ...]
    reasons: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        """All public methods and commands of the release."""
        return {*self.called, *self.failed, *self.without_a_call, *self.reasons}


def releases() -> tuple[str, ...]:
    """The releases of the history, as `test_history.py` has them."""
    for node in ast.parse(HISTORY.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RELEASES":
            found: tuple[str, ...] = ast.literal_eval(node.value)
            return found
    raise LookupError(f"{HISTORY} has no RELEASES")


def call_everything(version: str) -> Release:
    """Call every public method and command of a release, in an environment of its own."""
    environment = lean_environment(version)
    done = subprocess.run(
        [str(environment.python), str(PROGRAM)],
        env=environment.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    results: dict[str, Any] = json.loads(done.stdout)
    return Release(
        version,
        results["called"],
        results["failed"],
        tuple(results["without_a_call"]),
        {name: results["reasons"][name] for name in results["excused"]},
        tuple(results["problems"]),
    )


def page(found: Iterable[Release]) -> str:
    """The page, in Markdown."""
    columns = list(found)
    notes: list[str] = []
    groups: dict[str, list[str]] = {}
    for name in sorted({name for release in columns for name in release.names}):
        group = "tinker" if name.startswith("tinker ") else name.split(".", maxsplit=1)[0]
        groups.setdefault(group, []).append(name)
    lines = [
        "# Public methods by release",
        "",
        "Which public methods of the official SDK the simulated service answers, with the SDK's own types.",
        "This page is generated from a call of each one, and a test keeps it fresh:",
        "`python tests/fake_server/service/public_methods.py`.",
        "",
        "A cell says `yes` if the call gave its type. It has a number if the method was not called, or",
        "failed: the reason is below. It is empty if the release has no such method.",
    ]
    for group, names in sorted(groups.items(), key=lambda each: (each[0] == "tinker", each[0])):
        title = "Commands of `tinker`" if group == "tinker" else f"`{group}`"
        lines += ["", f"## {title}", ""]
        lines.append("| | " + " | ".join(release.version for release in columns) + " |")
        lines.append("|---" * (len(columns) + 1) + "|")
        for name in names:
            label = name.removeprefix(f"{group}.").removeprefix("tinker ")
            cells = [_cell(release, name, notes) for release in columns]
            lines.append(f"| `{label}` | " + " | ".join(cells) + " |")
    lines += ["", "## Why some are not called", ""]
    lines += [f"{place}. {note[0].upper()}{note[1:]}." for place, note in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


def _cell(release: Release, name: str, notes: list[str]) -> str:
    if name not in release.names:
        return ""
    if name in release.called:
        return "yes"
    fault = FAULTS.get((release.version, name))
    note = release.reasons.get(name) or (f"a fault of the release: {fault}" if fault else "it failed")
    if note not in notes:
        notes.append(note)
    return f"({notes.index(note) + 1})"


if __name__ == "__main__":
    PAGE.write_text(page([call_everything(version) for version in releases()]), encoding="utf-8")
