"""Requirements that each operation reports its pauses."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import observes
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.requirements.needs import CREATION

REQUIREMENTS: Final = (
    Requirement(
        id="wiring.sample",
        sentence="A pause of sample is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-sample",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.SAMPLE),
    ),
    Requirement(
        id="wiring.compute_logprobs",
        sentence="A pause of compute_logprobs is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-compute-logprobs",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.COMPUTE_LOGPROBS),
    ),
    Requirement(
        id="wiring.forward",
        sentence="A pause of forward is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-forward",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.FORWARD),
    ),
    Requirement(
        id="wiring.forward_backward",
        sentence="A pause of forward_backward is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-forward-backward",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.FORWARD_BACKWARD),
    ),
    Requirement(
        id="wiring.optim_step",
        sentence="A pause of optim_step is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-optim-step",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.OPTIM_STEP),
    ),
    Requirement(
        id="wiring.save_state",
        sentence="A pause of save_state is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-save-state",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.SAVE_STATE),
    ),
    Requirement(
        id="wiring.load_state",
        sentence="A pause of load_state is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-load-state",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.LOAD_STATE),
    ),
    Requirement(
        id="wiring.save_weights_for_sampler",
        sentence="A pause of save_weights_for_sampler is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-save-weights-for-sampler",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.SAVE_WEIGHTS_FOR_SAMPLER),
    ),
    Requirement(
        id="wiring.unload_model",
        sentence="A pause of unload_model is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-unload-model",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.UNLOAD_MODEL),
    ),
    Requirement(
        id="wiring.save_weights_external",
        sentence="A pause of save_weights_external is logged, and the line names the right client.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-save-weights-external",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.SAVE_WEIGHTS_EXTERNAL),
    ),
    Requirement(
        id="wiring.create_model",
        sentence="A pause of create_model is logged, and the line names what it creates.",
        source="seed, success criterion 9; official SDK by release",
        scenarios=("wiring-create-model",),
        check=same(seen.line_identifiers),
        holds=observes(Operation.CREATE_MODEL),
        needs=CREATION,
    ),
)
