"""The checks behind `check-adapter`, which go through the stdio protocol step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fake_server.core.operations import Operation
from fake_server.core.wanted_got import expected_got
from tinker_conformance.checks.case import Case
from tinker_conformance.checks.pause_lines import pause_lines
from tinker_conformance.checks.session_polls import SESSION_POLL, cancelled_futures
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import KitError, UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.scenario.scenario import DEFAULT_OPERATION, OPERATIONS_OF, Scenario
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.session import FaultKind
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.timeline import (
    Callback,
    ClockCause,
    ClockStep,
    Log,
    Outcome,
    OutcomeKind,
    Request,
    Telemetry,
    Timeline,
)


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of one step.

    Attributes:
        step: What the step expects of the adapter.
        missing: What the adapter did not do, and the fix; None if the step passed.
        is_usage: Whether the same mistake is a usage error of `tinker-conformance run`.
    """

    step: str
    missing: str | None = None
    is_usage: bool = False


_CLIENTS: Final = {
    Capability.SAMPLING: ClientKind.SAMPLING,
    Capability.TRAINING: ClientKind.TRAINING,
    Capability.MODEL_CREATION: ClientKind.MODEL_CREATION,
}
_PAUSE: Final = [{"pause": {"queue_state": "paused_capacity"}}, {"complete": {}}]
_LONG: Final = [{"timeout": {}, "times": 400}, {"complete": {}}]
"""A script of so many polls that another future can be submitted before the end."""
_STATE: Final = "tinker://run-7/weights/step-42"
"""The path of the saved state from which a training client is created."""
_OBSERVERS: Final = {Capability.RAISING_OBSERVER: "raising", Capability.CUSTOM_OBSERVER: "custom"}


def findings(sdk: StdioSession, profile: Profile) -> Iterator[StepResult]:
    """Run the steps in order and yield a finding for each; stop reading at the first that fails.

    Args:
        sdk: The started adapter; the last step closes its standard input.
        profile: The profile by which the adapter's SDK will be judged.

    Raises:
        KitError: If the kit failed in a scenario.
    """
    check = _Check(sdk, profile)
    for step in (
        check.claims,
        check.first_scenario,
        check.clock,
        check.sleep,
        check.operations,
        check.failure,
        check.timeout,
        check.cancellation,
        check.read_timeout,
        check.submission_retries,
        check.checkpoints,
        check.telemetry,
        check.observers,
        check.concurrency,
        check.threads,
        check.session_polling,
        check.functions,
        check.end,
    ):
        yield from step()


