"""An answer in words: one line, of a bounded length."""

from __future__ import annotations

from tinker_conformance.server.exchanges import Answer


def test_a_page_of_many_lines_is_shown_in_one() -> None:
    page = b"<!DOCTYPE HTML>\n<html lang='en'>\r\n    <head>\n\n\t<title>Error</title>" + b"\n<p>" * 999
    answer = Answer(status=501, headers={"content-type": "text/html"}, body=page, shown=str)
    assert str(answer).startswith("HTTP 501 <!DOCTYPE HTML> <html lang='en'> <head> <title>Error</title> <p>")
    assert len(str(answer).splitlines()) == 1
    assert len(str(answer)) < 400
