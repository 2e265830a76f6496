"""Prepare the official SDK once per process, before any scenario runs."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from types import ModuleType
from typing import Any, Final

_SKIPPED: Final = ("cli", "tests", "conftest")


def import_everything(tinker: ModuleType) -> None:
    """Import every module of the SDK and build its models. Neither works under a frozen clock.

    Args:
        tinker: The imported package `tinker`.
    """
    for module in pkgutil.walk_packages(tinker.__path__, f"{tinker.__name__}.", onerror=_ignore):
        below = module.name.removeprefix(f"{tinker.__name__}.")
        if below.startswith(_SKIPPED) or below.endswith("_test"):
            continue
        # Modules that need absent packages (torch, transformers) are not used by any scenario.
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
    models: Any = importlib.import_module(f"{tinker.__name__}._models")
    _build(models.BaseModel)
    if hasattr(models, "StrictBase"):
        _build(models.StrictBase)


def _ignore(_name: str) -> None:
    """Skip a package that cannot be imported."""


def _build(model: Any) -> None:
    for each in model.__subclasses__():
        # Generic models cannot be built without their parameters, and are never used that way.
        with contextlib.suppress(Exception):
            each.model_rebuild()
        _build(each)
