"""The parts of the findings page of a server that come from its recorded run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.docs.generate.marked_places import replaced
from tests.findings.recorded_run import FOLDER
from tests.findings.recorded_server import SERVERS, FailedProbe, JudgedServer, load_server
from tinker_conformance.report.conclusion import number_of
from tinker_conformance.report.release_matrix import RELEASE_LEGEND, matrix_of_releases, sign_of

_MOST: Final = 240


def pages() -> Mapping[str, Callable[[], str]]:
    """Return the generator of each page, by the page's path below `docs`."""
    return {f"findings/{name}.md": _page(name) for name in SERVERS}


def _page(name: str) -> Callable[[], str]:
    def document() -> str:
        server = load_server(name)
        text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        text = replaced(text, "verdicts", "\n".join(_verdicts(server)))
        return replaced(text, "releases", "\n".join(_releases(server)))

    return document


def _verdicts(server: JudgedServer) -> Iterator[str]:
    counted = ", ".join(
        number_of(number, word) for word, number in sorted(server.counts.items(), key=_by_number)
    )
    yield f"{server.name}, {server.recorded}, {len(server.asked)} probes: {counted}."
    yield "\n| probe | verdict | difference | releases that rely on it |"
    yield "|---|---|---|---|"
    for each in server.failed:
        yield f"| `{each.id}` | {each.verdict} | {_cell(each.got)} | {each.releases} |"
    yield "\nEach is asked again, alone, by one of these commands:\n"
    yield "```console"
    for each in server.failed:
        yield f"$ {each.command}"
    yield "```"
    yield from _held_back(server.failed)
    yield f"\nNot offered, which is no failure: {_ids(server.not_offered)}."


def _held_back(failed: tuple[FailedProbe, ...]) -> Iterator[str]:
    for each in failed:
        if each.holds_back:
            yield f"\nNot testable until `{each.id}` holds: {_ids(each.holds_back)}."


def _releases(server: JudgedServer) -> Iterator[str]:
    matrix = matrix_of_releases(server.verbs)
    yield server.releases
    yield f"\n| verb | {' | '.join(matrix.releases)} |"
    yield f"|---|{':---:|' * len(matrix.releases)}"
    met = {release: matrix.of(release) for release in matrix.releases}
    for verb in matrix.verbs:
        signs = (sign_of(met[release][verb].outcome) for release in matrix.releases)
        yield f"| `{verb}` | {' | '.join(signs)} |"
    yield f"\n{RELEASE_LEGEND}.\n"
    for note in matrix.notes():
        yield f"- `{note.verb}`, {', '.join(note.releases)}: {note.outcome.value}: {_cell(note.text)}"


def _by_number(counted: tuple[str, int]) -> int:
    return -counted[1]


def _ids(ids: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in ids)


def _cell(text: str) -> str:
    shown = text if len(text) <= _MOST else f"{text[:_MOST]}…"
    return "`" + shown.replace("|", "\\|").replace("`", "'") + "`"
