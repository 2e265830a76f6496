"""What `tinker-conformance identify` prints, without an SDK."""

from __future__ import annotations

from io import StringIO
from unittest import mock

import pytest
from click.testing import CliRunner
from rich.console import Console

from tinker_conformance.cli import main
from tinker_conformance.commands import identify as identify_module
from tinker_conformance.commands.identify import _conclusion, _separation, _table
from tinker_conformance.judging.identification import Nearness
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.sdk.adapter import AdapterInfo

FAILED = ("polling.payment_ends", "submissions.payment_ends", "polling.failure_time")


def near(
    name: str, contract: tuple[str, ...] = (), quirks: tuple[str, ...] = (), different: tuple[str, ...] = ()
) -> Nearness:
    return Nearness(load_profile(name), 200, contract, quirks, different, ())


def test_the_names_of_profiles_are_whole_in_a_narrow_terminal() -> None:
    names = ["tinker-0.10+tinker-0.18.2", "tinker-0.10+tinker-0.18"]
    printed = StringIO()
    Console(file=printed, width=40).print(_table([near(name) for name in names]))
    assert [line.split()[0] for line in printed.getvalue().splitlines() if "tinker" in line] == names


def test_the_table_says_of_what_a_share_held() -> None:
    printed = StringIO()
    Console(file=printed, width=200).print(_table([near("tinker-0.10")]))
    assert "requirements held" in printed.getvalue().splitlines()[0]


def test_off_a_terminal_it_says_at_the_start_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = mock.Mock(info=AdapterInfo(name="an SDK", version="1"))
    monkeypatch.setattr(identify_module, "opened", lambda *_, **__: sdk)
    monkeypatch.setattr(identify_module, "candidates", lambda: (load_profile("tinker-0.10"),))
    monkeypatch.setattr(identify_module, "nearness", lambda *_: iter([near("tinker-0.10")]))
    done = CliRunner().invoke(main, ["identify", "--sdk", "exec:an-adapter"])
    assert (done.exit_code, done.stderr) == (0, "compares with 1 profile; this can take some minutes\n")


def test_what_differs_from_a_profile_is_counted_and_listed() -> None:
    assert _separation(near("tinker-0.10"), None) == "  tinker-0.10: nothing"
    assert _separation(near("tinker-0.10", FAILED[:1]), None) == (
        "  tinker-0.10: 1 requirement failed: polling.payment_ends"
    )
    assert _separation(near("tinker-0.10", FAILED[:2], FAILED[2:]), 2) == (
        "  tinker-0.10: 3 requirements failed: polling.payment_ends, submissions.payment_ends "
        "and 1 more (-v names them)"
    )
    assert _separation(near("tinker-0.10", different=("a", "b")), None) == (
        "  tinker-0.10: all requirements hold, but 2 scenarios went differently: a, b"
    )


def test_the_conclusion_says_which_profile_is_nearest_by_each_facet() -> None:
    found = [near("tinker-0.10", FAILED[:1]), near("tinker-0.21", FAILED)]
    conclusion = _conclusion("an SDK 1", found).splitlines()
    assert (
        "judged by the observer facet alone, it is nearest to tinker-0.10: all requirements hold"
        in conclusion
    )
    assert (
        "judged by the polling facet alone, it is nearest to tinker-0.20: 1 requirement failed" in conclusion
    )
