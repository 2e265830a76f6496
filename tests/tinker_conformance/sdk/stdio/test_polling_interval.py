"""An SDK that sleeps between two polls: its futures in flight together run to their end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinker_conformance.cli import main
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import parse_scenarios
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.sdk.stdio.time_limits import TimeLimits
from tinker_conformance.timeline import Outcome, Request, Response

TEMPLATE = Path(__file__).parents[4] / "examples/adapter_template/python"
PROFILE = load_profile("tinker-0.5.1")
POLLS_ON = "        if status == 408 or status >= 500:\n"
FUTURES = 8


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template's adapter, whose SDK sleeps for a second of the injected clock after each 408."""
    folder = tmp_path_factory.mktemp("polls_each_second")
    for file in TEMPLATE.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        if file.name == "sdk.py":
            assert POLLS_ON in text
            text = text.replace(
                POLLS_ON, f"        if status == 408:\n            deadline.sleep(1.0)\n{POLLS_ON}"
            )
        (folder / file.name).write_text(text, encoding="utf-8")
    return folder / "adapter.py"


@pytest.fixture(scope="module")
def sdk(adapter: Path) -> Iterator[StdioSession]:
    made = StdioSession(
        "polls each second",
        [sys.executable, str(adapter)],
        limits=TimeLimits(step=3.0),
        max_faults_in_a_row=1,
    )
    yield made
    made.close()


@pytest.mark.parametrize("how", ["concurrent", "threads"])
def test_futures_in_flight_together_that_sleep_between_polls_run_to_their_end(
    sdk: StdioSession, how: str
) -> None:
    times = [3 + place if how == "concurrent" else 5 for place in range(FUTURES)]
    steps = "".join(
        f"\n    - [{{timeout: {{queue_state: paused_capacity}}, times: {count}}}, {{complete: {{}}}}]"
        for count in times
    )
    (scenario,) = parse_scenarios(
        f"- id: eight\n  client: sampling\n  {how}: true\n  futures:{steps}", source="test"
    )
    for _ in range(3):
        run = sdk.run(scenario, PROFILE)
        assert run.fault is None, str(run.fault)
        last = {e.future: e for e in run.timeline if isinstance(e, Request | Response)}
        ends = {e.future: e for e in run.timeline if isinstance(e, Outcome)}
        assert {future: end.at for future, end in ends.items()} == dict(enumerate(map(float, times), 1))
        for future, end in ends.items():
            assert run.timeline.index(last[future]) < run.timeline.index(end)


def test_an_adapter_of_an_sdk_that_polls_at_an_interval_is_complete(adapter: Path) -> None:
    result = CliRunner().invoke(
        main, ["check-adapter", f"exec:{sys.executable} {adapter}", "--patience", "5"]
    )
    assert result.exit_code == 0, result.output
    assert "the adapter runs futures on threads" in result.output
