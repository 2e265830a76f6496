"""Check that `import fake_server` finds this kit's package, and not a file of the user's project."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

_NAME: Final = "fake_server"
_DISTRIBUTION: Final = "tinker-conformance"
_FOLDER: Final = Path(__file__).parent.parent / _NAME


def check_fake_server() -> None:
    """Check that `import fake_server` finds this kit's package.

    Call it before the first import from `fake_server`, so that a user reads which module hides the package
    instead of "'fake_server' is not a package".

    Raises:
        ImportError: `import fake_server` finds another module.
    """
    __tracebackhide__ = True  # pytest shows the message, not this function
    loaded = sys.modules.get(_NAME)
    if loaded is None:
        # Where ours is the first on the import path, it need not be loaded.
        found = PathFinder.find_spec(_NAME)
        if found is not None and found.origin == str(_FOLDER / "__init__.py"):
            return
    try:
        module = loaded or import_module(_NAME)
    except Exception as error:
        raise ImportError(
            f"`import fake_server` failed ({type(error).__name__}: {error}). {_ADVICE}", name=_NAME
        ) from error
    if getattr(module, "__distribution__", None) != _DISTRIBUTION:
        place = _place(module)
        raise ImportError(
            f"`import fake_server` finds {place}, which does not belong to tinker-conformance. {_ADVICE}",
            name=_NAME,
            path=place,
        )


_ADVICE: Final = (
    f"Expected the package in {_FOLDER}. Rename the other module, or take its folder off the import path; "
    "pytest puts the folder of a test file there unless it runs with --import-mode=importlib."
)


def _place(module: ModuleType) -> str:
    if module.__file__ is not None:
        return module.__file__
    folders = list(getattr(module, "__path__", ()))
    return f"the folder {folders[0]}" if folders else "a module without a file"
