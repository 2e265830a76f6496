"""Reports: the results of a run in every format, and comparisons of several runs.

Judgements (verdicts with their evidence) go in, and are written as records while the run goes on. JSON, JUnit
XML, Markdown, a badge, an HTML page and comparisons of several reports come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.report.changes import Change
    from tinker_conformance.report.conclusion import NEVER_UNCLAIMED, Conclusion, conclude, exit_code
    from tinker_conformance.report.exit_codes import INTERRUPTED, Exit
    from tinker_conformance.report.record_making import end_record, result_record, start_record
    from tinker_conformance.report.records import (
        JudgedKind,
        Result,
        ScriptsRecord,
        Start,
        VerbRecord,
        decode,
        encode,
    )
    from tinker_conformance.report.release_matrix import ReleaseMatrix, matrix_of_releases
    from tinker_conformance.report.report_folder import JUNIT, ReportFolder, write_whole
    from tinker_conformance.report.report_reading import Report, load_report
    from tinker_conformance.report.sdk_matrix import LEGEND, markdown_matrix, matrix, table_matrix
    from tinker_conformance.report.verb_outcome import VerbOutcome

__all__ = [
    "INTERRUPTED",
    "JUNIT",
    "LEGEND",
    "NEVER_UNCLAIMED",
    "Change",
    "Conclusion",
    "Exit",
    "JudgedKind",
    "ReleaseMatrix",
    "Report",
    "ReportFolder",
    "Result",
    "ScriptsRecord",
    "Start",
    "VerbOutcome",
    "VerbRecord",
    "conclude",
    "decode",
    "encode",
    "end_record",
    "exit_code",
    "load_report",
    "markdown_matrix",
    "matrix",
    "matrix_of_releases",
    "result_record",
    "start_record",
    "table_matrix",
    "write_whole",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "changes": "Change",
        "conclusion": "Conclusion NEVER_UNCLAIMED conclude exit_code",
        "exit_codes": "Exit INTERRUPTED",
        "record_making": "end_record result_record start_record",
        "records": "JudgedKind Result ScriptsRecord Start VerbRecord decode encode",
        "release_matrix": "ReleaseMatrix matrix_of_releases",
        "report_folder": "JUNIT ReportFolder write_whole",
        "report_reading": "Report load_report",
        "sdk_matrix": "LEGEND markdown_matrix matrix table_matrix",
        "verb_outcome": "VerbOutcome",
    },
)
