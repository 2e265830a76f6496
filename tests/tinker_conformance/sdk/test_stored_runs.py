"""Runs of the reference are kept between runs of the suite, and never instead of what the kit does now."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import msgspec
import pytest

from tests.tinker_conformance.checks.small_timelines import end, line
from tinker_conformance.profile.releases import newest_profile
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk import stored_runs as module
from tinker_conformance.sdk.session import Fault, FaultKind, Run
from tinker_conformance.sdk.stored_runs import StoredRuns, stored_runs

PROFILE = newest_profile()
SCENARIOS = shipped_scenarios()
ONE, OTHER = SCENARIOS["debounce-boundary"], SCENARIOS["debounce-within"]
RUN = Run((line("Sampling is paused"), end(2.0)))


def _ended(run: Run) -> Future[Run]:
    future: Future[Run] = Future()
    future.set_result(run)
    return future


def _runs(folder: Path) -> StoredRuns:
    return StoredRuns(PROFILE, folder, SCENARIOS)


def _keep(folder: Path) -> Path:
    """Keep one run, and return its file."""
    runs = _runs(folder)
    runs.keep(ONE, _ended(RUN))
    runs.save()
    (file,) = folder.iterdir()
    return file


def test_what_was_kept_is_there_for_the_same_scenario_and_profile(tmp_path: Path) -> None:
    _keep(tmp_path)
    assert _runs(tmp_path).run_of(ONE) == RUN
    assert _runs(tmp_path).run_of(OTHER) is None
    changed = msgspec.structs.replace(PROFILE, name="another")
    assert StoredRuns(changed, tmp_path, SCENARIOS).run_of(ONE) is None


def test_a_scenario_of_the_same_name_that_asks_something_else_is_another(tmp_path: Path) -> None:
    _keep(tmp_path)
    assert _runs(tmp_path).run_of(msgspec.structs.replace(OTHER, id=ONE.id)) is None


def test_a_second_process_adds_to_what_the_first_has_written(tmp_path: Path) -> None:
    slower = _runs(tmp_path)
    _keep(tmp_path)
    slower.keep(OTHER, _ended(RUN))
    slower.save()
    assert (_runs(tmp_path).run_of(ONE), _runs(tmp_path).run_of(OTHER)) == (RUN, RUN)
    assert len(list(tmp_path.iterdir())) == 1


def _cancelled() -> Future[Run]:
    future: Future[Run] = Future()
    future.cancel()
    return future


def _raised() -> Future[Run]:
    future: Future[Run] = Future()
    future.set_exception(RuntimeError("no reference"))
    return future


@pytest.mark.parametrize(
    "unfit",
    [lambda: _ended(Run((), Fault(FaultKind.STUCK, "it hung"))), Future, _cancelled, _raised],
    ids=["a fault", "not ended", "cancelled", "raised"],
)
def test_only_a_run_that_came_to_its_end_is_kept(unfit: Callable[[], Future[Run]], tmp_path: Path) -> None:
    runs = _runs(tmp_path)
    runs.keep(ONE, unfit())
    runs.save()
    assert list(tmp_path.iterdir()) == []


def test_scripts_drawn_at_random_are_not_kept(tmp_path: Path) -> None:
    runs = StoredRuns(PROFILE, tmp_path, {OTHER.id})
    runs.keep(ONE, _ended(RUN))
    runs.save()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"a": ', b"\xff", b"[" * 100_000, b'{"x": ' + b"[" * 100_000]
)
def test_a_damaged_file_is_as_none_and_is_replaced(content: bytes, tmp_path: Path) -> None:
    file = _keep(tmp_path)
    file.write_bytes(content)
    assert _runs(tmp_path).run_of(ONE) is None
    _keep(tmp_path)
    assert _runs(tmp_path).run_of(ONE) == RUN


def test_a_damaged_run_is_as_none(tmp_path: Path) -> None:
    file = _keep(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"at":', b'"ta":'))
    assert _runs(tmp_path).run_of(ONE) is None


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    runs = _runs(tmp_path / "file")
    runs.keep(ONE, _ended(RUN))
    runs.save()
    assert runs.run_of(ONE) is None


def test_no_fifo_is_waited_for(tmp_path: Path) -> None:
    file = _keep(tmp_path)
    file.unlink()
    os.mkfifo(file)
    assert _runs(tmp_path).run_of(ONE) is None


def _of_kit(number: int) -> str:
    return f"{number:016x}"


def test_each_kit_has_a_folder_of_its_own_and_of_ours_the_oldest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", str(tmp_path))
    others = ["mine", "0123456789abcdef.old", ".hidden"]
    for name in others:
        (tmp_path / "reference" / name).mkdir(parents=True)
    for number in (1, 2, 3, 4, 5, 2, 6):
        monkeypatch.setattr(module, "kit_digest", lambda *_, n=number: _of_kit(n))
        runs = stored_runs(PROFILE)
        assert runs is not None
        if runs.run_of(ONE) is None:
            runs.keep(ONE, _ended(RUN))
            runs.save()
        for age, folder in enumerate(sorted(_ours(tmp_path), key=lambda each: each.stat().st_mtime)):
            os.utime(folder, (age, age))
    # The second was read when it was among the oldest.
    assert sorted(each.name for each in _ours(tmp_path)) == [_of_kit(number) for number in (2, 4, 5, 6)]
    assert {path.name for path in (tmp_path / "reference").iterdir()} >= set(others)


def _ours(cache: Path) -> list[Path]:
    return [each for each in (cache / "reference").iterdir() if len(each.name) == 16]


def test_a_kit_that_cannot_be_read_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: str) -> str:
        raise PermissionError("no")

    monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", str(tmp_path))
    monkeypatch.setattr(module, "kit_digest", fails)
    assert stored_runs(PROFILE) is None


def test_a_run_that_was_edited_by_hand_is_as_none(tmp_path: Path) -> None:
    file = _keep(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content.replace(b"Sampling is paused", b"Sampling is Paused"))
    assert file.read_bytes() != content
    assert _runs(tmp_path).run_of(ONE) is None


def test_without_a_home_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", "~nobody-of-this-name/cache")
    assert stored_runs(PROFILE) is None
