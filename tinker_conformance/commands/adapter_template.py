"""`tinker-conformance adapter-template`: writes the template of an adapter that came with the kit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from tinker_conformance.commands.shipped_folders import shipped_folder
from tinker_conformance.error_families import UserError

_LANGUAGES: Final = ("go", "java", "python", "typescript")
_BUILT: Final = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "classes", "*.class", "adapter")


@click.command("adapter-template")
@click.argument("language", type=click.Choice(_LANGUAGES))
@click.argument("folder", type=click.Path(path_type=Path))
def adapter_template(language: str, folder: Path) -> None:
    """Write an adapter in LANGUAGE, with a small SDK that it drives, to a new FOLDER.

    It conforms as it is: put your SDK in the place of the small one.
    `tinker-conformance docs adapter-in-another-language` leads you through it.
    """
    source = shipped_folder("examples/adapter_template") / language
    try:
        shutil.copytree(source, folder, ignore=_BUILT)
    except FileExistsError:
        raise UserError(f"{folder} exists already; name a new folder") from None
    except (OSError, shutil.Error) as error:
        raise UserError(f"{folder} cannot be written ({error}); name a folder that can") from error
    click.echo(f"wrote {', '.join(sorted(path.name for path in folder.iterdir()))} to {folder}")
