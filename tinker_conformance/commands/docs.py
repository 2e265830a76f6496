"""`tinker-conformance docs`: prints a page of the documentation that came with the kit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click

from fake_server.core.errors import suggestion
from tinker_conformance.commands.shipped_folders import shipped_folder
from tinker_conformance.error_families import UserError

_KINDS: Final = ("*.md", "*.schema.json")
_IN_THE_REPOSITORY: Final = (
    *("README", "CHANGELOG", "CONTRIBUTING", "SECURITY", "LICENSE", "development", "releasing"),
    *("benchmarks", "examples", "findings"),
)
"""Pages and folders of the repository that a wheel does not have."""


def pages() -> dict[str, Path]:
    """Return the documentation's files by their paths below `docs`, such as `reference/fixtures.md`.

    Raises:
        UserError: The kit was installed without its documentation.
    """
    folder = shipped_folder("docs")
    files = sorted(path for kind in _KINDS for path in folder.rglob(kind))
    return {path.relative_to(folder).as_posix(): path for path in files}


@click.command()
@click.argument("page", required=False)
def docs(page: str | None) -> None:
    """Print a page of the documentation, or the names of all pages.

    PAGE is a name as an error gives it, such as docs/reference/fixtures.md, or its last part, fixtures. A
    link of a page, such as ../reference/fixtures.md#warnings, will do, too.
    """
    known = pages()
    if page is None:
        for name, path in known.items():
            click.echo(f"{name}  {_title(path)}".rstrip())
        return
    click.echo(known[_named(page, known)].read_text(encoding="utf-8"), nl=False)


def _named(page: str, known: Mapping[str, Path]) -> str:
    """Return the path of a page below `docs`.

    Raises:
        UserError: There is no such page, or there are several.
    """
    # The folder of the page with the link is unknown, so what leads out of it says nothing.
    parts = [part for part in page.partition("#")[0].split("/") if part not in {"", ".", ".."}]
    wanted = "/".join(parts).removeprefix("docs/").removesuffix(".md")
    names = {name.removesuffix(".md"): name for name in known}
    found = [wanted] if wanted in names else [name for name in names if wanted == name.rpartition("/")[2]]
    match found:
        case [one]:
            return names[one]
        case [] if _is_in_the_repository(wanted, page, known.values()):
            raise UserError(
                f"docs: {page!r} is in the repository only, and not installed with the kit; read it in a "
                "clone, or choose a page of `tinker-conformance docs`"
            )
        case []:
            known_names = {*names, *(name.rpartition("/")[2] for name in names)}
            hint = suggestion(wanted, sorted(known_names), "`tinker-conformance docs` lists all of them")
            raise UserError(f"docs: there is no page {page!r}; {hint}")
        case several:
            raise UserError(f"docs: {page!r} is the name of several pages; write one of {', '.join(several)}")


def _is_in_the_repository(wanted: str, page: str, known: Iterable[Path]) -> bool:
    """Return whether a name without a page is one of the repository, or a link that a page has."""
    if f"{wanted}/".startswith(tuple(f"{name}/" for name in _IN_THE_REPOSITORY)):
        return True
    return any(f"]({page})" in path.read_text(encoding="utf-8") for path in known)


def _title(path: Path) -> str:
    if path.suffix != ".md":
        return ""
    with path.open(encoding="utf-8") as lines:
        return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "")