@dataclass(slots=True)
class _Check:
    sdk: StdioSession
    profile: Profile

    # -- the steps ---------------------------------------------------------------------------------

    def claims(self) -> Iterator[StepResult]:
        info = self.sdk.info
        yield StepResult(
            f"the adapter starts: {info.name} {info.version} ({info.language}), clock {self.sdk.clock}"
        )
        if info.profile is not None:
            try:
                load_profile(info.profile)
            except UserError as error:
                yield StepResult("the adapter names a profile that the kit has", str(error), is_usage=True)
        missing = None
        if not self._kinds():
            missing = "no client is claimed; add 'sampling' or 'training' to the capabilities in 'started'"
        for kind in self._kinds():
            if not OPERATIONS_OF[kind] & info.operations:
                operations = ", ".join(sorted(OPERATIONS_OF[kind]))
                missing = f"{kind} is claimed without an operation; add one of {operations} to 'operations'"
        yield StepResult("the adapter claims a client with an operation", missing)

    def first_scenario(self) -> Iterator[StepResult]:
        kind = self._kinds()[0]
        scenario = _scenario("first", kind, self._operation(kind), _PAUSE)
        timeline, fault = self._run(scenario)

        def expect(step: str, found: object, problem: str) -> StepResult:
            return StepResult(step, None if found else "; ".join(filter(None, [problem, fault])))

        requests = [event for event in timeline if isinstance(event, Request)]
        yield expect(
            "the SDK submits an operation to base_url",
            requests,
            "no submission arrived; send the SDK's requests to the base_url of 'run'",
        )
        polls = [request for request in requests if "retrieve_future" in request.path]
        yield expect(
            "the SDK polls until the future is done",
            len(polls) > 1,
            f"{expected_got('at least 2 polls', len(polls))}; poll until the reply is a result or a failure",
        )
        if Capability.CALLBACKS in self.sdk.info.capabilities:
            calls = [event for event in timeline if isinstance(event, Callback)]
            problem = "the queue paused and no 'callback' came; send one whenever the SDK calls its observer"
            yield expect("the adapter reports observer calls", calls, problem)
        if kind is ClientKind.SAMPLING:
            problem = "the queue paused and no 'log' came; give the SDK a logger that sends each line at once"
            yield expect("the adapter reports log lines", _lines(timeline), problem)
        outcomes = [event for event in timeline if isinstance(event, Outcome)]
        yield expect("the adapter reports the outcome", outcomes, "send 'outcome' when the future has ended")
        is_result = outcomes and outcomes[0].kind is OutcomeKind.RESULT
        problem = expected_got("'result'", outcomes[0] if outcomes else "no outcome")
        yield expect("the outcome of a future that completes is 'result'", is_result, problem)
        yield StepResult("the adapter sends 'done'", fault or None)

    def clock(self) -> Iterator[StepResult]:
        if self.sdk.clock is SdkClock.WALL or not self._has(Capability.SAMPLING):
            return
        scenario = shipped_scenarios()["debounce-clock-moves"]
        timeline, fault = self._run(scenario)
        case = Case(scenario, self.profile, timeline, timeline, self.sdk.info)
        times = {line.log.at for line in pause_lines(timeline, case)}
        missing = (
            "an hour passed between two pauses, and the second was not logged; "
            "make the SDK's debounce read the clock that 'run' names, every time it decides"
        )
        yield StepResult("the SDK sees its clock move", fault or (None if len(times) > 1 else missing))

    def sleep(self) -> Iterator[StepResult]:
        if not self._has(Capability.VIRTUAL_SLEEP):
            return
        kind = self._kinds()[0]
        steps = [{"drop": "reset"}, {"drop": "reset"}, {"complete": {}}]
        timeline, fault = self._run(_scenario("sleep", kind, self._operation(kind), steps))
        slept = any(isinstance(e, ClockStep) and e.cause is ClockCause.SLEEP for e in timeline)
        missing = "the connection broke and no 'waiting' came; send it before the SDK sleeps in a back-off"
        yield StepResult("the adapter reports when the SDK sleeps", fault or (None if slept else missing))

    def operations(self) -> Iterator[StepResult]:
        for kind in self._kinds():
            for operation in sorted(OPERATIONS_OF[kind] & self.sdk.info.operations):
                yield self._ends_in(operation, kind, operation, [{"complete": {}}], OutcomeKind.RESULT)

    def failure(self) -> Iterator[StepResult]:
        kind = self._kinds()[0]
        steps = [{"fail": {"category": "user"}}]
        yield self._ends_in("a failure", kind, self._operation(kind), steps, OutcomeKind.FAILED)

    def timeout(self) -> Iterator[StepResult]:
        # Only under this clock can time pass between two polls of one future.
        if not self._has(Capability.TIMEOUT) or self.sdk.clock is not SdkClock.FILE:
            return
        kind = self._kinds()[0]
        steps = [{"timeout": {}}, {"advance": 30}, {"timeout": {}, "times": 3}, {"complete": {}}]
        yield self._ends_in(
            "a caller who waits for 25 s", kind, self._operation(kind), steps, OutcomeKind.TIMEOUT, timeout=25
        )

    def cancellation(self) -> Iterator[StepResult]:
        # Only under this clock can time pass between two polls of one future.
        if not self._has(Capability.CANCELLATION) or self.sdk.clock is not SdkClock.FILE:
            return
        kind = self._kinds()[0]
        operation = self._operation(kind)
        steps = [{"timeout": {}}, {"advance": 30}, {"timeout": {}, "times": 3}, {"complete": {}}]
        futures = [
            _future(operation, steps, timeout=25, cancels=True),
            _future(operation, [{"timeout": {}, "times": 3}, {"complete": {}}]),
        ]
        flags = {"sample_cancel_enabled": True}
        timeline, fault = self._run(_decoded("cancellation", kind, futures, client_config=flags))
        first = [event for event in timeline if event.future == 1]
        gave_up = isinstance(first[-1], Outcome) and first[-1].kind is OutcomeKind.TIMEOUT if first else False
        missing = None
        if not gave_up:
            missing = (
                "the caller of a future with 'cancels' waits for 25 s; give it up in the SDK then: expected "
                "the outcome 'timeout', and no poll after it"
            )
        elif kind is ClientKind.SAMPLING and not any(cancelled_futures(timeline)):
            missing = (
                "the configuration has sample_cancel_enabled, the caller of a sample with 'cancels' gave it "
                "up, and no cancel_future came; cancel it in the SDK when its timeout ends"
            )
        yield StepResult("a caller gives up a future", fault or missing)

    def read_timeout(self) -> Iterator[StepResult]:
        if not self._has(Capability.READ_TIMEOUT):
            return
        kind = self._kinds()[0]
        steps = [{"complete": {}, "wire": {"delay": 2}}, {"complete": {}}]
        future = _future(self._operation(kind), steps)
        timeline, fault = self._run(_decoded("read timeout", kind, [future], read_timeout=1))
        polls = [e for e in timeline if isinstance(e, Request) and e.iteration is not None]
        missing = (
            "'run' had a read_timeout of 1 s, a reply came after 2 s, and the SDK waited for it; "
            "set the SDK's timeout of one request to it"
        )
        yield StepResult("the SDK's read timeout can be set", fault or (None if len(polls) > 1 else missing))

    def submission_retries(self) -> Iterator[StepResult]:
        # An SDK waits before it sends a request again.
        if not self._has(Capability.SUBMISSION_RETRIES) or not self._has(Capability.VIRTUAL_SLEEP):
            return
        kind = self._kinds()[0]
        more = {"submission": [{"status": 503}]}
        operation = self._operation(kind)
        timeline, fault = self._run(_scenario("refused", kind, operation, [{"complete": {}}], **more))
        sent = [e for e in timeline if isinstance(e, Request) and e.iteration is None]
        missing = "the server answered a submission with HTTP 503, and it did not come again"
        yield StepResult(
            "the SDK sends a refused submission again", fault or (None if len(sent) > 1 else missing)
        )

    def checkpoints(self) -> Iterator[StepResult]:
        if not self._has(Capability.CHECKPOINTS):
            return
        step = "the SDK creates training clients from saved states"
        if not self._has(Capability.MODEL_CREATION):
            yield StepResult(
                step, "'checkpoints' is claimed without 'model_creation'; claim both, or neither"
            )
            return
        client: dict[str, object] = {"kind": ClientKind.MODEL_CREATION.value, "checkpoint": _STATE}
        future = _future(Operation.CREATE_MODEL, [{"complete": {}}])
        timeline, fault = self._run(_decoded_with({"client": client}, "checkpoint", [future]))
        loads = any(isinstance(e, Request) and _loads(e, _STATE) for e in timeline)
        missing = (
            f"the client had the checkpoint {_STATE}, and no load_weights named it; "
            "let the SDK create the client from that state"
        )
        yield StepResult(step, fault or (None if loads else missing))

    def telemetry(self) -> Iterator[StepResult]:
        if not self._has(Capability.TELEMETRY):
            return
        kind = self._kinds()[0]
        timeline, fault = self._run(_scenario("telemetry", kind, self._operation(kind), _PAUSE))
        events = [event for event in timeline if isinstance(event, Telemetry)]
        missing = "the queue paused and no 'telemetry' came; send one for each telemetry event of the SDK"
        yield StepResult("the adapter reports telemetry events", fault or (None if events else missing))

    def observers(self) -> Iterator[StepResult]:
        kind = self._kinds()[0]
        for capability, use in _OBSERVERS.items():
            if not self._has(capability) or not self._has(Capability.CALLBACKS):
                continue
            scenario = _scenario(use, kind, self._operation(kind), _PAUSE, observer=use)
            timeline, fault = self._run(scenario)
            calls = [e for e in timeline if isinstance(e, Callback) and e.custom is (use == "custom")]
            missing = f"the queue paused and no 'callback' with custom {str(use == 'custom').lower()} came"
            yield StepResult(f"the SDK calls the observer '{use}'", fault or (None if calls else missing))

    def concurrency(self) -> Iterator[StepResult]:
        if not self._has(Capability.CONCURRENCY):
            return
        kind = self._kinds()[0]
        both = [_future(self._operation(kind), _LONG), _future(self._operation(kind), [{"complete": {}}])]
        timeline, fault = self._run(_decoded("together", kind, both, concurrent=True))
        firsts = [e for e in timeline if isinstance(e, Outcome) or (isinstance(e, Request) and e.future == 2)]
        together = firsts and isinstance(firsts[0], Request)
        missing = "the second future was submitted after the first had ended; submit both before waiting"
        yield StepResult("the adapter runs futures concurrently", fault or (None if together else missing))

    def threads(self) -> Iterator[StepResult]:
        if not self._has(Capability.THREADS):
            return
        kind = self._kinds()[0]
        operation = self._operation(kind)
        pair = [_future(operation, _LONG)] * 2
        later = _future(operation, [{"complete": {}}], before=[{"advance": 1}])
        timeline, fault = self._run(_decoded("threads", kind, [*pair, later], threads=True))
        firsts = [e for e in timeline if isinstance(e, Outcome) or (isinstance(e, Request) and e.future == 2)]
        together = firsts and isinstance(firsts[0], Request)
        missing = "the second future was submitted after the first had ended; give each its own thread"
        yield StepResult("the adapter runs futures on threads", fault or (None if together else missing))

    def session_polling(self) -> Iterator[StepResult]:
        if not self._has(Capability.SESSION_POLLING):
            return
        kind = ClientKind.SAMPLING
        flags = {"sample_use_retrieve_futures": True}
        future = _future(self._operation(kind), [{"complete": {}}])
        timeline, fault = self._run(_decoded("session", kind, [future], client_config=flags))
        polls = [e for e in timeline if isinstance(e, Request) and e.path.endswith(SESSION_POLL)]
        missing = (
            "the configuration has sample_use_retrieve_futures, and no retrieve_futures came; "
            "send one for the client, and wait for what it says"
        )
        yield StepResult("the SDK polls a whole session", fault or (None if polls else missing))

    def functions(self) -> Iterator[StepResult]:
        for capability, scenario in (
            (Capability.PARSE_FUNCTION, "functions-parse"),
            (Capability.LOGGER_FUNCTIONS, "functions-should-log"),
        ):
            if not self._has(capability):
                continue
            timeline, fault = self._run(shipped_scenarios()[scenario])
            outcomes = [event for event in timeline if isinstance(event, Outcome)]
            errors = [event.error for event in outcomes if event.kind is not OutcomeKind.RESULT]
            yield StepResult(
                f"the adapter makes the calls of {scenario}", fault or (errors[0] if errors else None)
            )

    def end(self) -> Iterator[StepResult]:
        code = self.sdk.end_input()
        missing = None
        if code is None:
            missing = (
                "the adapter is still running; exit when standard input ends, whatever the SDK still does"
            )
        elif code != 0:
            missing = f"{expected_got('exit code 0', code)}; exit with 0 when standard input ends"
        yield StepResult("the adapter exits when its standard input ends", missing)

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
        if run.fault is not None and run.fault.kind is FaultKind.KIT:
            raise KitError(f"the kit failed in {scenario.id}: {run.fault}")
        return run.timeline, "" if run.fault is None else str(run.fault)

    def _ends_in(
        self,
        what: str,
        kind: ClientKind,
        operation: str,
        steps: Iterable[object],
        expected: OutcomeKind,
        **more: object,
    ) -> StepResult:
        timeline, fault = self._run(_scenario(operation, kind, operation, steps, **more))
        outcome = next((event for event in timeline if isinstance(event, Outcome)), None)
        got = "no outcome" if outcome is None else f"'{outcome.kind}' ({outcome.error})"
        missing = None if outcome and outcome.kind is expected else expected_got(f"'{expected}'", got)
        return StepResult(f"{what}: the outcome is '{expected}'", fault or missing)


def _lines(timeline: Timeline) -> list[Log]:
    return [event for event in timeline if isinstance(event, Log) and event.level in {"warning", "error"}]


def _future(operation: str, steps: Iterable[object], **more: object) -> dict[str, object]:
    return {"client": "client", "operation": operation, "steps": list(steps), **more}


def _scenario(
    name: str, kind: ClientKind, operation: str, steps: Iterable[object], **more: object
) -> Scenario:
    return _decoded(name, kind, [_future(operation, steps, **more)])


def _decoded(name: str, kind: ClientKind, futures: list[dict[str, object]], **more: object) -> Scenario:
    return _decoded_with({"client": {"kind": kind.value}}, name, futures, **more)


def _loads(request: Request, state: str) -> bool:
    body = request.body
    return request.path.endswith("/load_weights") and isinstance(body, dict) and body.get("path") == state


def _decoded_with(
    clients: dict[str, dict[str, object]], name: str, futures: list[dict[str, object]], **more: object
) -> Scenario:
    data = {"id": f"check-{name}", "clients": clients, "futures": futures, **more}
    return decode_scenario(data, "check-adapter")
