"""The page in a real browser: nothing that an SDK printed becomes markup, and it lays out at every width."""

from __future__ import annotations

import html
import json
import re
import struct
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from tests.support.needs_tools import tool
from tests.tinker_conformance.report.making import report, result
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.page import page
from tinker_conformance.requirements import REQUIREMENTS, requirement

pytestmark = pytest.mark.needs_tool("chromium")

SECONDS = 120
PLANTED = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</title></svg><svg onload=alert(1)>\x1b[31m\x00\u202e"
)


class Tags(HTMLParser):
    """Gathers the tags and the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def browser() -> str:
    return tool("chromium")


def _browse(browser: str, folder: Path, *arguments: str) -> str:
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout


def _hostile_page(folder: Path) -> Path:
    wrong = result(requirement("debounce.boundary"), Verdict.FAILED, PLANTED)
    wrong = msgspec.structs.replace(wrong, note=PLANTED, sentence=PLANTED, alone=PLANTED)
    path = folder / "page.html"
    path.write_text(page([report(PLANTED, PLANTED, wrong)]), encoding="utf-8")
    return path


def test_what_an_sdk_printed_is_text_in_a_browser(browser: str, tmp_path: Path) -> None:
    dom = _browse(browser, tmp_path, "--dump-dom", _hostile_page(tmp_path).as_uri())
    seen = Tags()
    seen.feed(dom)
    assert not {"script", "img", "iframe", "object"} & set(seen.tags)
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert seen.tags.count("svg") == 1
    assert "<script>document.title='owned'</script>" in seen.text
    assert r"\x1b[31m\x00\u202e" in seen.text
    assert not {"\x1b", "\x00", "\u202e"} & set(seen.text)


MEASURING = """<!DOCTYPE html><title>measured</title><body style="margin:0">
<iframe style="width:390px;height:2000px;border:0" srcdoc="{page}"></iframe>
<script>
document.querySelector("iframe").onload = event => {{
  const found = event.target.contentDocument;
  const rights = [...found.querySelectorAll(".matrix tbody tr:not(.chapter)")].map(
    row => Math.ceil(row.querySelector("td").getBoundingClientRect().right));
  document.title = JSON.stringify([Math.max(...rights), rights.length, found.defaultView.innerWidth]);
}};
</script>"""
"""A page in a frame of a phone's width; a script measures where the first verdict of each row ends."""


@pytest.mark.parametrize("number", [1, 4])
def test_the_verdicts_are_in_view_on_a_phone(number: int, browser: str, tmp_path: Path) -> None:
    results = [
        result(required, Verdict.FAILED if number == 1 else Verdict.PASSED) for required in REQUIREMENTS
    ]
    shown = page([report(f"a-rather-long-name-{place}", "1.0", *results) for place in range(number)])
    shown = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", shown)
    path = tmp_path / "frame.html"
    path.write_text(MEASURING.format(page=html.escape(shown)), encoding="utf-8")
    dom = _browse(browser, tmp_path, "--virtual-time-budget=5000", "--dump-dom", path.as_uri())
    right, rows, width = json.loads(re.search(r"<title>(\[.*?\])</title>", dom)[1])
    assert (rows, width) == (len(REQUIREMENTS), 390)
    assert right <= width


@pytest.mark.parametrize("width", [1280, 500])
def test_the_page_is_laid_out_at_every_width(width: int, browser: str, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    path = _hostile_page(tmp_path)
    _browse(browser, tmp_path, f"--window-size={width},900", f"--screenshot={picture}", path.as_uri())
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (width, 900)
    assert len(data) > 10_000, "an empty page makes a small picture"
