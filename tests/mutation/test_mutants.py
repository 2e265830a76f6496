"""A run of mutants: never on tests that fail anyway, and nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tinker_conformance.sdk.process.marked_processes import MARK

from .__main__ import main
from .mutants import Mutant, MutationError, Workshop, read_mutant, workshop

WAITS = "import time; time.sleep(600)"


def test_tests_that_fail_on_the_unchanged_module_are_reported_and_find_no_mutant(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_failing.py").write_text("def test_failing():\n    assert not 'this is said'\n")
    with pytest.raises(MutationError, match="fix them first(?s:.*)this is said"):
        Workshop(tmp_path).mutants("reference/observer.py", ("test_failing.py",))


def test_nothing_outlives_a_workshop() -> None:
    with contextlib.suppress(KeyboardInterrupt), workshop() as place:
        assert (place.folder / "tinker_conformance/reference/observer.py").is_file()
        environment = {**os.environ, MARK: place.mark}
        process = subprocess.Popen([sys.executable, "-c", WAITS], env=environment, start_new_session=True)
        raise KeyboardInterrupt
    assert process.wait(timeout=10) == -signal.SIGKILL
    assert not place.folder.parent.exists()


def test_a_module_without_tests_of_its_own_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference/observer.py", "cli.py"]) == 2
    assert "no tests are known for cli.py; name some of queue_state.py" in capsys.readouterr().err


# -- what the tool dumps --------------------------------------------------------------------------------

DIFF = r"--- mutation diff ---\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n context\n-    a | b\n+    a"


def _dumped(**result: str) -> str:
    inside = ", ".join(f'"{key}": "{value}"' for key, value in result.items())
    return f'[{{"job_id": "1"}}, {{{inside}}}]'


@pytest.mark.parametrize(("outcome", "survived"), [("survived", True), ("killed", False)])
def test_a_mutant_is_its_changed_lines(outcome: str, survived: bool) -> None:
    line = _dumped(worker_outcome="normal", test_outcome=outcome, diff=DIFF)
    assert read_mutant("m.py", line) == Mutant("m.py", "a | b", "a", survived=survived)


@pytest.mark.parametrize("left_out", ["skipped", "no-test"])
def test_a_mutant_that_was_left_out_is_none(left_out: str) -> None:
    assert read_mutant("m.py", _dumped(worker_outcome=left_out)) is None


@pytest.mark.parametrize(
    "line",
    [
        '[{"job_id": "1"}, null]',
        _dumped(worker_outcome="exception", test_outcome="incompetent", output="broke"),
        _dumped(worker_outcome="abnormal"),
        _dumped(worker_outcome="normal", test_outcome="incompetent", diff=DIFF),
    ],
)
def test_a_mutant_that_was_not_tried_is_an_error(line: str) -> None:
    with pytest.raises(MutationError, match=r"a mutant of m\.py was not tried"):
        read_mutant("m.py", line)
