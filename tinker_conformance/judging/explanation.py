"""The text that a terminal shows for a requirement that does not hold."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from fake_server.core.number_words import counted
from fake_server.core.visible_text import visible_lines
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.checks.pause_lines import pause_lines
from tinker_conformance.judging.causes import early_error, sends_nothing
from tinker_conformance.judging.compared_lanes import lanes_for
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.judging.picture import LaneKind, Mistakes, Picture, picture
from tinker_conformance.judging.reply_text import body_text
from tinker_conformance.judging.text_picture import text_picture
from tinker_conformance.requirements.model import Level
from tinker_conformance.requirements.sources import readable_source
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.timeline import (
    Callback,
    ClockStep,
    Event,
    Log,
    Outcome,
    Request,
    Response,
    Telemetry,
    Timeline,
)

_MOST_EVENTS: Final = 60
_MOST_BRIEF: Final = 3
_MOST_CHARACTERS: Final = 160
_NOT_SHARED: Final = "not shared"
"""The word for a failed quirk where quirks do not count, as in the count of quirks not shared."""
_MORE: Final = "(picture and events: -v, or the report)"
_FAILED_EARLY: Final = "the SDK sent no valid request; it or its adapter failed first: "
_NO_REQUEST: Final = (
    "the SDK sent no request: let the adapter submit the operation to the base URL that the kit gives it"
)


def is_unshared_quirk(judgement: Judgement, *, strict: bool) -> bool:
    """Return whether a judgement is a failed quirk in a run where quirks do not count.

    Args:
        judgement: The judgement.
        strict: Whether quirks count as failures in the run.
    """
    return judgement.verdict is Verdict.FAILED and judgement.requirement.level is Level.QUIRK and not strict


def explain(
    judgement: Judgement, rerun: str, *, releases: str = "", brief: bool = False, strict: bool = True
) -> str:
    """Return the explanation: sentence, source, mismatches, timelines, and the command that reruns it.

    Args:
        judgement: The judgement to explain.
        rerun: The command that judges this requirement alone.
        releases: For a server, the releases of the official SDK that rely on the requirement; else empty.
        brief: Whether to leave out pictures and timelines, and all but the first mismatches. Of a quirk that
            does not count, only the first line, the sentence and the first mismatch are left.
        strict: Whether a quirk counts as a failure; if not, it is called "not shared".
    """
    required = judgement.requirement
    unshared = is_unshared_quirk(judgement, strict=strict)
    head = f"{required.id} ({required.level.value}): {_NOT_SHARED if unshared else judgement.verdict.value}"
    if unshared and brief:
        first = [f"  first:    {mismatch}" for mismatch in judgement.mismatches[:1]]
        lines = [head, f"  required: {required.sentence}", *first]
        return "\n".join(visible_lines(line) for line in lines)
    lines = [
        head,
        f"  required: {required.sentence}",
        f"  source:   {readable_source(required.source)}",
    ]
    if releases:
        lines.append(f"  releases: {releases}")
    if judgement.note:
        # Mismatches are why it failed; the note then says what was not asked.
        label = "note:    " if judgement.mismatches else "because: "
        lines.append(f"  {label} {judgement.note}")
    for identifier, case in judgement.cases.items():
        mismatches = [m for m in judgement.mismatches if m.scenario == identifier]
        if mismatches:
            lines += ["", f"  scenario {identifier}{_clients(case)}"]
            if sends_nothing(case):
                error = early_error(case)
                lines.append(f"    {_NO_REQUEST}" if error is None else f"    {_FAILED_EARLY}{error}")
            each = [f"    {text}" for text in _counted(mismatches)]
            if brief:
                lines += each[:_MOST_BRIEF]
                if len(each) > _MOST_BRIEF:
                    lines.append(f"    … and {len(each) - _MOST_BRIEF} more")
                continue
            lines += each
            lanes = lanes_for(required)
            lines += [f"    {line}" for line in text_picture(_picture(case, mismatches, lanes))]
            lines += _timeline(case.observed, mismatches, "what the SDK did (> unexpected, + missing)")
    if judgement.mismatches and not judgement.cases:
        lines += ["", *(f"    {text}" for text in _counted(judgement.mismatches))]
    if judgement.exchanges and judgement.mismatches and not brief:
        drawn = exchange_picture(judgement.exchanges, judgement.mismatches)
        lines += [f"    {line}" for line in text_picture(drawn)]
        what = "what was asked and answered (> unexpected)"
        lines += _timeline(judgement.exchanges, judgement.mismatches, what)
    if brief and judgement.mismatches and (judgement.cases or judgement.exchanges):
        lines.append(f"    {_MORE}")
    lines += ["", f"  rerun:    {rerun}"]
    return "\n".join(visible_lines(line) for line in lines)


def _counted(mismatches: Sequence[Mismatch]) -> Iterator[str]:
    """Yield each different mismatch in words, with the number of mismatches of the same words."""
    for text, count in Counter(map(str, mismatches)).items():
        yield text if count == 1 else f"{text} ({count} times)"


def _clients(case: Case) -> str:
    """Return the kinds of client in a scenario, in parentheses; nothing if it has none."""
    kinds = " and ".join(sorted(kind.value.replace("_", " ") for kind in case.scenario.kinds))
    return f" ({kinds})" if kinds else ""


def alone(identifier: str, spec: str, profile: str) -> str:
    """Return the shell command that judges one requirement alone."""
    chapter = identifier.partition(".")[0]
    module = f"tinker_conformance.suite.test_{chapter}"
    return f"pytest --pyargs {module}::{identifier} --sdk {shlex.quote(spec)} --profile {profile}"


def _picture(case: Case, mismatches: list[Mismatch], lanes: frozenset[LaneKind]) -> Picture:
    return picture(
        case.expected,
        case.observed,
        {line.event for line in pause_lines(case.expected, case)},
        {line.event for line in pause_lines(case.observed, case)},
        interval=case.profile.observer.interval_seconds,
        sees_calls=Capability.CALLBACKS in case.sdk.capabilities,
        mistakes=Mistakes(
            lanes,
            frozenset(mismatch.event for mismatch in mismatches if mismatch.event is not None),
            frozenset(mismatch.missing for mismatch in mismatches if mismatch.missing is not None),
        ),
    )


def exchange_picture(exchanges: Timeline, mismatches: Sequence[Mismatch]) -> Picture:
    """Return the picture of the requests to a server and its replies."""
    marked = frozenset(mismatch.event for mismatch in mismatches if mismatch.event is not None)
    mistakes = Mistakes(frozenset(), marked, frozenset())
    return picture((), exchanges, (), (), interval=0, mistakes=mistakes, real_time=True)


def _timeline(observed: Timeline, mismatches: Sequence[Mismatch], what: str) -> Iterator[str]:
    marked = {mismatch.event for mismatch in mismatches}
    missing = sorted((m for m in mismatches if m.event is None), key=lambda m: m.at)
    yield f"    {what}:"
    for place, event in enumerate(observed[:_MOST_EVENTS]):
        while missing and missing[0].at < event.at:
            yield f"    + {missing[0].at:10.3f} s  {missing.pop(0).wanted}"
        marker = ">" if place in marked else " "
        yield f"    {marker} {event.at:10.3f} s  {shown(event)}"
    for mismatch in missing:
        yield f"    + {mismatch.at:10.3f} s  {mismatch.wanted}"
    if len(observed) > _MOST_EVENTS:
        yield f"      … and {counted(len(observed) - _MOST_EVENTS, 'more event')}"


def shown(event: Event) -> str:
    """Return one event as a line of text, cut to 160 characters."""
    text: str
    match event:
        case Request() if event.is_poll:
            iteration = "no iteration" if event.iteration is None else f"iteration {event.iteration}"
            kind = "no type" if event.request_type is None else f"type {event.request_type}"
            text = f"polls     {iteration}, {kind}"
        case Request():
            text = f"sends     {event.method} {event.path}"
        case Response(fault=None):
            text = f"receives  HTTP {event.status} {body_text(event)}"
        case Response(status=int(status)):
            text = f"receives  HTTP {status}, with a fault: {event.fault}"
        case Response():
            text = f"receives  no reply: {event.fault}"
        case ClockStep():
            moved = f"wall {event.wall:+.3f} s, monotonic {event.monotonic:+.3f} s"
            text = f"clock     {moved} ({event.cause.value})"
        case Callback():
            text = f"observer  {event.state}" + ("" if event.reason is None else f", reason {event.reason!r}")
        case Log():
            text = f"logs      {event.level}: {event.message!r}"
        case Telemetry():
            text = f"telemetry {event.name}"
        case Outcome():
            text = f"ends      {event.kind.value}" + (f": {event.error}" if event.error else "")
    return text[:_MOST_CHARACTERS]
