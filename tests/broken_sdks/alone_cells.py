"""For each cell of the matrix of rules, an SDK that breaks the rule for that kind of client alone.

Each is a broken SDK for the clients of its kind, and the reference for all others. Which one it is made of is
found by the requirement; `_MADE_OF` names the exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements.matrix import MatrixCell, client_cells
from tinker_conformance.requirements.model import Requirement
from tinker_conformance.scenario.library import shipped_scenarios

from .alone import name_alone
from .declaration import BrokenSdk
from .registry import BROKEN_SDKS

_MADE_OF: Final[dict[tuple[str, ClientKind], str]] = {
    ("reasons.of_the_server", ClientKind.TRAINING): "ignores_the_server_reason_in_training",
    ("reasons.not_of_the_server", ClientKind.SAMPLING): "shows_the_server_reason_in_an_old_revision",
    ("polling.failure_time", ClientKind.SAMPLING): "raises_failures_at_once",
    ("polling.failure_time", ClientKind.MODEL_CREATION): "raises_failures_at_once",
}
"""By requirement and kind of client: the broken SDK to take, where the first one does not show there."""


@dataclass(frozen=True, slots=True)
class AloneSdk:
    """An SDK that breaks one requirement for one kind of client.

    Attributes:
        kind: The kind of client.
        required: The requirement.
        made_of: The broken SDK that it is for clients of the kind.
    """

    kind: ClientKind
    required: Requirement
    made_of: BrokenSdk

    @property
    def sdk(self) -> BrokenSdk:
        """The broken SDK as the laboratory judges it."""
        return replace(self.made_of, name=name_alone(self.made_of.name, self.kind))


def _pairs() -> Iterator[tuple[MatrixCell, Requirement]]:
    for cell in client_cells(shipped_scenarios()):
        for required in dict.fromkeys(required.id for required, _ in cell.asked):
            yield cell, next(each for each, _ in cell.asked if each.id == required)


def candidates(cell: MatrixCell, required: Requirement) -> tuple[BrokenSdk, ...]:
    """Return the broken SDKs that might break a requirement for a kind of client, the likeliest first.

    One whose profile does not ask the cell, or does not observe the kind, is taken under one that does.
    """
    profiles = {name: load_profile(name) for name in known_profiles()}
    asking = [
        name
        for name, profile in profiles.items()
        if any(each.id == required.id for each, _ in cell.asked_under(profile))
    ]
    observing = [name for name in asking if profiles[name].observer.client(ClientKind(cell.column))]
    usable = observing or asking
    found = [sdk for sdk in BROKEN_SDKS.values() if required.id in sdk.breaks] if usable else []
    likely = sorted(found, key=lambda sdk: (sdk.caught_by != required.id, sdk.under not in usable))
    return tuple(sdk if sdk.under in usable else replace(sdk, under=usable[0]) for sdk in likely)


def _alone() -> Iterator[AloneSdk | tuple[MatrixCell, Requirement]]:
    for cell, required in _pairs():
        kind = ClientKind(cell.column)
        found = candidates(cell, required)
        named = _MADE_OF.get((required.id, kind))
        chosen = [sdk for sdk in found if named in (None, sdk.name)]
        yield AloneSdk(kind, required, chosen[0]) if chosen else (cell, required)


FOUND: Final = tuple(_alone())
ALONE: Final = tuple(each for each in FOUND if isinstance(each, AloneSdk))
"""One for each cell and requirement."""
WITHOUT: Final = tuple(f"{each[1].id} in {each[0].column}" for each in FOUND if isinstance(each, tuple))
"""The requirements and kinds of client that no broken SDK breaks."""
