from collections.abc import Sequence

import httpx
import msgspec
import pytest

from fake_server.operations import Operation
from tests.tinker_conformance.reference.virtual_time import (
    Seen,
    Step,
    done,
    dropped,
    play,
    protobuf,
    status,
    timeout,
    try_again,
)
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.reference.failures import ErrorKind, FutureError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.reference.wire import Result

OLDEST = load_profile("tinker-0.1+tinker-0.1")
SEED = load_profile("tinker-0.5.1")
BUDGET = load_profile("tinker-0.10+tinker-0.15")
BILLING = load_profile("tinker-0.10")
LATE = load_profile("tinker-0.21")
NEWEST = load_profile("tinker-0.38")
TINKEX = load_profile("tinkex-seed")
TRAIN = Operation.OPTIM_STEP
EXPECTED = "for self.request_id='r-1' and expected type self.model_cls=<class 'tinker.SampleResponse'>"


def kind_of_end(seen: Seen) -> ErrorKind:
    """Return how the future ended, if it ended without a result."""
    assert isinstance(seen.error, FutureError)
    return seen.error.kind


def states(calls: Sequence[tuple[str, object]]) -> list[str]:
    return [state for state, _ in calls]


# -- what is asked --------------------------------------------------------------------------------------


def test_each_poll_carries_its_number_and_the_request_type() -> None:
    seen = play(SEED, timeout(), status(503), done())
    assert [poll.headers["X-Tinker-Request-Iteration"] for poll in seen.server.polls] == ["0", "1", "2"]
    assert {poll.headers["X-Tinker-Request-Type"] for poll in seen.server.polls} == {"Sample"}
    assert [("X-Tinker-Create-Promise-Roundtrip-Time" in poll.headers) for poll in seen.server.polls] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("profile", "accept"),
    [
        (SEED, "application/json"),
        (load_profile("tinker-0.10+tinker-0.18.1"), "application/x-protobuf, application/json"),
        (NEWEST, "application/x-protobuf"),
    ],
)
def test_the_accepted_form_of_a_sample_follows_the_revision(profile: Profile, accept: str) -> None:
    assert play(profile, protobuf()).server.polls[0].headers["Accept"] == accept


def test_a_large_result_is_announced_then_fetched() -> None:
    announced = httpx.Response(200, json={"status": "complete_metadata", "response_payload_size": 9})
    seen = play(BUDGET, announced, timeout(), done())
    assert seen.error is None
    assert [poll.body["allow_metadata_only"] for poll in seen.server.polls] == [True, False, False]


def test_a_result_that_the_session_announced_is_fetched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    result = Poll.result

    async def announced(self: Poll) -> Result:
        self.announced()
        return await result(self)

    monkeypatch.setattr(Poll, "result", announced)
    seen = play(BUDGET, timeout(), done())
    assert [poll.body["allow_metadata_only"] for poll in seen.server.polls] == [False, False]


def test_a_result_that_is_announced_twice_ends_the_poll() -> None:
    announced = {"status": "complete_metadata"}
    seen = play(BUDGET, httpx.Response(200, json=announced), httpx.Response(200, json=announced), done())
    assert kind_of_end(seen) is ErrorKind.ERROR


@pytest.mark.parametrize("profile", [SEED, NEWEST])
def test_a_poll_goes_where_it_is_sent_on_to(profile: Profile) -> None:
    elsewhere = httpx.Response(307, headers={"location": "http://elsewhere.test/api/v1/retrieve_future"})
    seen = play(profile, elsewhere, done(), operation=TRAIN)
    assert seen.error is None
    assert [poll.body for poll in seen.server.polls] == [seen.server.polls[0].body] * 2
    assert [poll.headers["X-Tinker-Request-Iteration"] for poll in seen.server.polls] == ["0", "0"]


def test_polls_say_nothing_of_metadata_before_0_14() -> None:
    assert play(SEED, done()).server.polls[0].body == {"request_id": "r-1"}


# -- which statuses end the future ----------------------------------------------------------------------

