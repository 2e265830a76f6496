"""The polls of scenarios without the kit: an SDK and the fake server, no timeline, no reference, no verdict.

Reads one scenario a line, as JSON, and the profile before them; runs them on the same frozen clock as the kit
(an SDK that backs off would really sleep otherwise). Run by the interpreter that has the SDK:

    python -m benchmarks.bare_polls SPEC
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import msgspec

from fake_server import Poll, Reply, Request, Submission, TransportFault
from fake_server.in_process.respx_router import mounted
from fake_server.script.steps import Advance
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.virtual_loop import VirtualTimeLoop, virtual_loops
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario import FutureSpec, Scenario, decode_scenario
from tinker_conformance.scenario.rounds import rounds
from tinker_conformance.sdk.adapter import Adapter, OperationCall, ScenarioContext
from tinker_conformance.sdk.in_process.shared_tls import share_ssl_contexts
from tinker_conformance.sdk.in_process.worker import frozen_process, load_adapter
from tinker_conformance.sdk.scripted_engine import API_KEY, VIRTUAL_LIMIT_SECONDS, scripted_engine

_URL = "http://tinker.test"


class Mover:
    """Moves the clocks as scripts say and counts polls, and ignores everything else."""

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock
        self.polls = 0

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None: ...

    def request_strayed(self, request: Request, reply: Reply | TransportFault) -> None: ...

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None: ...

    def submission_arrived(self, submission: Submission) -> None: ...

    def request_arrived(self, poll: Poll) -> None:
        self.polls += 1

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        self._clock.advance(advance.wall_us, advance.monotonic_us)

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None: ...

    def callback(self, state: str, reason: str | None = None, *, custom: bool = False) -> None: ...

    def telemetry(self, name: str, data: dict[str, object] | None = None) -> None: ...


async def _live(
    adapter: Adapter, scenario: Scenario, profile: Profile, clock: FrozenClock, mover: Mover
) -> None:
    engine, scripted = scripted_engine(scenario, mover)
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stalled(_reason: str) -> None:
        assert task is not None
        loop.call_soon_threadsafe(task.cancel)

    with (
        clock.jumping(limit_seconds=VIRTUAL_LIMIT_SECONDS, on_stall=stalled),
        mounted(engine, base_url=_URL),
    ):
        context = ScenarioContext(
            base_url=f"{_URL}{scenario.base_path}",
            api_key=API_KEY,
            profile=profile,
            recorder=mover,
            read_timeout=scenario.read_timeout,
        )
        await adapter.open(context)
        try:
            clients = {spec.name: await adapter.create_client(spec) for spec in scenario.clients}

            async def live(future: FutureSpec, number: int) -> None:
                call = OperationCall(
                    operation=future.operation,
                    observer=future.observer,
                    timeout=future.timeout,
                    cancels=future.cancels,
                    future=number,
                )
                with contextlib.suppress(Exception):
                    await adapter.run(clients[future.client], call)
                engine.end(scripted[number - 1])

            for numbers in rounds(scenario):
                for advance in scenario.futures[numbers[0] - 1].before:
                    clock.advance(advance.wall_us, advance.monotonic_us)
                await asyncio.gather(*(live(scenario.futures[number - 1], number) for number in numbers))
        finally:
            await adapter.close()


def main() -> None:
    """Runs what comes."""
    clock = FrozenClock()
    with virtual_loops(clock):
        _serve(clock)


def _serve(clock: FrozenClock) -> None:
    share_ssl_contexts()
    adapter, mover = load_adapter(sys.argv[1]), Mover(clock)
    loop = VirtualTimeLoop(clock)
    asyncio.set_event_loop(loop)
    profile = msgspec.json.decode(sys.stdin.buffer.readline(), type=Profile)
    with frozen_process(clock):
        for line in sys.stdin.buffer:
            scenario = decode_scenario(json.loads(line), "standard input")
            clock.new_scenario(scenario.epoch, scenario.uptime)
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(_live(adapter, scenario, profile, clock, mover))
    print(json.dumps({"polls": mover.polls}))


if __name__ == "__main__":
    main()
