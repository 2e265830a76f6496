"""The page in a real browser: nothing that an SDK printed becomes markup, and it lays out at every width."""

from __future__ import annotations

import struct
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from tests.needs_tools import tool
from tests.tinker_conformance.report.making import report, result
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.page import page
from tinker_conformance.requirements import requirement

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


@pytest.mark.parametrize("width", [1280, 500])
def test_the_page_is_laid_out_at_every_width(width: int, browser: str, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    path = _hostile_page(tmp_path)
    _browse(browser, tmp_path, f"--window-size={width},900", f"--screenshot={picture}", path.as_uri())
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (width, 900)
    assert len(data) > 10_000, "an empty page makes a small picture"
