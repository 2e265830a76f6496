"""Exports of a package that are loaded when they are first used.

Packages use this if their modules are slow to import or need libraries that not every process has:
``import package`` costs nothing, and ``package.Name`` loads the one module that defines ``Name``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_exports(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return a package's ``__getattr__``, which imports a module when one of its names is first used.

    Args:
        package: The package's ``__name__``.
        homes: The names to export, separated by spaces, by the name of the module in the package that defines
            them.
    """
    home_of = {name: module for module, names in homes.items() for name in names.split()}

    def load(name: str) -> object:
        module = home_of.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module}"), name)

    return load
