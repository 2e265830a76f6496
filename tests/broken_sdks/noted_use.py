"""What the reference uses in a scenario, and which values two profiles differ in.

It uses values of its profile, named by their paths as in TOML (`observer.interval_seconds`), and functions
that some broken SDK replaces (`Poll._ask()`). Of a tuple of names it uses those that it looks for in it
(`observer.observed_operations.sample`). Also noted are the requests (`sends asample`), the replies to them
(`gets 503 from asample`), the futures that are polled (`polls future-1`) and the queue states that are parsed
(`parses ["exact", "active"]`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from types import FunctionType
from typing import Any, Final, NoReturn

import httpx
import msgspec

from tinker_conformance.queue_state import Parsing, QueueState, parse_queue_state
from tinker_conformance.reference import polling
from tinker_conformance.sdk.adapter import ScenarioContext
from tinker_conformance.sdk.in_process import reference_adapter as reference
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.timeline import Event, Telemetry, Timeline

from .registry import BROKEN_SDKS
from .replaced_functions import note_calls, replaced_by
from .short_cut import ShortCut, take_short_cut

_EVENT: Final = "used"


class WatchedFacet:
    """A facet of a profile that notes the path of each value that is read from it.

    It refuses whatever reads a facet as a whole, such as a comparison: no path would be noted.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, facet: msgspec.Struct, path: str, read: set[str]) -> None:
        self._facet = facet
        self._path = path
        self._read = read

    def __getattr__(self, name: str) -> Any:
        if name not in self._facet.__struct_fields__:
            # A method or a property of the facet: it reads what it needs from this object.
            return getattr(type(self._facet), name).__get__(self)
        path = f"{self._path}.{name}".removeprefix(".")
        self._read.add(path)
        return _watched(getattr(self._facet, name), path, self._read)

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError(f"{self._path} is compared as a whole; compare its values")


class WatchedNames:
    """A tuple of names of a facet that notes each name that is looked for in it, and refuses all else."""

    def __init__(self, names: tuple[StrEnum, ...], path: str, read: set[str]) -> None:
        self._names = names
        self._path = path
        self._read = read

    def __contains__(self, name: StrEnum) -> bool:
        self._read.add(f"{self._path}.{name}")
        return name in self._names

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self._path} is read as a whole; look for a name in it")


def _watched(value: object, path: str, read: set[str]) -> object:
    match value:
        case msgspec.Struct():
            return WatchedFacet(value, path, read)
        case dict():
            return {key: _watched(inner, f"{path}.{key}", read) for key, inner in value.items()}
        case tuple() if value and isinstance(value[0], StrEnum):
            return WatchedNames(value, path, read)
        case _:
            return value


class NotingShortCut(ShortCut):
    """A connection to the fake server that notes each request and the reply to it."""

    def __init__(self, used: set[str]) -> None:
        super().__init__()
        self._used = used

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        endpoint = request.url.path.rpartition("/")[2]
        self._used.add(f"sends {endpoint}")
        if (polled := msgspec.json.decode(request.content).get("request_id")) is not None:
            self._used.add(f"polls {polled}")
        try:
            response = await super().exchange(request)
        except httpx.RequestError:
            self._used.add(f"gets nothing from {endpoint}")
            raise
        self._used.add(f"gets {response.status_code} from {endpoint}")
        return response


class NotesUse(ReferenceAdapter):
    """The reference, whose last event in a scenario says what it used."""

    def __init__(self) -> None:
        super().__init__()
        self._used: set[str] = set()
        replaced = (replaced_by(sdk.make) or frozenset() for sdk in BROKEN_SDKS.values())
        note_calls(frozenset[FunctionType]().union(*replaced), self._used)
        for module in (polling, reference):
            vars(module)["parse_queue_state"] = self._parse

    async def open(self, context: ScenarioContext) -> None:
        self._used.clear()
        watched: Any = WatchedFacet(context.profile, "", self._used)
        await super().open(msgspec.structs.replace(context, profile=watched))
        take_short_cut(self, NotingShortCut(self._used))

    def _parse(self, value: object, parsing: Parsing = Parsing.EXACT) -> QueueState:
        self._used.add(f"parses {json.dumps([parsing, value])}")
        return parse_queue_state(value, parsing)

    async def close(self) -> None:
        context = self._context
        await super().close()
        if context is not None:
            context.recorder.telemetry(_EVENT, {"names": sorted(self._used)})


def split(timeline: Timeline) -> tuple[Timeline, frozenset[str]]:
    """Return a timeline of `NotesUse` without its last event, and what this event names.

    Raises:
        ValueError: The last event is another one.
    """
    match timeline:
        case (*events, Telemetry(name=name, data={"names": list(names)})) if name == _EVENT:
            kept: tuple[Event, ...] = tuple(events)
            return kept, frozenset(names)
        case _:
            raise ValueError("the timeline does not end with what was used")


def differences(one: object, other: object, path: str = "") -> Iterator[str]:
    """Yield the paths at which two profiles have different values."""
    match one, other:
        case (msgspec.Struct(), msgspec.Struct()) if type(one) is type(other):
            for name in one.__struct_fields__:
                inner = f"{path}.{name}".removeprefix(".")
                yield from differences(getattr(one, name), getattr(other, name), inner)
        case (dict(), dict()) if one.keys() == other.keys():
            for key in one:
                yield from differences(one[key], other[key], f"{path}.{key}")
        case ((StrEnum(), *_), (StrEnum(), *_)):
            yield from (f"{path}.{name}" for name in {*one}.symmetric_difference(other))
        case _ if one != other:
            yield path
