"""Which recipes run, with which arguments, and what their metrics must have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fake_server import VerifiedTinker, chance, every, nth
from fake_server.script import drop, status, timeout, try_again, wired

Prepare = Callable[[VerifiedTinker], None]


class Kind(StrEnum):
    """What a recipe trains on, or does."""

    EVALUATION = "supervised, with evaluation"
    RESUMED = "supervised, resumed from a checkpoint"
    REINFORCEMENT = "RL with arithmetic rewards"
    PREFERENCE = "preference"
    DISTILLATION = "distillation"
    MULTI_TURN = "multi-turn RL"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe of one release.

    Attributes:
        release: The release of the cookbook.
        kind: What it does.
        module: Its module, below ``tinker_cookbook.recipes``.
        arguments: Its arguments, but for the model and the folder of its logs.
        metrics: Names of metrics that it must have logged, each at least once.
        steps: How many lines with ``progress`` its metrics must have.
        again: Arguments of a second run in the same folder, which resumes the first; empty for none.
        prepare: Scripts what the service says.
        disturbed: Whether it also runs under pauses and faults, with the same numbers.
    """

    release: str
    kind: Kind
    module: str
    arguments: tuple[str, ...]
    metrics: tuple[str, ...]
    steps: int = 2
    again: tuple[str, ...] = ()
    prepare: Prepare = field(default=lambda _engine: None)
    disturbed: bool = False

    @property
    def name(self) -> str:
        """The release and the module, such as ``0.6.1 math_rl.train``."""
        return f"{self.release} {self.module}" + (" (resumed)" if self.again else "")


_QUESTION: Final = re.compile(r"What is (\d+) \+ (\d+)\?")


def add_up(prompt: str) -> str:
    """Answer the last question of a prompt as the arithmetic recipes ask it."""
    first, second = _QUESTION.findall(prompt)[-1]
    return str(int(first) + int(second))


def answer_half(engine: VerifiedTinker) -> None:
    """Let every other sample be right, so that there is something to learn; the model draws the rest."""
    engine.says(add_up, where={"prompt": _QUESTION, "seq_id": lambda number: number % 2 == 0})


def disturb(engine: VerifiedTinker) -> None:
    """Add pauses and faults of each kind to what a training loop sends."""
    engine.on("create_session").replies(status(503))
    engine.add_rule(
        every(2, operation="forward_backward").plays(
            timeout(queue_state="paused_capacity"), try_again(queue_state="paused_rate_limit"), status(503)
        ),
    )
    engine.add_rule(nth(1, operation="optim_step").plays(drop()))
    engine.add_rule(
        nth(1, operation="save_weights_for_sampler").plays(
            wired(timeout(queue_state="paused_capacity"), cut="body")
        ),
    )
    engine.add_rule(nth(1, operation="save_state").paused("paused_capacity", polls=2))
    # The recipe that scripts what is said may leave no sample to this rule; the others must apply.
    engine.add_rule(
        chance(0.3, operation="sample").plays(timeout(queue_state="paused_rate_limit")), optional=True
    )


_ARITHMETIC: Final = ("env=arithmetic", "group_size=4", "groups_per_batch=2", "max_tokens=8")
_REWARDED: Final = ("env/all/reward/total", "env/all/correct")

RECIPES: Final = (
    Recipe(
        "0.6.1",
        Kind.EVALUATION,
        "chat_sl.train",
        ("dataset=no_robots", "batch_size=4", "eval_every=1", "save_every=1", "max_steps=2"),
        ("train_mean_nll", "test/nll"),
        disturbed=True,
    ),
    Recipe(
        "0.6.1",
        Kind.REINFORCEMENT,
        "math_rl.train",
        (*_ARITHMETIC, "max_steps=2"),
        _REWARDED,
        prepare=answer_half,
        disturbed=True,
    ),
    Recipe(
        "0.6.1",
        Kind.PREFERENCE,
        "preference.dpo.train",
        ("dataset=hhh", "batch_size=4", "max_steps=2"),
        ("dpo_loss", "accuracy", "margin"),
    ),
    Recipe(
        "0.6.1",
        Kind.DISTILLATION,
        "distillation.on_policy_distillation",
        (
            "teacher_model=Qwen/Qwen3-4B-Instruct-2507",
            "dataset=deepmath",
            "group_size=2",
            "groups_per_batch=2",
            "max_tokens=8",
            "max_steps=2",
        ),
        ("teacher_kl",),
    ),
    Recipe(
        "0.6.1",
        Kind.MULTI_TURN,
        "multiplayer_rl.guess_number.train",
        ("group_size=2", "batch_size=2", "max_tokens=8", "max_steps=2", "eval_every=0"),
        ("env/all/turns_per_episode",),
    ),
    Recipe(
        "0.2.2",
        Kind.RESUMED,
        "chat_sl.train",
        ("dataset=conversations.jsonl", "batch_size=4", "save_every=1", "eval_every=0"),
        ("train_mean_nll",),
        steps=4,
        again=("num_epochs=2", "behavior_if_log_dir_exists=resume"),
    ),
    Recipe(
        "0.2.2",
        Kind.PREFERENCE,
        "preference.shorter.train",
        ("batch_size=2", "group_size=2", "max_tokens=8", "max_steps=2", "eval_every=0"),
        ("env/all/reward/total",),
    ),
    Recipe(
        "0.2.2",
        Kind.MULTI_TURN,
        "multiplayer_rl.twenty_questions.train",
        ("batch_size=2", "group_size=2", "max_tokens=8", "max_steps=2", "eval_every=0"),
        ("env/all/turns_per_episode",),
    ),
    Recipe(
        "0.1.0",
        Kind.EVALUATION,
        "chat_sl.train",
        ("dataset=no_robots", "batch_size=4", "eval_every=1", "save_every=1"),
        ("train_mean_nll", "test/nll"),
    ),
    Recipe(
        "0.1.0",
        Kind.DISTILLATION,
        "prompt_distillation.train",
        ("file_path=conversations.jsonl", "batch_size=4", "num_epochs=1", "eval_every=0"),
        ("train_mean_nll",),
    ),
    Recipe(
        "0.1.0",
        Kind.PREFERENCE,
        "preference.dpo.train",
        ("dataset=hhh", "batch_size=4"),
        ("dpo_loss", "accuracy", "margin"),
    ),
)
