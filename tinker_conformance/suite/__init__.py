"""The suite that users run against their SDK: `pytest --pyargs tinker_conformance.suite --sdk SPEC`.

Each module is a chapter (a group of requirements), and each requirement is a pytest item, which
`tinker_conformance.judging` judges. ``QueueStateConformance`` offers the same suite as a base class of tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.suite.chapter import FOLLOWING, RECORDS, Chapter
    from tinker_conformance.suite.conformance_run import ConformanceRun, RunRequest, open_run
    from tinker_conformance.suite.items import items_of
    from tinker_conformance.suite.pytest_options import (
        AS_OF,
        KNOWN_FAILURES,
        PROFILE,
        RECORD_KNOWN_FAILURES,
        REPORT,
        STRICT_QUIRKS,
        add_options,
        add_short_names,
        is_set,
        text_of,
        with_long_names,
    )
    from tinker_conformance.suite.pytest_report import REPORTER, Reporter, directs_junit
    from tinker_conformance.suite.subclass import QueueStateConformance, overrides
    from tinker_conformance.suite.usage import note_problem, raise_problem, raise_problem_of_worker

__all__ = [
    "AS_OF",
    "FOLLOWING",
    "KNOWN_FAILURES",
    "PROFILE",
    "RECORDS",
    "RECORD_KNOWN_FAILURES",
    "REPORT",
    "REPORTER",
    "STRICT_QUIRKS",
    "Chapter",
    "ConformanceRun",
    "QueueStateConformance",
    "Reporter",
    "RunRequest",
    "add_options",
    "add_short_names",
    "directs_junit",
    "is_set",
    "items_of",
    "note_problem",
    "open_run",
    "overrides",
    "raise_problem",
    "raise_problem_of_worker",
    "text_of",
    "with_long_names",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "chapter": "Chapter FOLLOWING RECORDS",
        "conformance_run": "ConformanceRun RunRequest open_run",
        "items": "items_of",
        "pytest_options": (
            "AS_OF KNOWN_FAILURES PROFILE RECORD_KNOWN_FAILURES REPORT STRICT_QUIRKS add_options "
            "add_short_names is_set text_of with_long_names"
        ),
        "pytest_report": "REPORTER Reporter directs_junit",
        "subclass": "QueueStateConformance overrides",
        "usage": "note_problem raise_problem raise_problem_of_worker",
    },
)
