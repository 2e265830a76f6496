"""What to fix first: failures grouped by their likely cause, the one that explains most on top."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from tests.tinker_conformance.checks.small_timelines import end, line, notified, poll, scenario
from tinker_conformance.checks.case import Case, Mismatch
from tinker_conformance.commands.fix_first import fix_first
from tinker_conformance.judging.causes import causes
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import requirement
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.timeline import OutcomeKind, Timeline

TRAINING = "trainer"
SAMPLING = "sampler"


def failed(
    identifier: str, *mismatches: Mismatch, observed: Timeline = (), expected: Timeline = ()
) -> Judgement:
    info = AdapterInfo(name="an SDK", version="1")
    case = Case(scenario(), load_profile("tinker-0.38"), expected, observed, info)
    return Judgement(requirement(identifier), Verdict.FAILED, mismatches, {"small": case})


def too_many(identifier: str, client: str) -> Judgement:
    """A pause line of a client that came when none was due."""
    return failed(
        identifier,
        Mismatch("small", 0.0, "nothing", "a line", 0),
        observed=(line("paused", client=client),),
    )


def other(identifier: str, verdict: Verdict, *fix_first: str) -> Judgement:
    return Judgement(requirement(identifier), verdict, note="why", fix_first=fix_first)


def test_requests_of_threads_may_come_at_other_times() -> None:
    threads = msgspec.structs.replace(scenario(), threads=True)

    def cause(of: Scenario) -> str:
        judgement = failed("concurrency.training_on_threads", Mismatch("small", 1.0, "a line", "nothing"))
        case = replace(judgement.cases["small"], scenario=of, expected=(poll(0.0),), observed=(poll(1.0),))
        (found,) = causes([replace(judgement, cases={"small": case})])
        return found.what

    assert cause(scenario()) == "requests come at another time, or differ"
    assert cause(threads) == "log lines are missing"


GRACE = tuple(
    too_many(identifier, TRAINING)
    for identifier in ("debounce.training", "grace.boundary", "grace.then_once_a_minute", "wiring.forward")
)


def test_failures_that_look_alike_are_one_cause_that_begins_with_the_chapter_that_fails_most() -> None:
    passed = [other(f"debounce.{name}", Verdict.PASSED) for name in ("boundary", "within_a_minute")]
    (cause,) = causes([*passed, *GRACE])
    assert cause.what == "log lines of a training client come when none is due"
    assert cause.first == "grace.boundary"
    assert cause.others == ("debounce.training", "grace.then_once_a_minute", "wiring.forward")


def test_the_cause_that_explains_most_comes_first() -> None:
    missing = failed("callback.states", Mismatch("small", 0.0, "a call", "nothing"))
    sampling = too_many("debounce.boundary", SAMPLING)
    found = causes([missing, sampling, *GRACE])
    assert [cause.count for cause in found] == [4, 1, 1]
    assert found[0].first == "grace.boundary"


def test_the_adapter_and_the_clock_come_before_everything_else() -> None:
    clock = failed("clock.moves", Mismatch("small", 0.0, "a line", "nothing"))
    untestable = other("debounce.boundary", Verdict.NOT_TESTABLE, "clock.moves")
    found = causes([*GRACE, clock, untestable, other("parsing.spaces_count", Verdict.ADAPTER_ERROR)])
    assert [cause.first for cause in found] == ["parsing.spaces_count", "clock.moves", "grace.boundary"]
    assert found[1].others == ("debounce.boundary",)


def test_an_sdk_without_any_request_is_not_one_whose_clock_stands_still() -> None:
    silent = failed("clock.moves", Mismatch("small", 0.0, "a line", "nothing"), expected=(poll(),))
    also = failed("polling.http_408", Mismatch("small", 0.0, "poll 1", "nothing"), expected=(poll(),))
    found = causes([*GRACE, silent, also])
    assert found[0].what == "the SDK sends no request where one is due"
    assert [cause.count for cause in found] == [2, 4]


def raising(identifier: str, text: str) -> Judgement:
    """A future that ended in an error before the SDK sent anything."""
    return failed(
        identifier,
        Mismatch("small", 0.0, "poll 1", "nothing"),
        observed=(end(kind=OutcomeKind.ERROR, error=text),),
        expected=(poll(),),
    )


def test_an_error_before_any_request_is_the_cause_in_its_own_words() -> None:
    text = "AttributeError: 'Client' object has no attribute 'smaple'. Did you mean: 'sample'?"
    silent = [raising(name, text) for name in ("clock.moves", "debounce.boundary")]
    untestable = other("debounce.active", Verdict.NOT_TESTABLE, "clock.moves")
    found = causes([*GRACE, *silent, untestable])
    assert found[0].what == f"the SDK or its adapter fails before any valid request: {text}"
    assert [cause.count for cause in found] == [3, 4]


def test_the_words_of_an_early_error_are_one_line_and_bounded() -> None:
    (cause,) = causes([raising("debounce.boundary", "RuntimeError: a\n  b" + "c" * 9000)])
    assert cause.what.startswith(
        "the SDK or its adapter fails before any valid request: RuntimeError: a bccc"
    )
    assert cause.what.endswith("…")
    assert len(cause.what) < 240


def test_what_comes_when_none_is_due_is_named_even_where_the_requests_differ() -> None:
    paused = line("Sampling is paused", 5.0, client=SAMPLING)
    extra = Mismatch("small", 5.0, "nothing", "the line 'Sampling is paused'", 0)
    found = failed(
        "concurrency.one_minute_for_a_client", extra, observed=(paused, poll(5.0)), expected=(poll(),)
    )
    assert [cause.what for cause in causes([found])] == [
        "log lines of a sampling client come when none is due"
    ]


def test_what_is_missing_tells_the_kind_where_a_requirement_compares_several() -> None:
    ended = failed(
        "polling.http_408", Mismatch("small", 0.0, "an end", "nothing", missing=0), expected=(end(),)
    )
    assert [cause.what for cause in causes([ended])] == ["ends are missing"]


def test_requests_that_differ_before_a_mistake_are_its_likely_cause() -> None:
    late = failed(
        "debounce.boundary",
        Mismatch("small", 5.0, "a line", "nothing"),
        expected=(poll(), poll(1.0)),
        observed=(poll(), poll(2.0)),
    )
    asked = failed("polling.http_408", Mismatch("small", 2.0, "poll 2", "nothing"), observed=(poll(),))
    (cause,) = causes([late, asked])
    assert cause.what == "requests come at another time, or differ"
    assert (cause.first, cause.others) == ("polling.http_408", ("debounce.boundary",))


def test_what_differs_is_with_builds_from_what_is_missing() -> None:
    observed = (notified("unknown"),)
    differs = failed("callback.states", Mismatch("small", 0.0, "capacity", "unknown", 0), observed=observed)
    assert [cause.what for cause in causes([differs])] == ["observer calls differ"]


def test_a_run_without_failures_has_no_causes() -> None:
    assert list(fix_first([other("debounce.boundary", Verdict.PASSED)])) == []


def test_what_to_fix_first_fits_on_one_screen() -> None:
    clients = ("debounce.boundary", "debounce.active", "debounce.across_futures", "debounce.within_a_minute")
    many = [failed(name, Mismatch("small", 0.0, "a line", "nothing")) for name in clients]
    verdicts = [
        other("parsing.spaces_count", Verdict.ADAPTER_ERROR),
        other("reasons.training", Verdict.KIT_ERROR),
    ]
    lines = list(fix_first([*GRACE, *many, *verdicts, too_many("debounce.boundary", SAMPLING)]))
    assert lines[:4] == [
        "\nfix first:",
        "  1. the adapter does not keep to the protocol, or fails (1 requirement)",
        "     begin with parsing.spaces_count",
        "  2. the kit itself fails (1 requirement)",
    ]
    assert len(lines) <= 18
