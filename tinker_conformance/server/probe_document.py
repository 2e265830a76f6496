"""Write `docs/reference/server-probes.md` from the probes."""

from __future__ import annotations

from collections.abc import Iterator

from tinker_conformance.report.conclusion import NEVER_UNCLAIMED
from tinker_conformance.report.records import JudgedKind
from tinker_conformance.server.probes import CHAPTERS, PROBES, probes_of


def document() -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    never = ", ".join(NEVER_UNCLAIMED[JudgedKind.SERVER])
    waiting = ", ".join(f"`{probe.id}` (up to {probe.waits:g} s)" for probe in PROBES if probe.waits)
    yield "# Server probes"
    yield ""
    yield f"Generated from the code; {len(PROBES)} probes in {len(CHAPTERS)} chapters."
    yield "[Judge a server](../how-to/judge-a-server.md) shows how to run them, and"
    yield "[broken servers](broken-servers.md) which faults each of them catches."
    yield ""
    yield "*contract*: users of the named releases rely on it. *quirk*: counted only with `--strict`."
    yield "*since*: the version of this kit that first asked the probe. *releases*: the releases of `tinker`"
    yield "that rely on it. *source*: what these releases do, or where somebody reported its absence:"
    yield "`SkyRL #2035` is an issue in the public repository of SkyRL."
    yield "A probe whose endpoint the server does not have is *not offered*, and does not count."
    yield f"No server may leave out the chapters {never} as a whole."
    yield f"These probes wait, and `--quick` leaves them out: {waiting}."
    for chapter in CHAPTERS:
        yield ""
        yield f"## {chapter}"
        for probe in probes_of(chapter):
            yield ""
            yield f"### `{probe.id}`"
            yield ""
            yield probe.sentence
            yield ""
            yield f"- level: {probe.level.value}; since kit {probe.since}"
            yield f"- releases: {probe.releases}"
            yield f"- source: {probe.source}."
            if probe.needs:
                yield f"- needs: {', '.join(f'`{feature.value}`' for feature in sorted(probe.needs))}"
