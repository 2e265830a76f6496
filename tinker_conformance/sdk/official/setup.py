"""What is done once in a process before the official SDK is driven."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from types import ModuleType
from typing import Any, Final

_SKIPPED: Final = ("tinker.cli", "tinker.tests", "tinker.conftest")


def import_everything(tinker: ModuleType) -> None:
    """Imports all of the SDK and builds its models, because neither can be done under a frozen clock.

    Args:
        tinker: The package, imported.
    """
    for module in pkgutil.walk_packages(tinker.__path__, f"{tinker.__name__}.", onerror=_ignore):
        if module.name.startswith(_SKIPPED) or module.name.endswith("_test"):
            continue
        # Parts that need packages which are not there (torch, transformers) are not driven.
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
    models: Any = importlib.import_module(f"{tinker.__name__}._models")
    _build(models.BaseModel)
    if hasattr(models, "StrictBase"):
        _build(models.StrictBase)


def _ignore(_name: str) -> None:
    """A package that cannot be imported is skipped."""


def _build(model: Any) -> None:
    for each in model.__subclasses__():
        # Generic models without their parameters cannot be built, and are never used so.
        with contextlib.suppress(Exception):
            each.model_rebuild()
        _build(each)
