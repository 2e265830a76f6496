"""For each cell of a rule and an operation, an SDK that breaks the rule for that operation alone.

Each is a broken SDK for the futures of its operation, and the reference for all others. It is found by the
requirement, as in `alone_cells`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.requirements.matrix import MatrixCell, operation_cells
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.scenario.library import shipped_scenarios

from .alone import name_of_operation_alone
from .declaration import BrokenSdk
from .registry import BROKEN_SDKS

_FIRST: Final = ("renames_the_request_type_header", "accepts_every_result_in_json")
"""Broken SDKs that break their rule for every operation; tried first."""

_SLOW: Final = "starts_slow_retries_at_two_seconds"
_MADE_OF: Final[dict[tuple[str, Operation], str]] = {
    ("submissions.delays", Operation.SAMPLE): _SLOW,
    ("submissions.delays", Operation.COMPUTE_LOGPROBS): _SLOW,
    ("submissions.delays", Operation.SAVE_STATE): "saves_weights_with_quick_retries",
    ("submissions.delays", Operation.SAVE_WEIGHTS_FOR_SAMPLER): _SLOW,
    ("submissions.delays", Operation.SAVE_WEIGHTS_EXTERNAL): _SLOW,
    ("polling.incomplete_result", Operation.SAVE_STATE): "accepts_saved_weights_without_a_path",
    (
        "polling.incomplete_result",
        Operation.SAVE_WEIGHTS_FOR_SAMPLER,
    ): "accepts_sampler_weights_without_a_path",
    ("polling.incomplete_result", Operation.SAVE_WEIGHTS_EXTERNAL): "takes_external_weights_without_a_path",
    ("polling.incomplete_result", Operation.SAMPLE): "takes_results_without_their_keys",
    ("polling.incomplete_result", Operation.COMPUTE_LOGPROBS): "takes_results_without_their_keys",
    ("polling.incomplete_result", Operation.FORWARD): "takes_results_without_their_keys",
    ("polling.incomplete_result", Operation.FORWARD_BACKWARD): "takes_results_without_their_keys",
    ("polling.incomplete_result", Operation.CREATE_MODEL): "polls_again_for_the_id_of_a_model",
}
"""By requirement and operation: the broken SDK to take, where the first one does not show there."""

_OLDEST: Final = "tinker-0.1+tinker-0.1"
"""The only profile whose SDKs unload models."""


@dataclass(frozen=True, slots=True)
class OperationAloneSdk:
    """An SDK that breaks one requirement for one operation.

    Attributes:
        operation: The operation.
        required: The requirement.
        made_of: The broken SDK that it is for futures of the operation.
    """

    operation: Operation
    required: Requirement
    made_of: BrokenSdk

    @property
    def sdk(self) -> BrokenSdk:
        """The broken SDK as the laboratory judges it."""
        return replace(self.made_of, name=name_of_operation_alone(self.made_of.name, self.operation))


def candidates(cell: MatrixCell, required: Requirement) -> tuple[BrokenSdk, ...]:
    """Return the broken SDKs that might break a requirement for an operation, the likeliest first."""
    profiles = {name: load_profile(name) for name in (*reversed(known_profiles()), _OLDEST)}
    asking = [
        name
        for name, profile in profiles.items()
        if any(each.id == required.id for each, _ in cell.asked_under(profile))
    ]
    named = _MADE_OF.get((required.id, Operation(cell.column)))
    found = [
        sdk
        for sdk in BROKEN_SDKS.values()
        if asking and required.id in sdk.breaks and named in (None, sdk.name)
    ]
    likely = sorted(found, key=lambda sdk: (sdk.name not in _FIRST, sdk.caught_by != required.id))
    return tuple(_under(sdk, asking) for sdk in likely)


def _under(sdk: BrokenSdk, asking: Sequence[str]) -> BrokenSdk:
    """Return a broken SDK under its own profile, or else under one that asks the cell."""
    own = sdk.under in asking and sdk.name != _SLOW
    return sdk if own else replace(sdk, under="tinker-0.38" if "tinker-0.38" in asking else asking[0])


def cells() -> Iterator[tuple[Operation, Requirement, tuple[BrokenSdk, ...]]]:
    """Yield each operation and each requirement that is asked of it, with the broken SDKs to try."""
    for cell in operation_cells(shipped_scenarios(), tuple(Operation)):
        for required in {each.id: each for each, _ in cell.asked}.values():
            yield Operation(cell.column), required, candidates(cell, required)


OPERATION_ALONE: Final = tuple(
    OperationAloneSdk(operation, required, found[0]) for operation, required, found in cells() if found
)
"""One for each cell and requirement."""
OPERATIONS_WITHOUT: Final = tuple(
    f"{required.id} of {operation}" for operation, required, found in cells() if not found
)
"""The requirements and operations that no broken SDK breaks."""
