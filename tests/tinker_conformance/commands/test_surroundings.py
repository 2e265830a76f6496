"""The program gives the same verdict wherever it runs: time zone, proxies, warnings, `-OO`, an ordinary user.

Each test is a process of its own, started as a user starts it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

SECONDS: Final = 120
NOBODY_LISTENS: Final = "http://127.0.0.1:9"
TEMPLATE: Final = Path(__file__).parents[3] / "examples/adapter_template/python/adapter.py"
SPECS: Final = {
    "reference": "reference",
    "official": "official==0.38.0",
    "exec": f"exec:{sys.executable} {TEMPLATE}",
}
ZONES: Final = (
    *("Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca"),
    *("Europe/Dublin", "Australia/Lord_Howe", "Antarctica/Troll", "XYZ-23:59:59"),
)
PROXIES: Final = {
    name: NOBODY_LISTENS
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
}
SURROUNDINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "dead proxies": PROXIES,
    "-OO, -W error": {"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error"},
    **{zone: {"TZ": zone} for zone in ZONES},
}
FAR_ZONES: Final = ("Asia/Kathmandu", "XYZ-23:59:59")
"""Where every kind of SDK is judged; in the others it is the official SDK, which reads local time itself."""
QUICK: Final = {
    *(("official", "dead proxies"), ("reference", "Asia/Kathmandu")),
}
# The text of a log line and the clocks of the SDK depend on the time of day; midnight passes in the second.
SCRIPTS: Final = """
- {id: pauses, client: sampling, futures: [[{timeout: {queue_state: paused_capacity}}, {advance: 60},
    {try_again: {queue_state: paused_rate_limit}}, {complete: {}}]]}
- {id: midnight, client: training, epoch: 1750031999.5, futures: [[{timeout: {queue_state: paused_capacity}},
    {advance: 59}, {timeout: {queue_state: paused_capacity}}, {advance: 3600}, {complete: {}}]]}
"""
# Fewer rights than any user has: not even those of root to write where the mode of a folder forbids it.
ORDINARY: Final = (
    ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--securebits=+noroot,+noroot_locked"]
    if os.geteuid() == 0
    else []
)


def _run(
    arguments: Sequence[str], folder: Path, *, before: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    (folder / "scripts.yaml").write_text(SCRIPTS)
    return subprocess.run(
        [*before, sys.executable, "-m", "tinker_conformance", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _replay(spec: str, *more: str) -> list[str]:
    profile = [] if spec == "official" else ["--profile", "tinker-0.5.1"]
    return ["run", "-q", "--sdk", SPECS[spec], *profile, "--replay", "scripts.yaml", *more]


def _mark(spec: str, where: str) -> tuple[pytest.MarkDecorator, ...]:
    if (spec, where) in QUICK:
        return ()
    near = where in ZONES and where not in FAR_ZONES
    return (pytest.mark.nightly if near else pytest.mark.slow,)


def _cases() -> list[object]:
    return [
        pytest.param(spec, where, marks=_mark(spec, where))
        for where in SURROUNDINGS
        for spec in SPECS
        if spec == "official" or where not in ZONES or where in FAR_ZONES
    ]


@pytest.mark.parametrize(("spec", "where"), _cases())
def test_they_change_no_verdict(spec: str, where: str, tmp_path: Path) -> None:
    done = _run(_replay(spec), tmp_path, **SURROUNDINGS[where])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "0 of 2 scripts failed" in done.stdout


@pytest.mark.slow
@pytest.mark.needs_tool("setpriv")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param(["--report", "report"], 2, id="a report"),
        pytest.param(["--failures", "x.yaml", "--generated", "1"], 0, id="nothing fails"),
    ],
)
def test_an_ordinary_user_in_a_read_only_folder(more: list[str], code: int, tmp_path: Path) -> None:
    (tmp_path / "scripts.yaml").write_text(SCRIPTS)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "scripts.yaml").write_text(SCRIPTS)
    folder.chmod(0o555)
    try:
        done = subprocess.run(
            [*ORDINARY, sys.executable, "-m", "tinker_conformance", *_replay("reference", *more)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        folder.chmod(0o755)
    assert done.returncode == code, done.stdout + done.stderr
    assert {path.name for path in folder.iterdir()} == {"scripts.yaml"}
    if code:
        assert len(done.stderr.splitlines()) == 1
        assert "report: cannot be written ([Errno 13] Permission denied" in done.stderr


def test_an_unreachable_registry_shows_pips_own_cause(tmp_path: Path) -> None:
    done = _run(
        ["run", "-q", "--sdk", "official==0.38.0"],
        tmp_path,
        PIP_INDEX_URL=f"{NOBODY_LISTENS}/simple",
        PIP_CONFIG_FILE=os.devnull,
        PIP_NO_INDEX="",
        PIP_FIND_LINKS="",
        TINKER_CONFORMANCE_CACHE=str(tmp_path / "cache"),
        TINKER_CONFORMANCE_CONSTRAINTS="",
    )
    assert done.returncode == 4, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert "onnection refused" in line
    assert "use --sdk reference, which needs no download" in line


@pytest.mark.parametrize("how", [["-m", "tinker_conformance", "-h"], ["-m", "tinker_conformance", "--help"]])
def test_it_is_a_module_with_help(how: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *how], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: tinker-conformance [OPTIONS] COMMAND")


@pytest.mark.parametrize("home", [True, False], ids=["home", "no home"])
def test_drawing_scripts_leaves_nothing_in_the_working_folder(home: bool, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    program = (
        "from tinker_conformance.commands.scripts import drawn_scripts;"
        "from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter as sdk;"
        "print(len(drawn_scripts(3, 0, sdk.info, strict=False)))"
    )
    unset = {"HYPOTHESIS_STORAGE_DIRECTORY", *(() if home else ("HOME", "XDG_CACHE_HOME"))}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment["TINKER_CONFORMANCE_CACHE"] = str(tmp_path / "cache") if home else ""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
    assert list(folder.iterdir()) == []
