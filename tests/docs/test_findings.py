"""Findings pages: the scripts on a page are those of the file that readers play."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from fake_server import FakeTinker, FakeTinkerServer
from tests.findings.recorded_run import RECORDED, changes, load_data, replayed
from tests.findings.recorded_server import SERVERS, judged_server, load_server
from tinker_conformance.cli import main
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.decoding import load_scenarios
from tinker_conformance.sdk.catalogue import catalogue
from tinker_conformance.server.probes import PROBES

FOLDER = Path(__file__).parents[2] / "docs/findings"
WITH_SCRIPTS = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("file", WITH_SCRIPTS, ids=lambda path: path.stem)
def test_the_scripts_of_a_page_are_those_of_its_file(file: Path) -> None:
    page = file.with_suffix(".md").read_text(encoding="utf-8")
    shown = [
        each for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) for each in yaml.safe_load(text)
    ]
    played = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert {each["id"]: each for each in shown} == {each["id"]: each for each in played}
    assert len(load_scenarios(file)) == len(played)


def test_the_recorded_run_is_about_the_catalogue_and_each_sdk_has_a_page() -> None:
    sdks = [sdk for sdk in load_data() if sdk.spec.startswith("package:")]
    assert {sdk.name: sdk.version for sdk in sdks} == {
        name: entry.version for name, entry in catalogue().items()
    }
    for sdk in sdks:
        page = (FOLDER / f"{sdk.name}.md").read_text(encoding="utf-8")
        for difference in sdk.differences:
            written = page.partition("<!-- end: verdicts -->")[2]
            assert f"`{difference.id}`" in written, "the summary says nothing of it"


def test_a_page_names_only_requirements_that_exist() -> None:
    known = {required.id for required in (*REQUIREMENTS, *PROBES)}
    chapters = {required.chapter for required in (*REQUIREMENTS, *PROBES)}
    for page in FOLDER.glob("*.md"):
        named = re.findall(r"`([a-z_]+\.[a-z_0-9]+)`", page.read_text(encoding="utf-8"))
        assert {name for name in named if name.split(".")[0] in chapters} <= known, page.name


@pytest.mark.parametrize("name", SERVERS)
def test_the_run_of_a_server_asked_every_probe_and_its_page_tells_of_each_failure(name: str) -> None:
    """A new probe needs a new run of the server; the page says how to make one."""
    server = load_server(name)
    assert server.asked == tuple(probe.id for probe in PROBES)
    assert sum(server.counts.values()) == len(PROBES)
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("<!-- end: verdicts -->")[2]
    for each in server.failed:
        assert f"`{each.id}`" in written, "the summary says nothing of it"
        assert each.command.endswith(f" --only {each.id}")


def test_a_report_of_a_server_is_recorded_and_one_that_was_cut_off_is_not(tmp_path: Path) -> None:
    with FakeTinkerServer(FakeTinker(seed=1, dialect="hatchery")) as server:
        for folder, most in ((tmp_path / "whole", "100"), (tmp_path / "cut", "22")):
            options = ("--only", "session.health", "--only", "ends.category", "--max-requests", most)
            CliRunner().invoke(main, ["server", "--url", server.url, *options, "--report", str(folder)])
    found = judged_server(tmp_path / "whole")
    assert [(each.id, each.verdict) for each in found.failed] == [("ends.category", "failed")]
    assert found.counts == {"failed": 1, "passed": 1}
    with pytest.raises(ValueError, match="ended early"):
        judged_server(tmp_path / "cut")


@pytest.mark.slow
@pytest.mark.parametrize("name", RECORDED)
def test_the_kit_still_finds_in_a_recording_what_its_page_says(name: str) -> None:
    """If a verdict changed on purpose, run `make findings` and bring the page up to date.

    What the recording does not hold, such as a scenario that is new, is not compared.
    """
    for before, after in zip(load_data(FOLDER / f"{name}.json"), replayed(name), strict=True):
        assert list(changes((before,), (after,))) == []
        assert after.counts.get("not testable", 0) < sum(after.counts.values()) / 10, "record the SDK again"


def test_a_run_that_differs_is_reported_by_sdk_and_requirement() -> None:
    before = load_data()
    assert list(changes(before, before)) == []
    first = next(sdk for sdk in before if sdk.differences)
    lost = msgspec.structs.replace(first, differences=first.differences[1:])
    gone = first.differences[0]
    after = tuple(lost if sdk is first else sdk for sdk in before)
    assert list(changes(before, after)) == [f"{first.spec}, {gone.id}: {gone.verdict} -> passed"]
    assert list(changes(before, before[1:])) == [f"{before[0].spec} is in the recorded run only"]