ENDING = [
    (SEED, 400), (SEED, 401), (SEED, 402), (SEED, 404), (SEED, 409), (SEED, 422), (SEED, 429), (SEED, 304),
    (BUDGET, 429), (BUDGET, 402), (BILLING, 429), (LATE, 404), (NEWEST, 409),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "code"), ENDING)
def test_a_status_that_ends_the_future(profile: Profile, code: int) -> None:
    seen = play(profile, status(code, queue_state="paused_capacity"), done(), operation=TRAIN)
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert str(code) in str(seen.error)
    assert len(seen.server.polls) == 1
    assert seen.calls == []


@pytest.mark.parametrize("profile", [OLDEST, SEED, BUDGET, NEWEST])
@pytest.mark.parametrize(
    "reply",
    [
        status(500), status(503, queue_state="paused_capacity"), status(599), timeout(),
        httpx.Response(408), httpx.Response(408, content=b"no json"), httpx.Response(408, json=[1]),
        httpx.Response(408, json=None), httpx.Response(503, content=b"\xff"),
    ],
)  # fmt: skip
def test_timeouts_and_server_errors_are_polled_again_at_once(profile: Profile, reply: httpx.Response) -> None:
    seen = play(profile, *[reply] * 5, done(), operation=TRAIN)
    assert seen.error is None
    assert seen.gaps == [0.0] * 5
    assert states(seen.calls) == (["active"] if profile is NEWEST else [])


def test_bad_requests_have_a_budget_of_three() -> None:
    assert play(BUDGET, *[status(400)] * 3, done(), operation=TRAIN).error is None
    seen = play(BUDGET, *[status(400)] * 4, done(), operation=TRAIN)
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert len(seen.server.polls) == 4


REFILLS: list[tuple[Profile, Step, bool]] = [
    (BUDGET, httpx.Response(408, content=b"no json"), True),
    (BUDGET, status(503), False),
    (LATE, httpx.Response(408, content=b"no json"), False),
    (LATE, httpx.Response(408, json=None), False),
    (LATE, httpx.Response(408, json={}), True),
    (LATE, try_again(), False),
]


@pytest.mark.parametrize(("profile", "reply", "refilled"), REFILLS)
def test_what_refills_the_budget(profile: Profile, reply: Step, refilled: bool) -> None:
    seen = play(profile, *[status(400)] * 3, reply, status(400), done(), operation=TRAIN)
    assert (seen.error is None) is refilled


@pytest.mark.parametrize(("profile", "refill"), [(BUDGET, timeout()), (LATE, timeout())])
def test_a_budget_that_is_refilled_is_the_whole_budget_again(profile: Profile, refill: Step) -> None:
    again = [*[status(400)] * 3, refill, *[status(400)] * 3]
    assert play(profile, *again, done(), operation=TRAIN).error is None
    seen = play(profile, *again, status(400), done(), operation=TRAIN)
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert len(seen.server.polls) == 8


# -- back-off -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [OLDEST, SEED, NEWEST])
def test_connection_errors_back_off_to_thirty_seconds(profile: Profile) -> None:
    seen = play(profile, *[dropped() for _ in range(7)], done(), operation=TRAIN)
    assert seen.gaps == [1, 2, 4, 8, 16, 30, 30]


def test_the_back_off_survives_a_hundred_errors_and_more() -> None:
    assert set(play(SEED, *[dropped()] * 2000, done(), operation=TRAIN).gaps[5:]) == {30}


@pytest.mark.parametrize(
    ("profile", "reply", "gaps"),
    [
        (SEED, status(503), [1, 2, 0, 1]),
        (SEED, try_again(), [1, 2, 0, 4]),
        (LATE, status(503), [1, 2, 0, 1]),
        (LATE, try_again(), [1, 2, 0, 1]),
        (LATE, status(429), [1, 2, 4, 8]),
        (LATE, status(402), [1, 2, 5, 4]),
        (BILLING, status(402), [1, 2, 5, 4]),
    ],
)
def test_what_starts_the_back_off_again(profile: Profile, reply: Step, gaps: list[float]) -> None:
    seen = play(profile, dropped(), dropped(), reply, dropped(), done(), operation=TRAIN)
    assert seen.gaps == gaps


