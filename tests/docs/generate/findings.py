"""The part of each findings page that comes from a recorded run of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.docs.generate.marked_places import replaced
from tests.findings.recorded_run import FOLDER, RECORDED, Difference, JudgedSdk, load_data
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.conclusion import number_of


def pages() -> Mapping[str, Callable[[], str]]:
    """Return the generator of each page, by the page's path below `docs`."""
    of_sdks = {f"findings/{sdk.name}.md": _page(sdk) for sdk in load_data() if _is_package(sdk)}
    of_recordings = {f"findings/{name}.md": _recorded_page(name) for name in RECORDED}
    return {"findings/index.md": _index, **of_sdks, **of_recordings}


def _is_package(sdk: JudgedSdk) -> bool:
    return sdk.spec.startswith("package:")


def _page(sdk: JudgedSdk) -> Callable[[], str]:
    def document() -> str:
        text = (FOLDER / f"{sdk.name}.md").read_text(encoding="utf-8")
        return replaced(text, "verdicts", "\n".join(_verdicts(sdk)))

    return document


def _recorded_page(name: str) -> Callable[[], str]:
    def document() -> str:
        text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        judged = load_data(FOLDER / f"{name}.json")
        rows = ["| judged by | " + " | ".join(_WORDS) + " |", "|---|" + "---|" * len(_WORDS)]
        for sdk in judged:
            numbers = (str(sdk.counts.get(word, 0)) for word in _WORDS)
            rows.append(f"| `{sdk.profile}` | {' | '.join(numbers)} |")
        text = replaced(text, "counts", "\n".join(rows))
        return replaced(text, "verdicts", "\n\n".join(map(_by_requirement, judged)))

    return document


_WORDS: Final = ("passed", "failed", "quirk not shared", "not testable", "not claimed")


def _by_requirement(sdk: JudgedSdk) -> str:
    failed = [each for each in sdk.differences if each.verdict != Verdict.NOT_TESTABLE]
    unknown = [each for each in sdk.differences if each.verdict == Verdict.NOT_TESTABLE]
    text = f"By `{sdk.profile}` fail {', '.join(map(_named, failed))}."
    if unknown:
        text += f" Not testable, as the recording lacks a scenario of it: {', '.join(map(_named, unknown))}."
    return text


def _named(difference: Difference) -> str:
    return f"`{difference.id}`{' (quirk)' if difference.level == 'quirk' else ''}"


def _index() -> str:
    text = (FOLDER / "index.md").read_text(encoding="utf-8")
    rows = ["| SDK | version | judged by | result |", "|---|---|---|---|"]
    for sdk in load_data():
        name = f"[{sdk.name}]({sdk.name}.md)" if _is_package(sdk) else f"`{sdk.name}`"
        rows.append(f"| {name} | {sdk.version} | `{sdk.profile}` | {_counted(sdk)} |")
    return replaced(text, "results", "\n".join(rows))


def _verdicts(sdk: JudgedSdk) -> Iterator[str]:
    yield f"{sdk.name} {sdk.version}, judged by `{sdk.profile}`: {_counted(sdk)}."
    if sdk.not_claimed:
        yield f"\nNot claimed, because a user of it has no access to them: {_ids(sdk.not_claimed)}."
    if not sdk.differences:
        yield "\nNo requirement fails, neither a contract nor a quirk."
        return
    yield "\n| requirement | level | verdict | first difference |"
    yield "|---|---|---|---|"
    for each in sdk.differences:
        first = "<br>".join(_cell(text) for text in each.mismatches)
        yield f"| `{each.id}` | {each.level} | {each.verdict} | {first} |"


def _counted(sdk: JudgedSdk) -> str:
    return ", ".join(
        number_of(number, word) for word, number in sorted(sdk.counts.items(), key=lambda c: -c[1])
    )


def _ids(ids: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in ids)


def _cell(text: str) -> str:
    shown = text if len(text) <= _MOST else f"{text[:_MOST]}…"
    return "`" + shown.replace("|", "\\|").replace("`", "'") + "`"


_MOST: Final = 220
