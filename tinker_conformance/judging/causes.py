"""Find what to fix first: group the failures that look alike, as one fault of an SDK fails many requirements.

Two failures look alike if the same thing is wrong for the same kind of client: for example, a training client
logs a line too soon. The first mismatch tells what is wrong. Only if something is missing and the requests
before it differ already, they are the likely cause. The group with the most failures comes first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.checks.facts import NOTHING
from tinker_conformance.judging.compared_lanes import lanes_for
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.judging.picture import LaneKind, lane_of
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.timeline import Event, Outcome, Request, Telemetry, Timeline

_CLOCK: Final = "clock.moves"
_THINGS: Final = {
    LaneKind.CALLS: "observer calls",
    LaneKind.LINES: "log lines",
    LaneKind.ENDS: "ends",
}
_REQUESTS: Final = "requests come at another time, or differ"
_ADAPTER: Final = "the adapter does not keep to the protocol, or fails"
_KIT: Final = "the kit itself fails"
_FROZEN: Final = "the SDK does not see the test clock move"
_NO_REQUEST: Final = "the SDK sends no request where one is due"
_FAILS_EARLY: Final = "the SDK or its adapter fails before any valid request: "
_BEFORE_ALL: Final = (_ADAPTER, _KIT, _NO_REQUEST, _FAILS_EARLY)
_MOST_CHARACTERS: Final = 160


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that probably have one cause.

    Attributes:
        what: What is wrong, in words.
        first: The requirement to fix first.
        others: The other requirements that fail alike, or that cannot be tested until the first one holds.
    """

    what: str
    first: str
    others: tuple[str, ...]

    @property
    def count(self) -> int:
        """Return the number of requirements that fail, or cannot be tested, for this cause."""
        return 1 + len(self.others)


