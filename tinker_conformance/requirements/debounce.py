"""Requirements on the 60 s after a pause line in which no other pause line is logged."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements.conditions import (
    does_not,
    every,
    exact_text,
    graces_training,
    observes,
    observes_creation,
)
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CREATION, TRAINING

_MEASURED: Final = "official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, measured"


def _of_each_client(scenario: str) -> tuple[str, ...]:
    return tuple(f"{scenario}-{kind.replace('_', '-')}" for kind in ClientKind)


REQUIREMENTS: Final = (
    Requirement(
        id="debounce.first_pause_logs",
        sentence="The first pause is logged at once, except by a client with a grace period.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-first",
            "debounce-first-training",
            "debounce-first-model-creation",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.within_a_minute",
        sentence=(
            "No pause is logged in the 60 s after a pause line, neither 1 ms after it nor 59.999 s after it."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-within",
            "debounce-window-training",
            "debounce-window-model-creation",
            "debounce-window-alternating-training",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.boundary",
        sentence="A pause is logged again 60 s after a pause line.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-boundary",
            "debounce-window-training",
            "debounce-window-model-creation",
            "debounce-window-alternating-training",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.fraction",
        sentence="The 60 s window is measured in fractions of a second, not in whole seconds.",
        source="official SDK, every release",
        scenarios=(
            "debounce-fraction",
            "debounce-window-training",
            "debounce-window-model-creation",
            "debounce-window-alternating-training",
        ),
        check=same(seen.line_times),
        holds=exact_text,
    ),
    Requirement(
        id="debounce.fraction_or_whole_seconds",
        sentence=(
            "The 60 s window is measured in fractions of a second, although an example in the specification "
            "counts whole seconds."
        ),
        source="seed, 'Shared Logger Module' against its Python code",
        scenarios=(
            "debounce-fraction",
            "debounce-window-alternating-training",
        ),
        check=same(seen.line_times),
        holds=does_not(exact_text),
        level=Level.QUIRK,
    ),
    Requirement(
        id="debounce.begins_at_the_line",
        sentence="The 60 s window starts at the last pause line; pauses inside it do not extend it.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-window-begins-at-the-line",
            "debounce-window-training",
            "debounce-window-model-creation",
            "debounce-window-alternating-training",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.across_states",
        sentence="Within the 60 s window, a pause in another state is not logged either.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-across-states",
            "debounce-active-training",
            "debounce-active-model-creation",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.across_futures",
        sentence="All futures of one client share its 60 s window.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-futures",),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.separate_clients",
        sentence="Each client has its own 60 s window.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-separate-samplers",),
        check=same(seen.line_clients),
    ),
    Requirement(
        id="debounce.separate_creations",
        sentence="Each creation of a model has its own 60 s window, even when two share a base model.",
        source="official SDK 0.10.0 to 0.36.0",
        scenarios=("debounce-separate-creations",),
        check=same(seen.line_times),
        holds=every(observes_creation, does_not(graces_training)),
        level=Level.QUIRK,
        needs=CREATION,
    ),
    Requirement(
        id="debounce.active",
        sentence="The state active is never logged, and neither ends nor extends the 60 s window.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-active",
            "debounce-active-training",
            "debounce-active-model-creation",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.training",
        sentence="A training client has a 60 s window too.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-training",),
        check=same(seen.line_times),
        holds=does_not(graces_training),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_forward",
        sentence=(
            "The futures of forward on one training client share one 60 s window, and from release 0.38 on "
            "one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-forward",),
        check=same(seen.line_rounds),
        holds=observes(Operation.FORWARD),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_forward_backward",
        sentence=(
            "The futures of forward_backward on one training client share one 60 s window, and from release "
            "0.38 on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-forward-backward",),
        check=same(seen.line_rounds),
        holds=observes(Operation.FORWARD_BACKWARD),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_optim_step",
        sentence=(
            "The futures of optim_step on one training client share one 60 s window, and from release 0.38 "
            "on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-optim-step",),
        check=same(seen.line_rounds),
        holds=observes(Operation.OPTIM_STEP),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_save_state",
        sentence=(
            "The futures of save_state on one training client share one 60 s window, and from release 0.38 "
            "on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-save-state",),
        check=same(seen.line_rounds),
        holds=observes(Operation.SAVE_STATE),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_load_state",
        sentence=(
            "The futures of load_state on one training client share one 60 s window, and from release 0.38 "
            "on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-load-state",),
        check=same(seen.line_rounds),
        holds=observes(Operation.LOAD_STATE),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_save_weights_for_sampler",
        sentence=(
            "The futures of save_weights_for_sampler on one training client share one 60 s window, and from "
            "release 0.38 on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-save-weights-for-sampler",),
        check=same(seen.line_rounds),
        holds=observes(Operation.SAVE_WEIGHTS_FOR_SAMPLER),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_unload_model",
        sentence=(
            "The futures of unload_model on one training client share one 60 s window, and from release 0.38 "
            "on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-unload-model",),
        check=same(seen.line_rounds),
        holds=observes(Operation.UNLOAD_MODEL),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_save_weights_external",
        sentence=(
            "The futures of save_weights_external on one training client share one 60 s window, and from "
            "release 0.38 on one 900 s grace period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-save-weights-external",),
        check=same(seen.line_rounds),
        holds=observes(Operation.SAVE_WEIGHTS_EXTERNAL),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.across_compute_logprobs",
        sentence="The futures of compute_logprobs on one sampling client share one 60 s window.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-across-compute-logprobs",),
        check=same(seen.line_times),
        holds=observes(Operation.COMPUTE_LOGPROBS),
    ),
    Requirement(
        id="debounce.separate_training_clients",
        sentence=(
            "Each training client has its own 60 s window, and from release 0.38 on its own 900 s grace "
            "period."
        ),
        source="seed, success criterion 5; official SDK, every release",
        scenarios=("debounce-separate-training-clients",),
        check=same(seen.line_rounds),
        needs=TRAINING,
    ),
    Requirement(
        id="debounce.clock_stepping_back",
        sentence="While the wall clock shows a time before the last pause line, no pause is logged.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-clock-back",
            "debounce-clocks-training",
            "debounce-clocks-model-creation",
            "debounce-clocks-alternating-training",
        ),
        check=same(seen.line_times),
        level=Level.QUIRK,
    ),
    Requirement(
        id="debounce.wall_clock",
        sentence="The 60 s window follows the wall clock: setting the clock forward ends the window.",
        source="seed, success criterion 5; official SDK, every release",
        scenarios=(
            "debounce-wall-alone",
            "debounce-clocks-training",
            "debounce-clocks-model-creation",
            "debounce-clocks-alternating-training",
        ),
        check=same(seen.line_times),
        level=Level.QUIRK,
    ),
    Requirement(
        id="debounce.any_time_of_day",
        sentence="The 60 s window works across midnight, in every time zone.",
        source="official SDK 0.1.0, 0.6.3 and 0.38.0, measured",
        scenarios=(
            "times-every-quarter-hour",
            "times-every-quarter-hour-training",
            "times-every-quarter-hour-model-creation",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.summer_time",
        sentence="The 60 s window works when local clocks go forward or back for summer time.",
        source=_MEASURED,
        scenarios=(*_of_each_client("times-summer-begins"), *_of_each_client("times-summer-ends")),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.before_1970",
        sentence=(
            "While the wall clock is before 1970, or in its first minute, nothing is logged, as if a pause "
            "line had been logged at time 0."
        ),
        source=_MEASURED,
        scenarios=_of_each_client("times-before-1970"),
        check=same(seen.line_times),
        level=Level.QUIRK,
    ),
    Requirement(
        id="debounce.long_uptime",
        sentence=(
            "The 60 s window and the 900 s grace period still work when the milliseconds of the monotonic "
            "clock exceed 31 bits (25 days) and 32 bits."
        ),
        source=_MEASURED,
        scenarios=(*_of_each_client("times-uptime-of-31-bits"), *_of_each_client("times-uptime-of-32-bits")),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.after_a_long_run",
        sentence="The 60 s window still works after weeks without a pause.",
        source="official SDK 0.1.0, 0.6.3 and 0.38.0, measured",
        scenarios=(
            "times-after-a-long-run",
            "times-after-a-long-run-training",
            "times-after-a-long-run-model-creation",
        ),
        check=same(seen.line_times),
    ),
    Requirement(
        id="debounce.after_2038",
        sentence=(
            "The 60 s window still works when the seconds since 1970 exceed 31 bits (in 2038) and 32 bits "
            "(in 2106)."
        ),
        source="official SDK 0.1.0, 0.6.3 and 0.38.0, measured",
        scenarios=(
            "times-after-2038",
            "times-after-2106",
            "times-after-2038-training",
            "times-after-2106-training",
            "times-after-2038-model-creation",
            "times-after-2106-model-creation",
        ),
        check=same(seen.line_times),
    ),
)
