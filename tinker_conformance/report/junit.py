"""JUnit XML of a report, with ids, levels and verdicts as properties."""

from __future__ import annotations

from typing import Final

from junitparser import Error, Failure, JUnitXml, Properties, Property, Skipped, TestCase, TestSuite

from fake_server.core.visible_text import visible, visible_lines
from fake_server.core.wanted_got import wanted_got
from tinker_conformance.judging.judge import UNTESTED, Verdict
from tinker_conformance.report.conclusion import BROKEN, Conclusion, conclude, is_broken
from tinker_conformance.report.exit_codes import Exit
from tinker_conformance.report.records import Result
from tinker_conformance.report.report_reading import Report
from tinker_conformance.requirements.sources import readable_source

_FAILURES: Final = frozenset({Verdict.FAILED, Verdict.NOT_TESTABLE, Verdict.STALE_KNOWN_FAILURE})
_ERRORS: Final = frozenset({Verdict.ADAPTER_ERROR, Verdict.KIT_ERROR})
_SKIPPED: Final = UNTESTED | {Verdict.KNOWN_FAILURE}


def junit(report: Report) -> str:
    """Return the XML: one test suite for the run, one test case per judged requirement."""
    suite = TestSuite(visible(f"{report.name} against {report.start.profile.name}"))
    for name, value in _environment(report).items():
        suite.add_property(name, visible(value))
    found = conclude(report)
    cases = [_case(result, strict=report.start.strict) for result in report.results]
    if found.exit_code != Exit.HELD and not any(_is_bad(case) for case in cases):
        cases.append(_conclusion(found))
    for case in cases:
        suite.add_testcase(case)
    suite.timestamp = report.start.started
    suite.update_statistics()
    whole = JUnitXml("tinker-conformance")
    whole.add_testsuite(suite)
    whole.update_statistics()
    return str(whole.tostring().decode()) + "\n"


def _environment(report: Report) -> dict[str, str]:
    start = report.start
    found = conclude(report)
    return {
        "kit": start.kit,
        "sdk": start.sdk.spec,
        "profile": start.profile.name,
        "interpreter": start.interpreter,
        "platform": start.platform,
        "complete": "no" if report.cut_off else "yes",
        "conclusion": found.sentence,
        "exit_code": str(int(found.exit_code)),
    }


def _case(result: Result, *, strict: bool) -> TestCase:
    case = TestCase(result.id, classname=f"tinker_conformance.suite.test_{result.chapter}", time=0.0)
    properties = Properties()
    for name, value in _properties(result).items():
        properties.add_property(Property(name, value))
    case.append(properties)
    message, text = visible(_first(result)), visible_lines(_text(result))
    if result.verdict in _SKIPPED or (result.verdict in BROKEN and not is_broken(result, strict=strict)):
        case.result = [Skipped(f"{result.verdict.value}: {message}")]
    elif result.verdict in _FAILURES:
        failure = Failure(message, type_=result.verdict.value)
        failure.text = text
        case.result = [failure]
    elif result.verdict in _ERRORS:
        error = Error(message, type_=result.verdict.value)
        error.text = text
        case.result = [error]
    return case


def _properties(result: Result) -> dict[str, str]:
    return {
        "requirement": result.id,
        "level": str(result.level),
        "since": result.since,
        "verdict": str(result.verdict),
    }


def _conclusion(found: Conclusion) -> TestCase:
    """Return a test case for failures outside requirements: of scripts, outdated entries, an early end."""
    case = TestCase("conclusion", classname="tinker_conformance", time=0.0)
    kind = Failure if found.exit_code in {Exit.SDK_FAILED, Exit.STALE} else Error
    problem = kind(visible(found.sentence), type_=found.standing.name.lower())
    problem.text = visible_lines(str(found))
    case.result = [problem]
    return case


def _is_bad(case: TestCase) -> bool:
    return any(isinstance(each, Failure | Error) for each in case.result)


def _first(result: Result) -> str:
    if result.note or not result.mismatches:
        return result.note or result.sentence
    first = result.mismatches[0]
    return f"{first.scenario}, at {first.at:.3f} s: {wanted_got(first.wanted, first.got)}"


def _text(result: Result) -> str:
    lines = [f"required: {result.sentence}", f"source: {readable_source(result.source)}"]
    lines += [f"{'note' if result.mismatches else 'because'}: {result.note}"] if result.note else []
    lines += [
        f"{visible(m.scenario)}, at {m.at:.3f} s: {wanted_got(visible(m.wanted), visible(m.got))}"
        for m in result.mismatches
    ]
    return "\n".join([*lines, f"rerun: {result.alone}"])
