"""Find the first difference between two timelines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from tinker_conformance.parity.comparable import comparable
from tinker_conformance.sdk.session import FaultKind, Run, refuse_kit_faults

NOTHING: Final = "nothing"
FAULT: Final = "fault"
"""The kind of a `Difference` without an event, because one of the two runs did not finish."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event in which two runs of one scenario differ.

    Attributes:
        kind: The kind of the expected event, or of the observed one if none was expected.
        expected: What the reference did, in words.
        observed: What the SDK did, in words.
        fault: Why the SDK's run did not finish, or None if it did.
    """

    kind: str
    expected: str
    observed: str
    fault: FaultKind | None = None

    @property
    def is_adapter_error(self) -> bool:
        """Return whether the adapter failed, so that the difference shows no behaviour of the SDK."""
        return self.fault not in {None, FaultKind.STUCK}


def difference(expected: Run, observed: Run) -> Difference | None:
    """Return the first difference between the runs of the reference and the SDK; None if they agree.

    Two runs that were both cut off agree if one begins with all events of the other.

    Raises:
        KitError: If the fake server failed in one of the runs.
    """
    refuse_kit_faults(expected=expected, observed=observed)
    if (fault := _parting_fault(expected, observed)) is not None:
        return fault
    wanted, got = comparable(expected.timeline), comparable(observed.timeline)
    endless = expected.fault is not None
    for want, came in zip_longest(wanted, got):
        if endless and (want is None or came is None):
            return None  # an endless run is cut at an arbitrary event
        if want != came:
            return Difference(str((want or came or ("",))[0]), _words(want), _words(came))
    return None


def _parting_fault(expected: Run, observed: Run) -> Difference | None:
    match expected.fault, observed.fault:
        case None, None:
            return None
        case first, second if first is not None and second is not None and first.kind is second.kind:
            return None if first.kind in {FaultKind.STUCK, FaultKind.SET_UP} else _faults(expected, observed)
        case _:
            return _faults(expected, observed)


def _faults(expected: Run, observed: Run) -> Difference:
    fault = None if observed.fault is None else observed.fault.kind
    return Difference(FAULT, _ended(expected), _ended(observed), fault)


def _ended(run: Run) -> str:
    return "the scenario finishes" if run.fault is None else f"{run.fault.kind.value}: {run.fault}"


def _words(event: tuple[object, ...] | None) -> str:
    match event:
        case None:
            return NOTHING
        case (str() as kind, None, *rest):
            return f"{kind} {_listed(rest)}"
        case (str() as kind, at, *rest):
            return f"{kind} at {at} s: {_listed(rest)}"
        case _:
            return repr(event)


def _listed(parts: list[object]) -> str:
    return ", ".join("none" if part is None else str(part) for part in parts)
