"""Walks through the stdio protocol with an adapter, step by step, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.pause_lines import pause_lines
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.profile.profile import Profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import DEFAULT_OPERATION, OPERATIONS_OF, Scenario
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.timeline import (
    Callback,
    ClockCause,
    ClockStep,
    Log,
    Outcome,
    OutcomeKind,
    Request,
    Timeline,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one step.

    Attributes:
        step: What was looked for.
        missing: What is not there, and what to do; None if it is there.
    """

    step: str
    missing: str | None = None


_CLIENTS: Final = {
    Capability.SAMPLING: ClientKind.SAMPLING,
    Capability.TRAINING: ClientKind.TRAINING,
    Capability.MODEL_CREATION: ClientKind.MODEL_CREATION,
}
_PAUSE: Final = [{"pause": {"queue_state": "paused_capacity"}}, {"complete": {}}]
_LONG: Final = [{"timeout": {}, "times": 400}, {"complete": {}}]
"""Polls enough for another future to be submitted meanwhile."""
_OBSERVERS: Final = {Capability.RAISING_OBSERVER: "raising", Capability.CUSTOM_OBSERVER: "custom"}


def findings(sdk: StdioSession, profile: Profile) -> Iterator[Finding]:
    """The steps in their order; whoever reads them stops at the first that is missing.

    Args:
        sdk: The adapter, started; its standard input has ended after the last step.
        profile: What its SDK is to be judged by.
    """
    check = _Check(sdk, profile)
    for step in (
        check.claims,
        check.first_scenario,
        check.clock,
        check.sleep,
        check.operations,
        check.failure,
        check.observers,
        check.concurrency,
        check.threads,
        check.functions,
        check.end,
    ):
        yield from step()