def test_too_many_requests_back_off_since_0_21() -> None:
    assert play(LATE, *[status(429)] * 3, done(), operation=TRAIN).gaps == [1, 2, 4]


# -- an unpaid bill -------------------------------------------------------------------------------------


def test_an_unpaid_bill_pauses_for_an_hour_at_most(caplog: pytest.LogCaptureFixture) -> None:
    seen = play(BILLING, *[status(402, detail="pay")] * 800, done(), operation=TRAIN)
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert set(seen.gaps) == {5.0}
    assert sum(seen.gaps) == 3605
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING"] * 56 + ["ERROR"]
    assert caplog.records[0].message == (
        "The job is paused due to billing status. Error: Error code: 402 - {'detail': 'pay'}"
    )
    assert "for 3605.0 seconds" in caplog.records[-1].message


def test_a_bill_unpaid_after_five_quiet_minutes_is_a_new_pause() -> None:
    steps: list[Step] = [status(402), 3590, status(402), status(402), done()]
    assert play(BILLING, *steps, operation=TRAIN).error is None


# -- expiry ---------------------------------------------------------------------------------------------


def test_a_sample_whose_future_is_gone_is_submitted_again_after_a_jittered_delay() -> None:
    seen = play(SEED, *[status(410)] * 7, done())
    assert seen.error is None
    assert [path for path, _ in seen.server.submissions] == ["asample"] * 8
    assert [poll.request_id for poll in seen.server.polls] == [f"r-{n}" for n in range(1, 9)]
    assert {poll.headers["X-Tinker-Request-Iteration"] for poll in seen.server.polls} == {"0"}
    for gap, nominal in zip(seen.gaps, [0.5, 1, 2, 4, 8, 10, 10], strict=True):
        assert nominal * 0.75 <= gap <= min(nominal * 1.25, 10)


@pytest.mark.parametrize("operation", [TRAIN, Operation.FORWARD, Operation.CREATE_MODEL])
def test_training_and_creation_raise_when_their_future_is_gone(operation: Operation) -> None:
    seen = play(SEED, status(410), done(), operation=operation)
    assert kind_of_end(seen) is ErrorKind.EXPIRED
    assert len(seen.server.submissions) == 1


@pytest.mark.parametrize(("profile", "limit"), [(OLDEST, 1800), (SEED, 7200), (NEWEST, 7200)])
def test_sampling_gives_up_after_long_without_progress(profile: Profile, limit: float) -> None:
    within = play(profile, limit - 1, timeout(), protobuf() if profile is NEWEST else done())
    assert within.error is None
    seen = play(profile, limit + 1, timeout(), dropped(), done())
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert seen.took == pytest.approx(limit + 1.1)


def test_training_never_gives_up() -> None:
    assert play(SEED, 100_000, timeout(), dropped(), done(), operation=TRAIN).error is None


# -- what a 200 can be ----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b"null", b"3", b'"x"', b"\xff", b"{}"])
@pytest.mark.parametrize("profile", [OLDEST, SEED, BUDGET, NEWEST])
def test_a_success_whose_body_is_no_result_ends_the_future(profile: Profile, content: bytes) -> None:
    seen = play(profile, httpx.Response(200, content=content), done(), operation=Operation.SAVE_STATE)
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert seen.error.kind == "error"
    assert len(seen.server.polls) == 1


@pytest.mark.parametrize(("profile", "name"), [(OLDEST, "ValueError"), (SEED, "RequestFailedError")])
@pytest.mark.parametrize(
    ("category", "kept"),
    [("user", "user"), ("server", "server"), ("unknown", "unknown"), ("User", "unknown"), (None, "unknown")],
)
def test_a_reported_failure_has_a_category(profile: Profile, name: str, category: object, kept: str) -> None:
    seen = play(profile, httpx.Response(200, json={"error": "no", "category": category}), operation=TRAIN)
    assert isinstance(seen.error, FutureError)
    assert seen.error.kind is ErrorKind.FAILED
    assert (seen.error.category, seen.error.official_class, seen.error.kind) == (kept, name, "failed")


