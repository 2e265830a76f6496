"""The entry point of the pytest plugin, which registers `tinker_conformance.plugin` under its full name.

pytest refuses to register one module under two names. If the entry point were the plugin itself, a run that
also names it would crash: by `-p tinker_conformance.plugin`, or by `pytest_plugins` in a conftest.

PYTEST_DONT_REWRITE: avoids a warning in a process that has already imported this module.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import pytest

_PLUGIN: Final = "tinker_conformance.plugin"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the kit's plugin, unless it is registered already or `-p no:` blocks it."""
    if pluginmanager.has_plugin(_PLUGIN) or pluginmanager.is_blocked(_PLUGIN):
        return
    # Imported only here, so that a blocked plugin is never imported.
    pluginmanager.register(import_module(_PLUGIN), _PLUGIN)
