"""A refused submission ends its future: the next submission gets the next script, however the two meet."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_server.engine.listener import Submission
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import Scenario, parse_scenarios
from tinker_conformance.sdk.process.line_process import LineProcess
from tinker_conformance.sdk.stdio.conversation import Conversation
from tinker_conformance.sdk.stdio.stdio_session import StdioSession
from tinker_conformance.timeline import Response

TEMPLATE = Path(__file__).parents[4] / "examples/adapter_template/python"
PROFILE = load_profile("tinker-0.5.1")
REFUSED, EXPIRED = parse_scenarios(
    """
- id: refused
  client: sampling
  futures:
    - {submission: [{status: 400}], steps: [{complete: {}}]}
    - {submission: [{status: 404}], steps: [{complete: {}}]}
    - [{complete: {}}]
- id: refused-and-expired
  client: sampling
  futures:
    - {submission: [{status: 400}], steps: [{complete: {}}]}
    - {steps: [{status: 410, body: {}}, {complete: {}}]}
    - [{complete: {}}]
""",
    source="test",
)
ENDS_LATE = """
import queue

ends = queue.Queue()
say, post = kit.say, sdk.Service.post


def late(event, /, **fields):
    if event == "outcome" and fields["future"] in (1, 2):
        ends.put(lambda: say(event, **fields))
    else:
        say(event, **fields)


def request(connection, *arguments):
    send(connection, *arguments)
    while arguments[1].endswith("asample") and not ends.empty():
        time.sleep(0.02)
        ends.get()()


kit.say, send, sdk.http.client.HTTPConnection.request = late, sdk.http.client.HTTPConnection.request, request
"""
"""Writes the end of a refused future a moment after the next future was submitted."""


@pytest.fixture
def sdk() -> Iterator[StdioSession]:
    made = StdioSession("template", [sys.executable, str(TEMPLATE / "adapter.py")])
    yield made
    made.close()


@pytest.fixture
def writes_ends_late(tmp_path: Path) -> Iterator[StdioSession]:
    for file in TEMPLATE.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    adapter = tmp_path / "adapter.py"
    main = 'if __name__ == "__main__":\n'
    text = adapter.read_text(encoding="utf-8")
    assert main in text
    adapter.write_text(text.replace(main, f"import time\n{ENDS_LATE}\n\n{main}"), encoding="utf-8")
    made = StdioSession("writes ends late", [sys.executable, str(adapter)])
    yield made
    made.close()


def _replies(sdk: StdioSession, scenario: Scenario) -> list[tuple[int | None, int | None]]:
    run = sdk.run(scenario, PROFILE)
    assert run.fault is None, str(run.fault)
    return [(event.future, event.status) for event in run.timeline if isinstance(event, Response)]


def test_the_kit_reads_the_end_of_a_future_before_it_answers_the_next_submission(
    sdk: StdioSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kit's own thread sleeps until a request is handled, so that it is never the first to read an end.
    handled = threading.Event()
    submissions: list[Submission] = []
    wait, wake, arrived = LineProcess.wait, LineProcess.wake, Conversation.submission_arrived

    def late_wait(process: LineProcess, seconds: float) -> None:
        if len(submissions) == len(REFUSED.futures):
            wait(process, seconds)
        else:
            handled.wait(seconds)
            handled.clear()

    def noted_wake(process: LineProcess) -> None:
        handled.set()
        wake(process)

    def noted_arrival(conversation: Conversation, submission: Submission) -> None:
        submissions.append(submission)
        arrived(conversation, submission)

    monkeypatch.setattr(LineProcess, "wait", late_wait)
    monkeypatch.setattr(LineProcess, "wake", noted_wake)
    monkeypatch.setattr(Conversation, "submission_arrived", noted_arrival)
    assert _replies(sdk, REFUSED) == [(1, 400), (2, 404), (3, 200)]


def test_an_end_that_is_written_a_moment_after_the_next_submission_still_counts(
    writes_ends_late: StdioSession,
) -> None:
    assert _replies(writes_ends_late, REFUSED) == [(1, 400), (2, 404), (3, 200)]


def test_a_future_that_is_submitted_again_goes_on(sdk: StdioSession) -> None:
    assert _replies(sdk, EXPIRED) == [(1, 400), (2, 410), (2, 200), (3, 200)]