def causes(judgements: Sequence[Judgement]) -> tuple[Cause, ...]:
    """Return the likely causes of the failures, the one to fix first on top.

    Args:
        judgements: All judgements of a run, in order, passed ones too: their number shows which part fails.
    """
    groups: defaultdict[str, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        if (what := _what_is_wrong(judgement)) is not None:
            groups[what].append(judgement)
    _join_the_untestable(judgements, groups)
    asked = Counter(judgement.requirement.chapter for judgement in judgements)
    made = [(_cause(what, group, asked), group) for what, group in groups.items()]
    made.sort(key=lambda each: _rank(*each))
    return tuple(cause for cause, _ in made)


def _what_is_wrong(judgement: Judgement) -> str | None:
    match judgement.verdict:
        case Verdict.ADAPTER_ERROR:
            return _ADAPTER
        case Verdict.KIT_ERROR:
            return _KIT
        case Verdict.FAILED if judgement.requirement.id == _CLOCK or _begins_with_silence(judgement):
            silent = _begins_with_silence(judgement)
            return _FROZEN if silent is None else _why_silent(silent)
        case Verdict.FAILED if not isinstance(judgement.requirement, Requirement):
            # Probes ask a server for one thing each.
            return f"does not hold: {judgement.requirement.sentence}"
        case Verdict.FAILED if judgement.mismatches:
            mismatch = judgement.mismatches[0]
            return _described(judgement, mismatch, judgement.cases.get(mismatch.scenario))
        case _:
            return None


def _described(judgement: Judgement, mismatch: Mismatch, case: Case | None) -> str:
    if case is not None and mismatch.got == NOTHING and _requests_differ(case, mismatch):
        return _REQUESTS
    event = None if case is None else _named(case, mismatch)
    lane = _lane(judgement, event)
    if isinstance(event, Telemetry):
        thing = "telemetry events"
    elif case is not None and isinstance(event, Outcome) and case.scenario.calls:
        thing = "returned values"
    elif lane is LaneKind.REQUESTS:
        return _REQUESTS
    else:
        thing = "events" if lane is None else _THINGS[lane]
    how = {
        (False, True): "are missing",
        (True, False): "come when none is due",
    }.get((mismatch.wanted == NOTHING, mismatch.got == NOTHING), "differ")
    return f"{thing}{_whose(event, case)} {how}"


def _named(case: Case, mismatch: Mismatch) -> Event | None:
    """Return the event that a mismatch names: one that the SDK has, or one that it lacks."""
    if mismatch.event is not None:
        return case.observed[mismatch.event]
    return None if mismatch.missing is None else case.expected[mismatch.missing]


def sends_nothing(case: Case) -> bool:
    """Return whether the SDK sent no request in a scenario, although the reference did."""
    return _asks(case.expected) and not _asks(case.observed)


def early_error(case: Case) -> str | None:
    """Return the error with which a future ended in a scenario without requests, cut; None if there is none.

    Args:
        case: A scenario in which the SDK sent no request.
    """
    errors = (event.error for event in case.observed if isinstance(event, Outcome) and event.error)
    error = next(errors, None)
    if error is None:
        return None
    line = " ".join(error.split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"


def _why_silent(case: Case) -> str:
    error = early_error(case)
    return _NO_REQUEST if error is None else f"{_FAILS_EARLY}{error}"


def _begins_with_silence(judgement: Judgement) -> Case | None:
    """Return the scenario of the first mismatch if the SDK sent no request in it."""
    first = judgement.cases.get(judgement.mismatches[0].scenario) if judgement.mismatches else None
    return first if first is not None and sends_nothing(first) else None


def _asks(timeline: Timeline) -> bool:
    return any(isinstance(event, Request) for event in timeline)


def _requests_differ(case: Case, mismatch: Mismatch) -> bool:
    # Threads may run one after another; then the requests of a round come at other times, and are not wrong.
    if case.scenario.threads:
        return False
    return _requests(case.expected, mismatch) != _requests(case.observed, mismatch)


def _requests(timeline: Timeline, until: Mismatch) -> list[tuple[float, str]]:
    """Return the requests up to the time of a mismatch, sorted so that the order at one time is ignored."""
    return sorted(
        (round(event.at, 6), event.path)
        for event in timeline
        if isinstance(event, Request) and event.at <= until.at
    )


def _lane(judgement: Judgement, event: Event | None) -> LaneKind | None:
    lanes = lanes_for(judgement.requirement)
    return lane_of(event) or next((lane for lane in LaneKind if lane in lanes), None)


def _whose(event: Event | None, case: Case | None) -> str:
    if case is None:
        return ""
    kinds = {client.kind for client in case.scenario.clients}
    named = {client.kind for client in case.scenario.clients if event and client.name == event.client}
    if case.scenario.calls or len(named or kinds) != 1:
        return ""
    (kind,) = named or kinds
    return " of a model's creation" if kind is ClientKind.MODEL_CREATION else f" of a {kind} client"


def _join_the_untestable(judgements: Iterable[Judgement], groups: dict[str, list[Judgement]]) -> None:
    """Add each requirement that cannot be tested to the group of the requirement that must hold first."""
    for judgement in judgements:
        if judgement.verdict is Verdict.NOT_TESTABLE:
            first = next(
                (
                    group
                    for group in groups.values()
                    if any(each.requirement.id in judgement.fix_first for each in group)
                ),
                None,
            )
            if first is not None:
                first.append(judgement)


def _cause(what: str, group: Sequence[Judgement], asked: Counter[str]) -> Cause:
    """Return the cause of a group; the requirement to fix first is of the chapter that fails most."""
    failed = [each for each in group if each.verdict is not Verdict.NOT_TESTABLE]
    weighty = [each for each in failed if each.requirement.level is Level.CONTRACT] or failed
    if what == _REQUESTS:
        weighty = [e for e in weighty if LaneKind.REQUESTS in lanes_for(e.requirement)] or weighty
    in_chapter = Counter(each.requirement.chapter for each in weighty)
    worst = max(in_chapter, key=lambda chapter: in_chapter[chapter] / asked[chapter])
    first = next(each.requirement.id for each in weighty if each.requirement.chapter == worst)
    return Cause(what, first, tuple(e.requirement.id for e in group if e.requirement.id != first))


def _rank(cause: Cause, group: Sequence[Judgement]) -> tuple[bool, bool, int, int]:
    contracts = sum(each.requirement.level is Level.CONTRACT for each in group)
    return not cause.what.startswith(_BEFORE_ALL), cause.first != _CLOCK, -contracts, -len(group)
