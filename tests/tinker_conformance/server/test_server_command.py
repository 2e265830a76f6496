"""`tinker-conformance server`, and the suite of probes in pytest, against the fake server on a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fake_server import FakeTinker, FakeTinkerServer
from fake_server.core.http_messages import Reply
from tests.broken_servers.declaration import FAILED
from tests.broken_servers.laboratory import BASE_MODEL, KEY, fake_server
from tests.tinker_conformance.downstream.runs import QUIET
from tinker_conformance.cli import main
from tinker_conformance.commands.server import _waits
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.report_reading import load_report
from tinker_conformance.server.probes import PROBES, asked_probes

TWO = ("--only", "session.create", "--only", "session.health")
OTHER_PAGE = Reply(200, ((b"content-type", b"text/html"),), b"<!doctype html>")
SUITE = ("--pyargs", "tinker_conformance.server.suite")


class _Unhealthy(FakeTinker):
    """Fails at `healthz`, a quirk, and at telemetry."""

    def handle(self, request: object) -> object:  # type: ignore[override]
        if request.path == "/api/v1/healthz":  # type: ignore[attr-defined]
            return FAILED
        return super().handle(request)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with FakeTinkerServer(fake_server()) as server:
        yield server.url


@pytest.fixture(scope="module")
def unhealthy() -> Iterator[str]:
    with FakeTinkerServer(_Unhealthy(seed=1, api_keys=[KEY])) as server:
        yield server.url


def _run(url: str, *arguments: str, key: str | None = KEY) -> Result:
    environment = {"TINKER_API_KEY": key, "COLUMNS": "200"}
    return CliRunner().invoke(main, ["server", "--url", url, *arguments], env=environment)


def test_a_server_that_holds_everything_exits_with_0_and_leaves_every_form(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    result = _run(url, "--quick", "--name", "my server", "--pauses-at-samples", "6", "--report", str(folder))
    assert result.exit_code == Exit.HELD, result.output
    assert result.output.rstrip().endswith("my server conforms to tinker-server: 111 passed")
    report = load_report(folder)
    assert (report.name, len(report.results)) == ("my server", 111)
    assert {path.name for path in folder.iterdir()} == {
        *("report.jsonl", "summary.md", "badge.json", "junit.xml", "index.html"),
    }
    for path in folder.iterdir():
        assert KEY not in path.read_text(encoding="utf-8"), path.name
    assert KEY not in result.output
    assert json.loads((folder / "badge.json").read_text())["message"] == "111 of 111 hold"
    assert "every release" in (folder / "report.jsonl").read_text()


def test_a_failure_is_explained_with_what_was_asked_and_answered(unhealthy: str, tmp_path: Path) -> None:
    result = _run(unhealthy, *TWO, "--strict", "--report", str(tmp_path / "report"))
    assert result.exit_code == Exit.SDK_FAILED
    assert "session.health (quirk): failed" in result.output
    assert "releases: every release" in result.output
    assert "wanted HTTP 200, got HTTP 500" in result.output
    assert "receives  HTTP 500" in result.output
    assert f"tinker-conformance server --url {unhealthy} --only session.health" in result.output
    page = (tmp_path / "report" / "index.html").read_text()
    assert "<svg" in page
    assert "Releases that rely on it: every release." in page
    for shown in (result.output, page):
        assert "real time" in shown
        assert "virtual time" not in shown


class _OtherServer(FakeTinker):
    """A web server that answers every path with a page, as a development server does."""

    def handle(self, request: object) -> object:  # type: ignore[override]
        return OTHER_PAGE


def test_a_server_of_something_else_is_named_as_such() -> None:
    with FakeTinkerServer(_OtherServer()) as server:
        result = _run(server.url, *TWO)
        verbose = _run(server.url, *TWO, "-v")
        answer = f"nothing at {server.url} answers like a Tinker server"
    assert answer in result.output
    assert result.exit_code == Exit.SDK_FAILED
    # No probe is printed: each only says again that this is another server.
    shown = [text for text in result.output.splitlines() if text]
    assert len(shown) == 2
    assert shown[0].startswith(answer)
    assert "does not conform" in shown[1]
    assert "session.health" in verbose.stdout
    assert answer in verbose.output


def test_a_tinker_server_is_not_taken_for_something_else(unhealthy: str) -> None:
    assert "answers like a Tinker server" not in _run(unhealthy, *TWO).output


def test_probes_that_wait_are_named() -> None:
    assert _waits(PROBES) == (
        "some probes wait: polling.in_time (up to 45 s), polling.after_the_longest_back_off (up to 30 s); "
        "--quick leaves them out"
    )
    assert _waits(asked_probes(None, quick=True)) == ""


def test_a_quirk_does_not_count(unhealthy: str) -> None:
    result = _run(unhealthy, *TWO)
    assert result.exit_code == Exit.HELD
    assert "1 passed, 1 quirk not shared" in result.output


def test_known_failures_excuse_and_go_stale(unhealthy: str, url: str, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    assert _run(unhealthy, *TWO, "--strict", "--record-known-failures", str(known)).exit_code == 1
    assert _run(unhealthy, *TWO, "--strict", "--known-failures", str(known)).exit_code == Exit.HELD
    stale = _run(url, *TWO, "--strict", "--known-failures", str(known))
    assert stale.exit_code == Exit.STALE, stale.output


def test_two_reports_are_compared(unhealthy: str, url: str, tmp_path: Path) -> None:
    for name, server in (("before", url), ("after", unhealthy)):
        _run(server, *TWO, "--strict", "--report", str(tmp_path / name))
    result = CliRunner().invoke(main, ["report", "diff", str(tmp_path / "before"), str(tmp_path / "after")])
    assert result.exit_code == Exit.SDK_FAILED
    assert "worse: session.health: passed -> failed" in result.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--only", "session.helth"), "session.health"),
        (("--as-of", "99"), "newer than this kit"),
        (("--max-requests", "0"), "0"),
        (("--known-failures", "none.toml"), "none.toml"),
        (("--api-key", ""), "header"),
    ],
)
def test_a_mistake_is_a_usage_error(url: str, arguments: tuple[str, ...], expected: str) -> None:
    result = _run(url, *arguments)
    assert result.exit_code == Exit.USAGE
    assert expected in result.output


def test_another_machine_is_a_usage_error() -> None:
    result = _run("http://192.0.2.1:8000")
    assert result.exit_code == Exit.USAGE
    assert "--allow-remote" in result.output


def test_a_server_that_is_not_running_is_exit_code_4() -> None:
    with FakeTinkerServer(FakeTinker()) as server:
        gone = server.url
    result = _run(gone)
    assert result.exit_code == Exit.ADAPTER
    assert "does not answer" in result.output


def test_a_refused_key_is_a_usage_error(url: str) -> None:
    result = _run(url, key="tml-secret-wrong")
    assert result.exit_code == Exit.USAGE
    assert "give it with --api-key" in result.output
    assert "tml-secret-wrong" not in result.output


def test_a_spent_budget_ends_the_run_with_what_was_judged(url: str, tmp_path: Path) -> None:
    result = _run(url, "--quick", "--max-requests", "60", "--report", str(tmp_path / "report"))
    assert result.exit_code == Exit.USAGE
    assert "raise --max-requests" in result.output
    report = load_report(tmp_path / "report")
    assert report.results
    assert report.cut_off is not None


def test_pytest_runs_the_probes_as_tests(url: str, pytester: pytest.Pytester) -> None:
    pytester.makeconftest("")
    options = ("--tinker-url", url, "--tinker-api-key", KEY, "--tinker-base-model", BASE_MODEL)
    result = pytester.runpytest_subprocess(
        *QUIET, "-q", *SUITE, *options, "--tinker-quick", "--tinker-report", "report", "-k", "session"
    )
    result.assert_outcomes(passed=16)
    assert load_report(pytester.path / "report").name == url.removeprefix("http://")
    assert KEY not in result.stdout.str()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "*add --tinker-url http://127.0.0.1:8000*"),
        (("--tinker-url", "http://192.0.2.1"), "*--tinker-url names *--tinker-allow-remote*"),
        (("--tinker-url", "http://127.0.0.1:1", "--tinker-max-requests", "x"), "*give a whole number*"),
        (("--tinker-url", "http://127.0.0.1:1"), "*does not answer*"),
    ],
)
def test_a_mistake_is_one_message_of_pytest(
    pytester: pytest.Pytester, options: tuple[str, ...], expected: str
) -> None:
    result = pytester.runpytest_subprocess(*QUIET, *SUITE, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([expected])
