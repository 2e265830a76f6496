"""What every future of the soak meets and how it ends: drawn from a seed, the same on both sides.

Four futures in five have a script of their own, by number; the fifth is a sample without one, under two
rules. Each name the server gives says which it is, so that the client knows what has to come of it.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Final

from benchmarks.soak.trouble import drawn, with_faults
from fake_server.engine.results import result_body
from fake_server.operations import Operation
from fake_server.script import Exhausted, Script, complete, drop, fail, status, timeout, try_again
from fake_server.script.rules import Rule, chance, every
from fake_server.script.steps import Advance, Complete, Fail, HttpStep, Status, Step

RULED_ONE_IN: Final = 5
MOST_STEPS: Final = 6
PAUSE_POLLS: Final = 3
BASE_MODEL: Final = "soak/base"
_MICROSECONDS: Final = 1_000_000
_BACK: Final = Advance(-5 * _MICROSECONDS, 0)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a submission asks for, and in whose name."""

    operation: Operation
    client: str

    @property
    def body(self) -> bytes:
        """The submission's body."""
        return json.dumps(self.request).encode()

    @property
    def request(self) -> dict[str, object]:
        """The same, decoded."""
        tensor = {"data": [1, 2], "dtype": "int64", "shape": [2]}
        datum = {"model_input": _PROMPT, "loss_fn_inputs": {"target_tokens": tensor}}
        sampling = {"sampling_session_id": self.client, "prompt": _PROMPT, "num_samples": 2}
        match self.operation:
            case Operation.SAMPLE:
                return sampling
            case Operation.COMPUTE_LOGPROBS:
                return {**sampling, "prompt_logprobs": True}
            case Operation.FORWARD:
                return {"model_id": self.client, "forward_input": {"data": [datum]}}
            case Operation.FORWARD_BACKWARD:
                return {"model_id": self.client, "forward_backward_input": {"data": [datum]}}
            case Operation.SAVE_STATE:
                return {"model_id": self.client, "path": "saved"}
            case _:
                return {"model_id": self.client}


_PROMPT: Final = {"chunks": [{"type": "encoded_text", "tokens": [1, 2]}]}
KINDS: Final = tuple(
    Kind(operation, f"{who}-{number}")
    for number in range(4)
    for operation, who in (
        (Operation.SAMPLE, "sampler"),
        (Operation.COMPUTE_LOGPROBS, "sampler"),
        (Operation.FORWARD, "model"),
        (Operation.FORWARD_BACKWARD, "model"),
        (Operation.OPTIM_STEP, "model"),
        (Operation.SAVE_STATE, "model"),
    )
)
"""What scripted futures are, in turn."""
RULED_REQUEST: Final[dict[str, object]] = {
    "base_model": BASE_MODEL,
    "prompt": _PROMPT,
    "sampling_params": {"max_tokens": 4, "seed": 1},
}
"""What a future under a rule asks for: the same sample each time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All futures of one soak.

    Attributes:
        seed: Decides everything.
        futures: How many, at least ``2 * RULED_ONE_IN``.
        seconds: By how much they move the monotonic clock, if no two pauses under a rule overlap.
    """

    seed: int
    futures: int
    seconds: int

    @property
    def ruled(self) -> int:
        """How many have no script of their own."""
        return self.futures // RULED_ONE_IN

    @property
    def scripted(self) -> int:
        """How many have one."""
        return self.futures - self.ruled

    @property
    def rules(self) -> tuple[Rule, ...]:
        """A pause for every second sample without a script, and trouble for some of the others."""
        trouble = (timeout(queue_state="paused_rate_limit"), drop(), status(503), try_again(), drop("close"))
        return (
            every(2, client=BASE_MODEL).paused(
                "paused_capacity",
                seconds=self._pause_us / _MICROSECONDS,
                poll_seconds=self._pause_us / PAUSE_POLLS / _MICROSECONDS,
            ),
            chance(0.3, client=BASE_MODEL).plays(*trouble),
        )

    def kind(self, number: int) -> Kind:
        """What the scripted future of that number is."""
        return KINDS[number % len(KINDS)]

    def names(self) -> set[str]:
        """The names of all futures."""
        scripted = {scripted_name(number) for number in range(self.scripted)}
        return scripted | {f"unscripted-{count}" for count in range(1, self.ruled + 1)}

    def script(self, number: int) -> Script:
        """The script of a future, which goes on with its last reply for ever."""
        draws = self._draws(number)
        end = self._end(draws, number)
        steps: list[Step] = [*drawn(draws, MOST_STEPS), *with_faults(draws, end)]
        place = draws.randint(0, len(steps) - 1)
        if draws.random() < 0.05:
            steps.insert(place, _BACK)
        moved = self._moved_until(number + 1) - self._moved_until(number)
        steps.insert(place, Advance(moved, moved))
        return Script(tuple(steps), Exhausted.REPEAT)

    def answer(self, number: int) -> tuple[int, bytes]:
        """Status and body with which a scripted future ends."""
        end = self._end(self._draws(number), number)
        if isinstance(end, Complete):
            kind = self.kind(number)
            _, body = result_body(kind.operation, request=kind.request, accept="", overrides=end.overrides)
            return 200, body
        assert isinstance(end, Fail | Status)
        return end.reply.status, end.reply.body

    def _draws(self, number: int) -> random.Random:
        return random.Random(f"{self.seed}/{number}")

    def _end(self, draws: random.Random, number: int) -> HttpStep:
        mark = f"mark {number} of {self.seed}"
        chosen = draws.random()
        if chosen < 0.85:
            return complete(mark=mark)
        if chosen < 0.95:
            return fail(draws.choice(("user", "server", "unknown")), mark)
        return status(403, {"error": mark})

    @property
    def _pause_us(self) -> int:
        # A quarter of the time passes under the rule. A pause is as long as whole microseconds allow.
        pauses = max(self.ruled // 2, 1)
        return max(self.seconds * _MICROSECONDS // 4 // pauses // PAUSE_POLLS, 1) * PAUSE_POLLS

    @property
    def scripted_us(self) -> int:
        """By how much the scripts alone move the clock: pauses of futures in flight pass together."""
        return self._moved_until(self.scripted)

    def _moved_until(self, number: int) -> int:
        left = self.seconds * _MICROSECONDS - self._pause_us * (self.ruled // 2)
        return left * number // self.scripted


def scripted_name(number: int) -> str:
    """The name of a scripted future."""
    return f"soak-{number}"


def scripted_number(name: str) -> int | None:
    """The number of a scripted future; None for one under a rule."""
    prefix, _, number = name.partition("-")
    return int(number) if prefix == "soak" else None
