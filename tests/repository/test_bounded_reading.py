"""Everything that others have written is read by one bounded reader, `fake_server.core.bounded_files`.

Whoever reads a file or parses JSON, TOML or YAML elsewhere is in one of the lists below, with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("fake_server", "tinker_conformance")
READER: Final = "fake_server/core/bounded_files.py"
READING: Final = frozenset(
    {
        *("read_text", "read_bytes", "loads", "load", "safe_load", "full_load", "unsafe_load"),
        *("decode", "Decoder", "parse_constant", "literal_eval", "fromstring", "parse"),
    }
)
MODULES: Final = frozenset({"json", "tomllib", "yaml", "msgspec", "ast", "pickle", "ElementTree"})

OUR_OWN: Final[Mapping[str, str]] = {
    "fake_server/dialects/dialect_files.py": "dialects that come with the kit",
    "tinker_conformance/commands/docs.py": "pages that come with the kit",
    "tinker_conformance/profile/profile_files.py": "profiles that come with the kit",
    "tinker_conformance/scenario/library.py": "scenarios that come with the kit",
    "tinker_conformance/sdk/catalogue/catalogue_files.py": "the catalogue that comes with the kit",
    "tinker_conformance/sdk/in_process/worker.py": "an argument that the kit passes to its own worker",
    "tinker_conformance/sdk/kit_digest.py": "the kit's own modules, for their digest",
    "tinker_conformance/clocks/quiet.py": "/proc",
    "tinker_conformance/sdk/process/marked_processes.py": "/proc",
}
LIMITED_BEFORE: Final[Mapping[str, str]] = {
    "fake_server/dialects/translator.py": "a reply of our own engine",
    "fake_server/engine/request_decoding.py": "the body of a request, which http_limits bounds",
    "tinker_conformance/reference/wire.py": "a reply of our own fake server",
    "tinker_conformance/sdk/server_events.py": "a reply of our own fake server",
    "tinker_conformance/sdk/in_process/worker_messages.py": "a line of our own worker",
    "tinker_conformance/sdk/stdio/protocol_messages.py": "a line of an adapter, which LineProcess bounds",
    "tinker_conformance/server/exchanges.py": "a reply that its sender bounds; NaN as an SDK would read it",
    "tinker_conformance/server/releases/release_messages.py": "a line of our own worker",
    "tinker_conformance/sdk/stored_runs.py": "a file that bounded_files has read",
    "tinker_conformance/sdk/recorded_session.py": "a file that bounded_files has read",
    "tinker_conformance/report/records.py": "a line of a report that bounded_files has read",
    "tinker_conformance/parity/golden.py": "a file that bounded_files has read",
}


def _readings(tree: ast.AST) -> Iterator[str]:
    """Yield the calls that read a file, or parse what is in one."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="read_text" | "read_bytes" as name)):
                yield name
            case ast.Call(func=ast.Name(id="open")):
                yield "open"
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Name() | ast.Attribute() as value)):
                if name in READING and (module := ast.unparse(value).split(".")[0]) in MODULES:
                    yield f"{module}.{name}"
            case _:
                pass


def _modules() -> Iterator[tuple[str, list[str]]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            found = list(_readings(ast.parse(path.read_text(encoding="utf-8"))))
            if found:
                yield path.relative_to(ROOT).as_posix(), found


def test_nothing_else_reads_what_others_have_written() -> None:
    readers = dict(_modules())
    known = {READER, *OUR_OWN, *LIMITED_BEFORE}
    assert {name: found for name, found in readers.items() if name not in known} == {}
    assert {*OUR_OWN, *LIMITED_BEFORE} <= set(readers), "a module of the lists no longer reads anything"
    assert "json.loads" in readers[READER]