def test_since_0_25_a_sample_is_taken_only_as_protobuf() -> None:
    assert play(NEWEST, protobuf()).error is None
    assert kind_of_end(play(NEWEST, done())) is ErrorKind.ERROR
    assert play(load_profile("tinker-0.21+tinker-0.21"), done()).error is None


def test_protobuf_is_no_result_where_it_is_not_asked_for() -> None:
    assert kind_of_end(play(SEED, protobuf())) is ErrorKind.ERROR
    assert kind_of_end(play(NEWEST, protobuf(), operation=TRAIN)) is ErrorKind.ERROR


# -- notifications --------------------------------------------------------------------------------------

TRIGGERS: list[tuple[Profile, httpx.Response, list[str]]] = [
    (SEED, timeout(queue_state="paused_capacity"), ["paused_capacity"]),
    (SEED, timeout(queue_state="active"), ["active"]),
    (SEED, timeout(queue_state="Active"), ["unknown"]),
    (SEED, timeout(queue_state=""), []),
    (SEED, timeout(queue_state=None), []),
    (SEED, timeout(queue_state=0), []),
    (SEED, timeout(queue_state=7), ["unknown"]),
    (SEED, timeout(queue_state=True), ["unknown"]),
    (SEED, timeout(queue_state=["x"]), ["unknown"]),
    (SEED, timeout(queue_state={"a": 1}), ["unknown"]),
    (SEED, timeout(queue_state=[]), []),
    (SEED, try_again(queue_state="paused_capacity"), []),
    (LATE, timeout(queue_state=["x"]), []),
    (LATE, timeout(queue_state={"a": 1}), []),
    (LATE, timeout(queue_state=7), ["unknown"]),
    (LATE, try_again(queue_state="paused_capacity"), ["paused_capacity"]),
    (LATE, try_again(queue_state="active"), ["active"]),
    (LATE, try_again(queue_state="other"), []),
    (LATE, try_again(), []),
    (LATE, try_again(queue_state=7), []),
    (LATE, try_again(queue_state=[]), []),
    (LATE, try_again(queue_state_reason=""), ["unknown"]),
    (LATE, try_again(queue_state="other", queue_state_reason="why"), ["unknown"]),
    (LATE, try_again(queue_state_reason=None), []),
    (TINKEX, timeout(queue_state="paused_capacity"), []),
    (TINKEX, try_again(queue_state=" PAUSED_capacity\n"), ["paused_capacity"]),
    (TINKEX, try_again(queue_state="active"), ["active"]),
    (TINKEX, try_again(), ["unknown"]),
    (TINKEX, try_again(queue_state=["x"]), ["unknown"]),
]


@pytest.mark.parametrize(("profile", "reply", "expected"), TRIGGERS)
def test_what_reaches_the_observer(profile: Profile, reply: httpx.Response, expected: list[str]) -> None:
    seen = play(profile, reply, done(), operation=TRAIN)
    assert seen.error is None
    assert states(seen.calls) == expected


@pytest.mark.parametrize("state", [["x"], {"a": 1}])
def test_since_0_21_a_state_of_no_word_in_a_try_again_ends_the_poll(state: object) -> None:
    seen = play(LATE, try_again(queue_state=state), done(), operation=TRAIN)
    assert kind_of_end(seen) is ErrorKind.ERROR
    assert seen.error.official_class == "TypeError"


def test_tinkex_notifies_only_of_changes_within_one_poll() -> None:
    replies = [
        try_again(queue_state=state) for state in ("active", "active", "paused_capacity", "ACTIVE", "x", "y")
    ]
    assert states(play(TINKEX, *replies, done(), operation=TRAIN).calls) == [
        "active",
        "paused_capacity",
        "active",
        "unknown",
    ]


@pytest.mark.parametrize("reason", ["why", "", None, 7])
def test_the_reason_is_passed_on_since_0_7(reason: object) -> None:
    reply = timeout(queue_state="active", queue_state_reason=reason)
    assert play(SEED, reply, done(), operation=TRAIN).calls == [("active", "no reason passed")]
    assert play(BUDGET, reply, done(), operation=TRAIN).calls == [("active", reason)]


