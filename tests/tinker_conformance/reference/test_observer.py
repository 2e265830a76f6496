import logging
from collections.abc import Iterator

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from tinker_conformance.profile.profile_files import known_profiles, load_profile, observer_revision
from tinker_conformance.queue_state import ClientKind, QueueState
from tinker_conformance.reference.observer import (
    LOGGER_NAME,
    ClientObserver,
    log_state_change,
    reason_for_state,
    should_log,
)

PAUSES = [QueueState.PAUSED_CAPACITY, QueueState.PAUSED_RATE_LIMIT, QueueState.UNKNOWN]
START = "2025-06-15 12:00:00"


class Lines(logging.Handler):
    """Collects what the reference logs while it is attached."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def texts(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    def __enter__(self) -> "Lines":
        logging.getLogger(LOGGER_NAME).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(LOGGER_NAME).removeHandler(self)


@pytest.fixture
def lines() -> Iterator[Lines]:
    with Lines() as collected:
        yield collected


def observer(
    profile: str, kind: ClientKind = ClientKind.TRAINING, identifier: str | None = "m"
) -> ClientObserver:
    return ClientObserver(kind, identifier, observer_revision(profile))


CAPACITY = "Tinker backend is running short on capacity, please wait"
FORMS = [
    ("tinker-0.1", ClientKind.SAMPLING, "Sampling is paused for x. Reason: concurrent LoRA rate limit hit"),
    ("tinker-0.1", ClientKind.TRAINING, "Training is paused for x. Reason: concurrent models rate limit hit"),
    (
        "tinker-0.5.1",
        ClientKind.SAMPLING,
        "Sampling is paused for sampler x. Reason: concurrent LoRA rate limit hit",
    ),
    (
        "tinker-0.5.1",
        ClientKind.TRAINING,
        "Training is paused for x. Reason: concurrent models rate limit hit",
    ),
    (
        "tinker-0.7",
        ClientKind.SAMPLING,
        "Sampling is paused for sampler x. Reason: concurrent sampler weights limit hit",
    ),
    (
        "tinker-0.7",
        ClientKind.TRAINING,
        "Training is paused for x. Reason: concurrent training clients rate limit hit",
    ),
    (
        "tinker-0.10",
        ClientKind.TRAINING,
        "Training for x is paused. Reason: concurrent training clients rate limit hit.",
    ),
    (
        "tinker-0.21",
        ClientKind.MODEL_CREATION,
        "Model creation for x is paused. Reason: concurrent training clients rate limit hit.",
    ),
]


@pytest.mark.parametrize(("profile", "kind", "text"), FORMS)
def test_message_of_each_revision_and_client(profile: str, kind: ClientKind, text: str, lines: Lines) -> None:
    observer(profile, kind, "x").on_queue_state_change(QueueState.PAUSED_RATE_LIMIT)
    assert lines.texts == [text]
    assert lines.records[0].levelno == logging.WARNING
    assert lines.records[0].name == f"{LOGGER_NAME}.{kind.value}"


def test_sampler_of_a_base_model_is_called_none_in_the_oldest_revision(lines: Lines) -> None:
    observer("tinker-0.1", ClientKind.SAMPLING, None).on_queue_state_change(QueueState.UNKNOWN)
    assert lines.texts == ["Sampling is paused for None. Reason: unknown"]


@pytest.mark.parametrize("reason", [None, "", 0, []])
def test_a_reason_that_is_not_true_gives_way_to_the_text(reason: object, lines: Lines) -> None:
    observer("tinker-0.7").on_queue_state_change(QueueState.PAUSED_CAPACITY, reason)
    assert lines.texts == [f"Training is paused for m. Reason: {CAPACITY}"]


@pytest.mark.parametrize(("reason", "printed"), [("because {x}", "because {x}"), (7, "7"), (["a"], "['a']")])
def test_a_true_reason_of_the_server_is_printed_as_it_is(reason: object, printed: str, lines: Lines) -> None:
    observer("tinker-0.7").on_queue_state_change(QueueState.PAUSED_CAPACITY, reason)
    assert lines.texts == [f"Training is paused for m. Reason: {printed}"]


def test_a_reason_of_the_server_is_ignored_before_0_7(lines: Lines) -> None:
    observer("tinker-0.5.1").on_queue_state_change(QueueState.PAUSED_CAPACITY, "because")
    assert lines.texts == ["Training is paused for m. Reason: out of capacity"]


def test_interval_is_inclusive_to_the_millisecond(lines: Lines) -> None:
    paused = observer("tinker-0.5.1")
    with freeze_time(START, real_asyncio=True) as clock:
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        clock.tick(59.999)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        assert len(lines.texts) == 1
        clock.tick(0.001)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        assert len(lines.texts) == 2


def test_debounce_spans_states_and_active_neither_logs_nor_resets(lines: Lines) -> None:
    paused = observer("tinker-0.5.1")
    with freeze_time(START, real_asyncio=True) as clock:
        paused.on_queue_state_change(QueueState.ACTIVE)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        clock.tick(30)
        paused.on_queue_state_change(QueueState.ACTIVE)
        paused.on_queue_state_change(QueueState.PAUSED_RATE_LIMIT)
        assert len(lines.texts) == 1
        clock.tick(30)
        paused.on_queue_state_change(QueueState.UNKNOWN)
    assert [text.rpartition(": ")[2] for text in lines.texts] == ["out of capacity", "unknown"]


def test_clients_have_debounces_of_their_own(lines: Lines) -> None:
    for identifier in ("a", "b"):
        observer("tinker-0.5.1", identifier=identifier).on_queue_state_change(QueueState.UNKNOWN)
    assert len(lines.texts) == 2


def test_a_wall_clock_that_steps_back_suppresses(lines: Lines) -> None:
    paused = observer("tinker-0.5.1")
    with freeze_time(START, real_asyncio=True) as clock:
        paused.on_queue_state_change(QueueState.UNKNOWN)
        clock.tick(-100)
        paused.on_queue_state_change(QueueState.UNKNOWN)
        clock.tick(159.999)
        paused.on_queue_state_change(QueueState.UNKNOWN)
        assert len(lines.texts) == 1
        clock.tick(0.001)
        paused.on_queue_state_change(QueueState.UNKNOWN)
        assert len(lines.texts) == 2


def test_grace_is_inclusive_and_any_change_of_state_starts_it_again(lines: Lines) -> None:
    paused = observer("tinker-0.38")
    with freeze_time(START, real_asyncio=True) as clock:
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        clock.tick(899.999)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        assert lines.texts == []
        clock.tick(0.001)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        assert len(lines.texts) == 1
        paused.on_queue_state_change(QueueState.ACTIVE)
        clock.tick(899)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        clock.tick(899.999)
        paused.on_queue_state_change(QueueState.PAUSED_CAPACITY)
        assert len(lines.texts) == 1


def test_sampling_has_no_grace_in_0_38(lines: Lines) -> None:
    observer("tinker-0.38", ClientKind.SAMPLING).on_queue_state_change(QueueState.PAUSED_CAPACITY)
    assert len(lines.texts) == 1


@given(st.lists(st.tuples(st.sampled_from(list(QueueState)), st.integers(0, 90_000)), max_size=30))
def test_never_two_lines_within_a_minute_and_none_lost_at_the_boundary(
    notifications: list[tuple[QueueState, int]],
) -> None:
    """A line is due if it is the first, or if a pause is reported 60 s or more after the last line."""
    paused = observer("tinker-0.5.1")
    logged: list[int] = []
    now = 0
    with Lines() as collected, freeze_time(START, real_asyncio=True) as clock:
        for state, wait_ms in notifications:
            now += wait_ms
            clock.tick(wait_ms / 1000)
            before = len(collected.records)
            paused.on_queue_state_change(state)
            if len(collected.records) > before:
                logged.append(now)
                assert state is not QueueState.ACTIVE
            elif state is not QueueState.ACTIVE:
                assert logged, "the first pause logs"
                assert now - logged[-1] < 60_000, "nothing is lost at the boundary"
    assert all(later - earlier >= 60_000 for earlier, later in zip(logged, logged[1:], strict=False))


# -- the logger's functions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "client", "parts"),
    [
        ("paused_rate_limit", "sampling", ["Sampling is paused", "id-1", "concurrent LoRA rate limit hit"]),
        ("paused_capacity", "training", ["Training is paused", "id-1", "out of capacity"]),
        ("unknown", "training", ["Training is paused", "id-1", "unknown"]),
        ("not a known state", ClientKind.SAMPLING, ["Sampling is paused", "id-1", "unknown"]),
    ],
)
def test_log_state_change_says_who_is_paused_and_why(
    state: str, client: ClientKind | str, parts: list[str], lines: Lines
) -> None:
    log_state_change(state, client, "id-1")
    assert len(lines.texts) == 1
    assert all(part in lines.texts[0] for part in parts)


def test_log_state_change_is_silent_for_active(lines: Lines) -> None:
    log_state_change(QueueState.ACTIVE, "sampling", "id-1")
    log_state_change("active", "training", "id-1")
    assert lines.texts == []


def test_log_state_change_does_not_debounce(lines: Lines) -> None:
    log_state_change("unknown", "training", "id-1")
    log_state_change("unknown", "training", "id-1")
    assert len(lines.texts) == 2


def test_log_state_change_takes_the_texts_of_another_profile(lines: Lines) -> None:
    log_state_change("unknown", "training", "id-1", profile=load_profile("tinker-0.10"))
    assert lines.texts == ["Training for id-1 is paused. Reason: unknown."]


@pytest.mark.parametrize(("ago", "due"), [(61, True), (60, True), (59.999, False), (30, False), (-5, False)])
def test_should_log_is_inclusive(ago: float, due: bool) -> None:
    with freeze_time(START, real_asyncio=True):
        import time

        assert should_log(time.time() - ago) is due


def test_should_log_for_the_first_time_and_for_another_interval() -> None:
    import time

    assert should_log(0)
    assert should_log(time.time() - 11, 10)
    assert not should_log(time.time() - 5, interval=10)


@pytest.mark.parametrize(
    ("state", "client", "reason"),
    [
        ("paused_rate_limit", "sampling", "concurrent LoRA rate limit hit"),
        ("paused_rate_limit", "training", "concurrent models rate limit hit"),
        ("paused_capacity", "sampling", "out of capacity"),
        ("paused_capacity", "training", "out of capacity"),
        ("active", "sampling", "unknown"),
        ("something", "training", "unknown"),
    ],
)
def test_reason_for_state_is_the_seeds_table(state: str, client: str, reason: str) -> None:
    assert reason_for_state(state, client) == reason
    assert reason_for_state(state, ClientKind(client)) == reason


@pytest.mark.parametrize("function", [reason_for_state, lambda s, c: log_state_change(s, c, "x")])
def test_an_unknown_client_is_an_error_that_lists_the_known(function: object) -> None:
    with pytest.raises(ValueError, match="'trainer' is not a kind of client; .*'sampling', 'training'"):
        function("unknown", "trainer")  # type: ignore[operator]


def test_model_creation_has_texts_only_where_it_is_observed() -> None:
    with pytest.raises(ValueError, match="tinker-0.10 or later"):
        reason_for_state("unknown", "model_creation")
    assert reason_for_state("unknown", "model_creation", profile=load_profile("tinker-0.10")) == "unknown"


@given(
    st.sampled_from([name for name in known_profiles() if name != "tinkex-seed"]),
    st.sampled_from(list(ClientKind)),
    st.sampled_from(PAUSES),
    st.text(max_size=20),
)
def test_every_message_names_the_client_and_the_reason(
    profile: str, kind: ClientKind, state: QueueState, identifier: str
) -> None:
    facet = observer_revision(profile)
    forms = facet.client(kind)
    if forms is None:
        return
    with Lines() as collected:
        log_state_change(state, kind, identifier, facet=facet)
    (text,) = collected.texts
    assert identifier in text
    assert forms.reasons.of(state) in text
    assert forms.verb_phrase in text
