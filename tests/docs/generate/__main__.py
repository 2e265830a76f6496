"""Write every generated page; print the names of those that changed."""

from __future__ import annotations

from tests.docs.generate.pages import DOCS, PAGES

for name, text in PAGES.items():
    page = DOCS / name
    new = text()
    if not page.exists() or page.read_text(encoding="utf-8") != new:
        page.write_text(new, encoding="utf-8")
        print(name)
