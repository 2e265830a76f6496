"""Replace the clock functions that modules have imported by name, quickly.

`from time import time` leaves a function in a module that replacing `time.time` does not reach. freezegun
finds such names by reading every attribute of every module at each freeze. That takes milliseconds a test,
and seconds with packages that import more of themselves when an attribute is read (`transformers`). Here each
module's names are read once, without importing anything, and again only when their number has changed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, NamedTuple
from unittest import mock

import freezegun.api

from tinker_conformance.clocks.real_modules import OfModule

_OWN: Final = ("datetime", "time", "freezegun.api")
"""Modules in which freezegun itself replaces the clock functions."""


_MAX_STALE: Final = 100
"""How many unloaded modules the cache may still hold."""


if sys.platform == "win32":
    _STANDARD_LOOP = asyncio.ProactorEventLoop
else:
    _STANDARD_LOOP = asyncio.SelectorEventLoop


class _Spot(NamedTuple):
    """One name in a module under which a real clock function was imported."""

    names: dict[str, object]
    name: str
    real: object


@dataclass(slots=True)
class _Seen:
    """The names of one module when the cache read them, and the clock functions among them."""

    names: dict[str, object]
    size: int
    spots: list[_Spot]


class FrozenNames:
    """A cache of where modules hold clock functions that they have imported by name.

    `in_place_of` replaces those functions by freezegun's, and restores them.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    @contextmanager
    def in_place_of(
        self,
        freezer: freezegun.api._freeze_time,
        more: Mapping[Callable[..., Any], Callable[..., Any]],
        keeps_names: OfModule,
    ) -> Iterator[freezegun.api.FrozenDateTimeFactory]:
        """Start freezegun within the block, and yield the freezegun object that moves the time.

        A module that is first imported within the block gets the frozen functions of `time` and `datetime`.
        After the block it has the real ones.

        Args:
            freezer: The freezegun object that replaces the functions of `time` and `datetime`.
            more: Further real functions, each with its replacement, for modules that have imported them by
                name.
            keeps_names: Takes a module's name. True: the module keeps its real functions.
        """
        with (
            # Hide all modules from freezegun, so that it changes only the two that it knows by name.
            mock.patch.object(freezegun.api, "sys", _NoModules()),
            # freezegun creates an event loop to learn which class keeps real time: give it the standard one.
            mock.patch.object(asyncio, "new_event_loop", _STANDARD_LOOP),
        ):
            factory = freezer.start()
        reals: dict[int, object] = {}
        changed: list[_Spot] = []
        try:
            assert isinstance(factory, freezegun.api.FrozenDateTimeFactory)  # noqa: S101 - narrows a union
            # Inside another freeze, all names are replaced already, and the freezer has no fake names.
            fakes = [getattr(freezegun.api, name) for name in getattr(freezer, "fake_names", ())]
            if fakes:
                reals = {id(fake): freezer.reals[id(fake)] for fake in fakes}
                by_real: dict[int, object] = {id(reals[id(fake)]): fake for fake in fakes}
                for real_function, fake in more.items():
                    reals[id(fake)] = real_function
                    by_real[id(real_function)] = fake
                changed = self._spots(by_real, keeps_names)
                for names, name, real in changed:
                    names[name] = by_real[id(real)]
            yield factory
        finally:
            for names, name, real in changed:
                names[name] = real
            if reals:
                self._restore(reals, keeps_names)
            with mock.patch.object(freezegun.api, "sys", _NoModules()):
                freezer.stop()

    def _spots(self, by_real: dict[int, object], keeps_names: OfModule) -> list[_Spot]:
        found: list[_Spot] = []
        modules = _modules()
        if len(self._seen) > len(modules) + _MAX_STALE:
            self._seen = {key: self._seen[key] for key, _ in modules if key in self._seen}
        for key, names in modules:
            seen = self._seen.get(key)
            if seen is None or seen.names is not names or seen.size != len(names):
                spots = [
                    _Spot(names, name, value) for name, value in tuple(names.items()) if id(value) in by_real
                ]
                seen = self._seen[key] = _Seen(names, len(names), spots)
            if seen.spots and not keeps_names(key):
                found += [spot for spot in seen.spots if spot.names.get(spot.name) is spot.real]
        return found

    def _restore(self, reals: dict[int, object], keeps_names: OfModule) -> None:
        """Put the real functions back into modules that were imported, or got new names, within the block."""
        for key, names in _modules():
            seen = self._seen.get(key)
            if seen is not None and seen.names is names and seen.size == len(names):
                continue
            if not keeps_names(key):
                for name, value in tuple(names.items()):
                    if (real := reals.get(id(value))) is not None:
                        names[name] = real


class _NoModules:
    """Replaces `sys` in freezegun, so that freezegun finds no modules to change."""

    modules: Final[dict[str, ModuleType]] = {}


def _modules() -> list[tuple[str, dict[str, object]]]:
    loaded: Mapping[str, object] = sys.modules
    # Not `vars(module)`: a lazy module may compute its attributes.
    return [
        (key, ModuleType.__getattribute__(module, "__dict__"))
        for key, module in tuple(loaded.items())
        if isinstance(module, ModuleType) and key not in _OWN
    ]