def test_0_38_notifies_of_active_only_after_a_result_or_a_failure() -> None:
    failed = httpx.Response(200, json={"error": "no"})
    assert states(play(NEWEST, done(), operation=TRAIN).calls) == ["active"]
    assert states(play(NEWEST, failed, operation=TRAIN).calls) == ["active"]
    for last in (status(410), status(404), httpx.Response(200, content=b"no json")):
        assert states(play(NEWEST, last, operation=TRAIN).calls) == []
    assert states(play(LATE, done(), operation=TRAIN).calls) == []


# -- log lines of the polling itself --------------------------------------------------------------------


@pytest.mark.parametrize("profile", [OLDEST, SEED, NEWEST])
def test_each_try_again_is_logged_with_the_request(
    profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    play(profile, try_again(), try_again(), done(), operation=TRAIN)
    lines = [record for record in caplog.records if "try_again" in record.message]
    assert [(line.levelname, line.message) for line in lines] == [
        ("WARNING", "Retrying request self.request_id='r-1' because of try_again")
    ] * 2


def test_tinkex_logs_no_line_of_the_python_sdk(caplog: pytest.LogCaptureFixture) -> None:
    play(TINKEX, try_again(queue_state="active"), status(404))
    assert caplog.records == []


def test_a_sample_that_fails_for_good_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    play(SEED, httpx.Response(200, json={"error": "no", "category": "user"}))
    error = f"RequestFailedError: Request failed: no {EXPECTED}"
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", f"Request failed with non-retryable error: {error}")
    ]


@pytest.mark.parametrize(
    ("profile", "words"), [(SEED, "with status code e.status_code=404"), (LATE, "with status 404")]
)
def test_the_line_of_a_fatal_status_has_the_revisions_text(
    profile: Profile, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    play(profile, status(404, detail="gone"))
    error = f"ValueError: Error retrieving result: Error code: 404 - {{'detail': 'gone'}} {words} {EXPECTED}"
    assert [record.message for record in caplog.records] == [
        f"Request failed with non-retryable error: {error}"
    ]


# -- telemetry ------------------------------------------------------------------------------------------


def test_official_telemetry_reports_each_error_status_beside_the_observer() -> None:
    seen = play(SEED, timeout(queue_state="paused_capacity"), status(503), dropped(), done(), operation=TRAIN)
    assert [name.rpartition(".")[2] for name, _ in seen.telemetry] == [
        "api_status_error",
        "api_status_error",
        "connection_error",
    ]
    assert [data.get("status_code") for _, data in seen.telemetry] == [408, 503, None]
    assert states(seen.calls) == ["paused_capacity"]


def test_tinkex_telemetry_reports_each_change_beside_the_observer() -> None:
    replies = [try_again(queue_state=state) for state in ("active", "paused_capacity", "paused_capacity")]
    seen = play(TINKEX, *replies, status(503), done(), operation=TRAIN)
    assert [(name, data["queue_state"]) for name, data in seen.telemetry] == [
        ("tinkex.queue.state_change", "active"),
        ("tinkex.queue.state_change", "paused_capacity"),
    ]
    assert states(seen.calls) == ["active", "paused_capacity"]


def test_an_error_that_is_no_status_is_reported_in_the_family_of_the_profiles_event() -> None:
    observer = msgspec.structs.replace(SEED.observer, telemetry_event="mine.http_error")
    failed = httpx.Response(200, json={"error": "no", "category": "user"})
    profile = msgspec.structs.replace(SEED, observer=observer)
    seen = play(profile, status(503), dropped(), failed, operation=TRAIN)
    assert [name for name, _ in seen.telemetry] == [
        "mine.http_error",
        "mine.connection_error",
        "mine.application_error",
    ]
    assert [set(data) for _, data in seen.telemetry] == [
        {"request_id", "request_type", "iteration", kind}
        for kind in ("status_code", "exception", "error_category")
    ]


def test_official_telemetry_says_nothing_of_a_change_of_state() -> None:
    seen = play(LATE, try_again(queue_state="paused_capacity"), done(), operation=TRAIN)
    assert states(seen.calls) == ["paused_capacity"]
    assert seen.telemetry == []
