"""Workers on several machines, by pytest-xdist's ssh gateways: a program in the place of ssh starts them.

Each machine has a folder of its own, as it would have a checkout of its own. The command is the one that
docs/how-to/run-in-parallel.md shows, with the folders of this test in the place of those.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.forked_pytest import run_pytest
from tests.tinker_conformance.downstream.runs import QUIET

MACHINES = ("alpha", "beta")
PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "run-in-parallel.md").read_text(encoding="utf-8")
(COMMAND,) = re.findall(r"^\$ pytest (--dist load .*(?:\n .*)*)", PAGE, re.MULTILINE)
TESTS = """
import os
import httpx
import pytest
from pathlib import Path
from fake_server.script import complete, script, timeout

@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("fixture", ["fake_tinker", "fake_tinker_server"])
def test_pause(fixture, number, request, fake_tinker_clock):
    tinker = request.getfixturevalue(fixture)
    steps = script().then(timeout(queue_state="paused_capacity")).advance(60).then(complete())
    future = tinker.add_script(steps)
    with httpx.Client(base_url=os.environ["TINKER_BASE_URL"]) as client:
        submitted = client.post("/api/v1/asample", json={"num_samples": 1}).json()
        for _ in range(2):
            client.post("/api/v1/retrieve_future", json=submitted)
    tinker.assert_gaps(future, [0])
    assert fake_tinker_clock.elapsed == 60
    Path(f"ran-{fixture}-{number}").touch()

def test_sad(fake_tinker_server):
    assert Path.cwd().name == "nowhere"
"""


@pytest.fixture
def machines(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options that have pytest work on two machines, each with its folder."""
    programs = pytester.mkdir("programs")
    ssh = programs / "ssh"
    ssh.write_text('#!/bin/sh\necho "$2" >> "$(dirname "$0")/asked"\nexec sh -c "$3"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    pytester.makeini("[pytest]\ntestpaths = tests\nfilterwarnings = error\n")
    (pytester.mkdir("tests") / "test_it.py").write_text(TESTS)
    command = COMMAND.replace("\\\n", "").replace("/srv/project/.venv/bin/python", sys.executable)
    options = shlex.split(command)
    for name in MACHINES:
        folder = pytester.mkdir(name)
        shutil.copy(pytester.path / "tox.ini", folder)
        shutil.copytree(pytester.path / "tests", folder / "tests")
        options = [
            option.replace("/srv/project", str(folder)) if f"ssh={name}//" in option else option
            for option in options
        ]
    assert "/srv/" not in " ".join(options)
    return options


@pytest.mark.slow
def test_the_fixtures_work_on_each_machine_and_its_failures_come_home(
    pytester: pytest.Pytester, machines: list[str]
) -> None:
    result = run_pytest(pytester, *QUIET, *machines, timeout=120)
    result.assert_outcomes(passed=16, failed=1)
    assert sorted((pytester.path / "programs" / "asked").read_text().split()) == ["alpha", "beta", "beta"]
    ran = {name: {path.name for path in (pytester.path / name).glob("ran-*")} for name in MACHINES}
    assert all(ran.values()), "both machines have their share"
    assert len(ran["alpha"]) + len(ran["beta"]) == len(ran["alpha"] | ran["beta"]) == 16
    assert not list(pytester.path.glob("ran-*"))


@pytest.mark.slow
def test_the_suite_is_judged_by_several_machines_into_one_report(
    pytester: pytest.Pytester, machines: list[str]
) -> None:
    suite = ["--pyargs", "tinker_conformance.suite.test_parsing", "--sdk", "reference"]
    options = [*suite, "--profile", "tinker-0.5.1", "--report", "report"]
    result = run_pytest(pytester, *QUIET, *machines, *options, timeout=120)
    result.assert_outcomes(passed=6)
    written = (pytester.path / "report" / "report.jsonl").read_text().splitlines()
    assert len(written) == 1 + 6 + 1
    assert [path for name in MACHINES for path in Path(pytester.path / name).glob("report")] == []
