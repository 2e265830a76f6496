"""How a broken SDK is declared: its name, its fault, and the requirements that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from tinker_conformance.profile.profile import Profile
from tinker_conformance.sdk.adapter import Adapter, ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .shows_in import ShowsIn
from .unbroken import Unbroken

_A = TypeVar("_A", bound=type[Adapter])

REMOVED: Final = None
"""As the value of a change: remove the key."""

ACROSS_TRAINING: Final = (
    "debounce.across_forward",
    "debounce.across_forward_backward",
    "debounce.across_optim_step",
    "debounce.separate_training_clients",
)
"""Requirements about a training client's 60 s window and grace period; a fault in either breaks them all."""
TIMES_OF_LINES: Final = (
    "debounce.across_states",
    "debounce.active",
    "debounce.after_2038",
    "debounce.after_a_long_run",
    "debounce.boundary",
    "debounce.clock_stepping_back",
    "debounce.fraction",
    "debounce.wall_clock",
)
"""Requirements that most SDKs break which log pauses at other times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenSdk:
    """An SDK that does one thing wrong.

    Attributes:
        name: What it does.
        under: The profile that it is judged by. Apart from its fault, it conforms to it.
        caught_by: The requirement that must catch it.
        saying: A piece of the mismatch that this requirement must report.
        also: All other requirements that it breaks.
        sometimes: Requirements that it breaks or not, as its threads happen to run.
        make: Makes its adapter.
        changes: The values that it has at these keys of the profile; empty if its fault is in code.
        shows_in: Whether its fault can show in a scenario; None if it may in any. See `shows_in`.
    """

    name: str
    under: str
    caught_by: str
    saying: str
    also: frozenset[str]
    make: Callable[[], Adapter]
    changes: Mapping[str, object] = field(default_factory=dict)
    sometimes: frozenset[str] = frozenset()
    shows_in: ShowsIn | None = None

    @property
    def breaks(self) -> frozenset[str]:
        """All requirements that it always breaks."""
        return self.also | {self.caught_by}


class ShowsSomewhere(ReferenceAdapter):
    """A family of broken SDKs which tells of each where its fault can show."""

    @classmethod
    def shows_in(cls, unbroken: Unbroken) -> bool:
        """Return whether the fault can show in a scenario."""
        raise NotImplementedError


class Edited(ReferenceAdapter):
    """The reference under an edited profile, while the judge uses the original."""

    def __init__(
        self,
        changes: Mapping[str, object],
        remembered: dict[int, tuple[Profile, Profile]] | None = None,
    ) -> None:
        """Prepare for one scenario.

        Args:
            changes: The values that are changed, by their keys.
            remembered: What came of a profile before, in any scenario, by its identity.
        """
        super().__init__()
        self._changes = changes
        self._remembered = {} if remembered is None else remembered

    async def open(self, context: ScenarioContext) -> None:
        match self._remembered.get(id(context.profile)):
            case (known, profile) if known is context.profile:
                pass
            case _:
                profile = edited(context.profile, self._changes)
                self._remembered[id(context.profile)] = context.profile, profile
        await super().open(msgspec.structs.replace(context, profile=profile))


@dataclass(slots=True)
class Chapter:
    """The broken SDKs of one chapter, in order."""

    sdks: list[BrokenSdk] = field(default_factory=list)

    def __iter__(self) -> Iterator[BrokenSdk]:
        return iter(self.sdks)

    def edited(
        self,
        name: str,
        *,
        under: str,
        changes: Mapping[str, object],
        caught_by: str,
        saying: str,
        also: Iterable[str] = (),
        shows_in: ShowsIn | None = None,
    ) -> None:
        """Add an SDK whose fault is a profile with other values (as in TOML) at these keys."""
        remembered: dict[int, tuple[Profile, Profile]] = {}
        self.sdks.append(
            BrokenSdk(
                name=name,
                under=under,
                caught_by=caught_by,
                saying=saying,
                also=frozenset(also),
                make=lambda: Edited(changes, remembered),
                changes=changes,
                shows_in=shows_in,
            )
        )

    def adapter(
        self,
        name: str,
        *,
        under: str,
        caught_by: str,
        saying: str,
        also: Iterable[str] = (),
        sometimes: Iterable[str] = (),
        shows_in: ShowsIn | None = None,
    ) -> Callable[[_A], _A]:
        """Add an SDK whose fault is in the decorated adapter."""

        def add(made: _A) -> _A:
            self.sdks.append(
                BrokenSdk(
                    name=name,
                    under=under,
                    caught_by=caught_by,
                    saying=saying,
                    also=frozenset(also),
                    make=made,
                    sometimes=frozenset(sometimes),
                    shows_in=shows_in or (made.shows_in if issubclass(made, ShowsSomewhere) else None),
                )
            )
            return made

        return add


def edited(profile: Profile, changes: Mapping[str, object]) -> Profile:
    """Return the profile with other values at these keys.

    Raises:
        KeyError: A table in one of the paths does not exist.
        msgspec.ValidationError: A value does not fit.
    """
    data: dict[str, Any] = msgspec.to_builtins(profile)
    for path, value in changes.items():
        *tables, key = path.split(".")
        table = data
        for name in tables:
            table = table[name]
        if value is REMOVED:
            del table[key]
        else:
            table[key] = value
    return msgspec.convert(data, Profile)