@dataclass(slots=True)
class _Check:
    sdk: StdioSession
    profile: Profile

    # -- the steps ---------------------------------------------------------------------------------

    def claims(self) -> Iterator[Finding]:
        info = self.sdk.info
        yield Finding(f"it starts: {info.name} {info.version} ({info.language}), clock {self.sdk.clock}")
        missing = None
        if not self._kinds():
            missing = "no client is claimed; add 'sampling' or 'training' to the capabilities of 'started'"
        for kind in self._kinds():
            if not OPERATIONS_OF[kind] & info.operations:
                operations = ", ".join(sorted(OPERATIONS_OF[kind]))
                missing = f"{kind} is claimed without an operation; add some of {operations} to 'operations'"
        yield Finding("it claims a client with an operation", missing)

    def first_scenario(self) -> Iterator[Finding]:
        kind = self._kinds()[0]
        scenario = _scenario("first", kind, self._operation(kind), _PAUSE)
        timeline, fault = self._run(scenario)

        def seen(step: str, there: object, what_to_do: str) -> Finding:
            return Finding(step, None if there else "; ".join(filter(None, [what_to_do, fault])))

        requests = [event for event in timeline if isinstance(event, Request)]
        yield seen("it submits an operation to base_url", requests, "no submission of the future arrived")
        polls = [request for request in requests if "retrieve_future" in request.path]
        yield seen("it polls until the future is done", len(polls) > 1, "too few polls arrived")
        if Capability.CALLBACKS in self.sdk.info.capabilities:
            calls = [event for event in timeline if isinstance(event, Callback)]
            todo = "a pause, and no 'callback' was told; tell the SDK's calls of its observer"
            yield seen("it tells observer calls", calls, todo)
        if kind is ClientKind.SAMPLING:
            todo = "a pause, and no 'log' was told; hand the SDK a logger that tells each line at once"
            yield seen("it tells log lines", _lines(timeline), todo)
        outcomes = [event for event in timeline if isinstance(event, Outcome)]
        yield seen("it tells the outcome", outcomes, "send 'outcome' when the future has ended")
        right = outcomes and outcomes[0].kind is OutcomeKind.RESULT
        told = f"the future completed, and the outcome was {outcomes[0] if outcomes else None}"
        yield seen("the outcome of a future that completes is 'result'", right, told)
        yield Finding("it says 'done'", fault or None)

    def clock(self) -> Iterator[Finding]:
        if self.sdk.clock is SdkClock.WALL or not self._has(Capability.SAMPLING):
            return
        scenario = shipped_scenarios()["debounce-clock-moves"]
        timeline, fault = self._run(scenario)
        case = Case(scenario, self.profile, timeline, timeline, self.sdk.info)
        times = {line.log.at for line in pause_lines(timeline, case)}
        missing = (
            "an hour passed between two pauses, and the second was not logged: "
            "does the SDK's debounce read the clock that 'run' names, each time anew?"
        )
        yield Finding("the SDK sees its clock move", fault or (None if len(times) > 1 else missing))

    def sleep(self) -> Iterator[Finding]:
        if not self._has(Capability.VIRTUAL_SLEEP):
            return
        kind = self._kinds()[0]
        steps = [{"drop": "reset"}, {"drop": "reset"}, {"complete": {}}]
        timeline, fault = self._run(_scenario("sleep", kind, self._operation(kind), steps))
        slept = any(isinstance(e, ClockStep) and e.cause is ClockCause.SLEEP for e in timeline)
        missing = "a broken connection, and no 'waiting' came: send it before the SDK sleeps in a back-off"
        yield Finding("it tells when the SDK sleeps", fault or (None if slept else missing))

    def operations(self) -> Iterator[Finding]:
        for kind in self._kinds():
            for operation in sorted(OPERATIONS_OF[kind] & self.sdk.info.operations):
                yield self._ends_in(operation, kind, operation, [{"complete": {}}], OutcomeKind.RESULT)

    def failure(self) -> Iterator[Finding]:
        kind = self._kinds()[0]
        steps = [{"fail": {"category": "user"}}]
        yield self._ends_in("a failure", kind, self._operation(kind), steps, OutcomeKind.FAILED)

    def observers(self) -> Iterator[Finding]:
        kind = self._kinds()[0]
        for capability, use in _OBSERVERS.items():
            if not self._has(capability) or not self._has(Capability.CALLBACKS):
                continue
            scenario = _scenario(use, kind, self._operation(kind), _PAUSE, observer=use)
            timeline, fault = self._run(scenario)
            calls = [e for e in timeline if isinstance(e, Callback) and e.custom is (use == "custom")]
            missing = f"no 'callback' with custom {str(use == 'custom').lower()} was told"
            yield Finding(f"it can use the observer '{use}'", fault or (None if calls else missing))

    def concurrency(self) -> Iterator[Finding]:
        if not self._has(Capability.CONCURRENCY):
            return
        kind = self._kinds()[0]
        both = [_future(self._operation(kind), _LONG), _future(self._operation(kind), [{"complete": {}}])]
        timeline, fault = self._run(_decoded("together", kind, both, concurrent=True))
        firsts = [e for e in timeline if isinstance(e, Outcome) or (isinstance(e, Request) and e.future == 2)]
        together = firsts and isinstance(firsts[0], Request)
        missing = "the second future was submitted when the first had ended; run them together"
        yield Finding("it runs futures together", fault or (None if together else missing))

    def threads(self) -> Iterator[Finding]:
        if not self._has(Capability.THREADS):
            return
        kind = self._kinds()[0]
        operation = self._operation(kind)
        pair = [_future(operation, _LONG)] * 2
        later = _future(operation, [{"complete": {}}], before=[{"advance": 1}])
        timeline, fault = self._run(_decoded("threads", kind, [*pair, later], threads=True))
        firsts = [e for e in timeline if isinstance(e, Outcome) or (isinstance(e, Request) and e.future == 2)]
        together = firsts and isinstance(firsts[0], Request)
        missing = "the second future was submitted when the first had ended; give each a thread of its own"
        yield Finding("it runs futures on threads", fault or (None if together else missing))

    def functions(self) -> Iterator[Finding]:
        for capability, scenario in (
            (Capability.PARSE_FUNCTION, "functions-parse"),
            (Capability.LOGGER_FUNCTIONS, "functions-should-log"),
        ):
            if not self._has(capability):
                continue
            timeline, fault = self._run(shipped_scenarios()[scenario])
            outcomes = [event for event in timeline if isinstance(event, Outcome)]
            errors = [event.error for event in outcomes if event.kind is not OutcomeKind.RESULT]
            yield Finding(f"it makes the calls of {scenario}", fault or (errors[0] if errors else None))

    def end(self) -> Iterator[Finding]:
        code = self.sdk.end_input()
        missing = None
        if code is None:
            missing = "it still runs; end when standard input ends, whatever the SDK still does"
        elif code != 0:
            missing = f"its exit code is {code}; end with 0"
        yield Finding("it ends when its standard input ends", missing)

    # -- what they share ---------------------------------------------------------------------------

    def _has(self, capability: Capability) -> bool:
        return capability in self.sdk.info.capabilities

    def _kinds(self) -> list[ClientKind]:
        return [kind for capability, kind in _CLIENTS.items() if self._has(capability)]

    def _operation(self, kind: ClientKind) -> str:
        offered = sorted(OPERATIONS_OF[kind] & self.sdk.info.operations)
        return DEFAULT_OPERATION[kind] if DEFAULT_OPERATION[kind] in offered else offered[0]

    def _run(self, scenario: Scenario) -> tuple[Timeline, str]:
        run = self.sdk.run(scenario, self.profile)
        return run.timeline, "" if run.fault is None else str(run.fault)

    def _ends_in(
        self, what: str, kind: ClientKind, operation: str, steps: Iterable[object], wanted: OutcomeKind
    ) -> Finding:
        timeline, fault = self._run(_scenario(operation, kind, operation, steps))
        outcome = next((event for event in timeline if isinstance(event, Outcome)), None)
        got = "none" if outcome is None else f"'{outcome.kind}' ({outcome.error})"
        missing = None if outcome and outcome.kind is wanted else f"the outcome is {got}"
        return Finding(f"{what}: the outcome is '{wanted}'", fault or missing)


def _lines(timeline: Timeline) -> list[Log]:
    return [event for event in timeline if isinstance(event, Log) and event.level in {"warning", "error"}]


def _future(operation: str, steps: Iterable[object], **more: object) -> dict[str, object]:
    return {"client": "client", "operation": operation, "steps": list(steps), **more}


def _scenario(
    name: str, kind: ClientKind, operation: str, steps: Iterable[object], **more: object
) -> Scenario:
    return _decoded(name, kind, [_future(operation, steps, **more)])


def _decoded(name: str, kind: ClientKind, futures: list[dict[str, object]], **more: object) -> Scenario:
    data = {"id": f"check-{name}", "clients": {"client": {"kind": kind.value}}, "futures": futures, **more}
    return decode_scenario(data, "check-adapter")
