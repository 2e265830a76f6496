"""Known failures: a file that excuses failures of an SDK, each with a reason.

A TOML or YAML file of entries and the judgements of a run go in. Judgements with the listed failures excused
come out, and sentences about *stale* entries, whose failure is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.known_failures.command_options import check_files
    from tinker_conformance.known_failures.entry_reading import known_failures_in, load_known_failures
    from tinker_conformance.known_failures.excuses import Judged, KnownFailures, judged
    from tinker_conformance.known_failures.first_file import record, recordable

__all__ = [
    "Judged",
    "KnownFailures",
    "check_files",
    "judged",
    "known_failures_in",
    "load_known_failures",
    "record",
    "recordable",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "command_options": "check_files",
        "entry_reading": "known_failures_in load_known_failures",
        "excuses": "Judged KnownFailures judged",
        "first_file": "record recordable",
    },
)
