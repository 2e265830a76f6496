"""Check how long an SDK waits before it sends a request again that the server did not accept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

import msgspec

from fake_server.script.builder import Turn
from fake_server.script.steps import ABSENT, ReplyStep, Status, Timeout, intended_reply
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.profile.choices import SubmissionRetries
from tinker_conformance.profile.profile import Expired
from tinker_conformance.profile.submission_waits import RefusedReply, SubmissionWaits, Wait
from tinker_conformance.timeline import ClockStep, Request, Timeline

_EXACT_SECONDS: Final = 0.000_01
"""A delay this near to the longest that the profile allows counts as not random, seconds."""
_CONFIG: Final = "/api/v1/client/config"


@dataclass(frozen=True, slots=True)
class _Place:
    """Identifies a request in a timeline: the submission of a future, or a request that creates a client."""

    future: int | None
    path: str

    def __str__(self) -> str:
        name = self.path.rpartition("/")[2]
        return name if self.future is None else f"{name} of future {self.future}"


def within_the_waits(case: Case) -> Iterator[Mismatch]:
    """Yield a mismatch where a refused request is sent again too soon, too late, not at all, or needlessly.

    Source: ``tinker`` 0.1.0, 0.6.3, 0.20.0 and 0.38.0, driven.
    """
    observed = _sent(case.observed)
    exact: list[tuple[float, int]] = []
    random = 0
    for place in _sent(case.expected):
        sent = observed.get(place, [])
        turns = _turns(case, place)
        waits = _Waits(case, place)
        for number, turn in enumerate(turns, 1):
            if len(sent) < number:
                yield _missing(case, f"{place}, sent {number} times")
                break
            index, at = sent[number - 1]
            wait = waits.after(_refusal(turn.reply), at)
            again = sent[number] if len(sent) > number else None
            if wait is None:
                if again is not None:
                    wanted = f"{place}, sent {number} times"
                    yield Mismatch(case.scenario.id, again[1], wanted, "one more", again[0])
                break
            wanted = f"{place} again within {wait.least:.3f} to {wait.most:.3f} s"
            if again is None:
                yield Mismatch(case.scenario.id, at, wanted, "nothing", index)
                break
            waited = again[1] - at
            if not wait.least - _EXACT_SECONDS <= waited <= wait.most + _EXACT_SECONDS:
                yield Mismatch(case.scenario.id, again[1], wanted, f"{waited:.3f} s", again[0])
                break
            if wait.least < wait.most:
                random += 1
                exact += [again[::-1]] if wait.most - waited < _EXACT_SECONDS else []
    if len(exact) > 1 and len(exact) == random:
        at, index = exact[0]
        yield Mismatch(case.scenario.id, at, "delays with jitter", "delays without jitter", index)


def with_equal_waits(case: Case) -> Case:
    """Return the case with every wait after a refusal replaced by the longest that the profile allows.

    These waits are random, and `within_the_waits` judges them. With equal waits in both timelines, the times
    of the events after them can be compared.
    """
    return replace(
        case,
        expected=_with_longest_waits(case, case.expected),
        observed=_with_longest_waits(case, case.observed),
    )


def _with_longest_waits(case: Case, timeline: Timeline) -> Timeline:
    later: defaultdict[int, float] = defaultdict(float)
    for place, sent in _sent(timeline).items():
        waits = _Waits(case, place)
        for turn, (_, at), (index, again) in zip(_turns(case, place), sent, sent[1:], strict=False):
            wait = waits.after(_refusal(turn.reply), at)
            if wait is None:
                break
            # The end of the sleep stands just before the request.
            slept = isinstance(timeline[index - 1], ClockStep)
            later[index - 1 if slept else index] += wait.most - (again - at)
    shifts = accumulate(later[index] for index in range(len(timeline)))
    return tuple(
        msgspec.structs.replace(event, at=round(event.at + shift, 6)) if shift else event
        for event, shift in zip(timeline, shifts, strict=True)
    )


class _Waits:
    """The waits of one request; a sample that cannot be submitted begins again, as after an HTTP 410."""

    def __init__(self, case: Case, place: _Place) -> None:
        self._profile = case.profile
        self._epoch = case.scenario.epoch
        self._retries = _retries(case, place)
        self._is_sample = place.future is not None and place.path.endswith("/asample")
        self._waits = self._new()
        self._started_over = 0

    def _new(self) -> SubmissionWaits:
        return SubmissionWaits(self._profile.polling, self._retries, self._is_sample, lambda: True)

    def after(self, refusal: RefusedReply, at: float) -> Wait | None:
        """Return the wait after a refusal at `at` virtual seconds."""
        wait = self._waits.after(refusal, self._epoch + at)
        if wait is None and self._is_sample and refusal.is_retried:
            self._waits = self._new()
            self._started_over += 1
            return _submitted_again(self._profile.polling.expired, self._started_over - 1)
        return wait


def _submitted_again(rules: Expired, count: int) -> Wait:
    middle = min(rules.delay_base_seconds * 2.0**count, rules.delay_cap_seconds)
    most = min(middle * (1 + rules.jitter), rules.delay_cap_seconds)
    return Wait(middle * (1 - rules.jitter), most)


def _retries(case: Case, place: _Place) -> SubmissionRetries:
    rules = case.profile.polling
    if place.future is None:
        return rules.submission.client_config if place.path == _CONFIG else rules.submission.sessions
    return rules.operations[case.scenario.futures[place.future - 1].operation].retries


def _turns(case: Case, place: _Place) -> Sequence[Turn]:
    if place.future is not None:
        return case.scenario.futures[place.future - 1].script.submission_turns
    return next((replies.turns for replies in case.scenario.setup if replies.path == place.path), ())


def _refusal(step: ReplyStep) -> RefusedReply:
    match intended_reply(step):
        case Status() as reply:
            empty = reply.body is ABSENT and not reply.raw
            return RefusedReply(reply.status, empty, {name.lower(): value for name, value in reply.headers})
        case Timeout():
            return RefusedReply(408)
        case _:
            return RefusedReply(None)


def _sent(timeline: Timeline) -> Mapping[_Place, list[tuple[int, float]]]:
    """Return, for each request, the index and the virtual time of each attempt to send it."""
    found: defaultdict[_Place, list[tuple[int, float]]] = defaultdict(list)
    for index, event in enumerate(timeline):
        match event:
            case Request(path=path, future=future, at=at) if "retrieve_future" not in path:
                found[_Place(future, path)].append((index, at))
            case _:
                pass
    return found


def _missing(case: Case, wanted: str) -> Mismatch:
    at = case.observed[-1].at if case.observed else 0.0
    return Mismatch(case.scenario.id, at, wanted, "nothing")
