"""Which names are frozen, and that none stays so."""

from __future__ import annotations

import datetime
import sys
import time
from types import ModuleType
from typing import Any

import freezegun
import pytest

from tinker_conformance.clocks import frozen_names
from tinker_conformance.clocks.frozen_clock import FrozenClock
from tinker_conformance.clocks.real_modules import keeps_real_time


class LazyModule(ModuleType):
    """A module that imports parts of itself when an attribute is read."""

    def __dir__(self) -> list[str]:
        raise AssertionError("must not be read")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def new_module(monkeypatch: pytest.MonkeyPatch, kind: type[ModuleType] = ModuleType, **names: object) -> Any:
    module = kind("made_for_this_test")
    vars(module).update(names)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def frozen() -> Any:
    return FrozenClock().frozen()


def test_names_that_were_imported_are_frozen_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    real = (time.time, datetime.datetime)
    module = new_module(monkeypatch, now=time.time, Moment=datetime.datetime, other=7)
    for _ in range(3):
        with frozen() as clock:
            assert module.now() == clock.wall_us / 1e6 == module.Moment.now().timestamp()
        assert (module.now, module.Moment, module.other) == (*real, 7)


def test_a_name_that_a_module_gets_between_two_freezes_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    module = new_module(monkeypatch)
    with frozen():
        pass
    module.now = time.monotonic
    with frozen() as clock:
        assert module.now() == clock.monotonic()
    assert module.now is time.monotonic


def test_a_module_in_the_place_of_another_is_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "other"):
        module = new_module(monkeypatch, **{name: time.time})
        with frozen() as clock:
            assert getattr(module, name)() == clock.wall_us / 1e6
        assert getattr(module, name) is time.time


def test_a_module_that_is_loaded_meanwhile_has_real_names_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    with frozen():
        module = new_module(monkeypatch, now=time.time, Day=datetime.date)
    assert (module.now, module.Day) == (time.time, datetime.date)
    assert datetime.date.__module__ == "datetime"


def test_what_a_test_replaced_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    module = new_module(monkeypatch, now=time.time)
    with frozen():
        pass
    module.now = len
    with frozen():
        assert module.now is len
    assert module.now is len


def test_a_lazy_module_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    module = new_module(monkeypatch, LazyModule, now=time.time)
    with frozen() as clock:
        assert vars(module)["now"]() == clock.wall_us / 1e6
    assert vars(module)["now"] is time.time


def test_under_another_freeze_the_names_stay_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    module = new_module(monkeypatch, now=time.time)
    with freezegun.freeze_time("2030-01-01"):
        with frozen() as clock:
            assert module.now() == clock.wall_us / 1e6
        assert module.now() == datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC).timestamp()
    assert module.now is time.time
    with frozen() as clock:
        assert module.now() == clock.wall_us / 1e6


def test_modules_that_stay_on_real_time_do(monkeypatch: pytest.MonkeyPatch) -> None:
    module = new_module(monkeypatch, now=time.time)
    with FrozenClock().frozen(real=("made_for_this_test",)):
        assert module.now is not time.time


def test_modules_that_are_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_names, "_MAX_STALE", 0)
    names = frozen_names.FrozenNames()
    new_module(monkeypatch)
    with names.in_place_of(freezegun.freeze_time("2030-01-01"), {}, keeps_real_time()):
        assert "made_for_this_test" in names._seen
    monkeypatch.undo()
    monkeypatch.setattr(frozen_names, "_MAX_STALE", 0)
    with names.in_place_of(freezegun.freeze_time("2030-01-01"), {}, keeps_real_time()):
        assert "made_for_this_test" not in names._seen
