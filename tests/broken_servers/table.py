"""Write docs/reference/broken-servers.md; `make generate` does, with all generated pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinker_conformance.server.probes import PROBES

from .registry import BROKEN_SERVERS

_HEAD: Final = """\
# Broken servers

Generated from `tests/broken_servers`. Tests check that this page is up to date and that every line is true.

Each server on this page is the kit's fake server with one deliberate fault, which its name describes. The
tests judge it. It must fail exactly the probes that are listed for it, and the one in the column "caught by"
must fail with the words in the column "reports".
"""


def document() -> str:
    """Return the page, in Markdown."""
    return "\n".join([_HEAD, *_by_probe(), "", *_by_server(), ""])


def _by_probe() -> Iterator[str]:
    yield "## Which broken servers fail each probe\n"
    yield f"{len(PROBES)} probes. **Bold**: a server made for this probe."
    yield ""
    yield "| probe | broken servers |"
    yield "|---|---|"
    for probe in PROBES:
        there_for_it = [s for s in BROKEN_SERVERS.values() if s.caught_by == probe.id]
        others = [s for s in BROKEN_SERVERS.values() if probe.id in s.also]
        names = [f"**{s.name}**" for s in there_for_it] + [s.name for s in others]
        yield f"| `{probe.id}` | {', '.join(names)} |"


def _by_server() -> Iterator[str]:
    yield "## Which probes each broken server fails\n"
    yield f"{len(BROKEN_SERVERS)} servers."
    yield ""
    yield "| server | caught by | reports | also fails |"
    yield "|---|---|---|---|"
    for server in BROKEN_SERVERS.values():
        also = ", ".join(f"`{name}`" for name in sorted(server.also))
        symptom = server.saying.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")
        yield f"| {server.name} | `{server.caught_by}` | {symptom} | {also} |"
