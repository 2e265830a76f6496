"""The entry point of the pytest plugin: it registers `tinker_conformance.plugin` under its full name.

pytest refuses to register one module under two names. Registered as the entry point itself, the plugin would
crash each run that also names it: by `-p tinker_conformance.plugin` or by `pytest_plugins` in a conftest.

PYTEST_DONT_REWRITE: there is nothing to rewrite, and a run that has imported it already must not be warned.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import pytest

_PLUGIN: Final = "tinker_conformance.plugin"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the plugin, unless it is there already or `-p no:` blocks it."""
    if pluginmanager.has_plugin(_PLUGIN) or pluginmanager.is_blocked(_PLUGIN):
        return
    # Here and not above: a blocked plugin is not imported.
    pluginmanager.register(import_module(_PLUGIN), _PLUGIN)
