"""The suite that users run against their SDK: `pytest --pyargs tinker_conformance.suite --sdk SPEC`.

Each module is a chapter and each requirement an item, judged by `tinker_conformance.judging`.
``QueueStateConformance`` is the same suite as a class to subclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_server.core.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.suite.conformance_run import ConformanceRun, open_run
    from tinker_conformance.suite.items import Chapter, items_of
    from tinker_conformance.suite.pytest_report import REPORTER, Reporter, directs_junit
    from tinker_conformance.suite.subclass import QueueStateConformance, overrides

__all__ = [
    "REPORTER",
    "Chapter",
    "ConformanceRun",
    "QueueStateConformance",
    "Reporter",
    "directs_junit",
    "items_of",
    "open_run",
    "overrides",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "conformance_run": "ConformanceRun open_run",
        "items": "Chapter items_of",
        "pytest_report": "REPORTER Reporter directs_junit",
        "subclass": "QueueStateConformance overrides",
    },
)
