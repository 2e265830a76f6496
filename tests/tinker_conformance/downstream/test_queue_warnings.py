"""Warnings of every revision are taken apart, and the assertion says what was logged instead."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from tinker_conformance.downstream.queue_warnings import (
    QueueWarnings,
    captured_warnings,
    parse_queue_warning,
)
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.queue_state import ClientKind, QueueState

LINE = "Sampling is paused for sampler s-1:sample:0. Reason: concurrent LoRA rate limit hit"
PAUSES = (QueueState.PAUSED_RATE_LIMIT, QueueState.PAUSED_CAPACITY)


@pytest.mark.parametrize("name", known_profiles())
def test_the_lines_of_every_profile_are_read(name: str) -> None:
    for kind in ClientKind:
        forms = load_profile(name).observer.client(kind)
        if forms is None:
            continue
        for state in PAUSES:
            reason = forms.reasons.of(state)
            for identifier in ("abc:train:0", "Qwen/Qwen3-8B"):
                read = parse_queue_warning(forms.message.format(identifier=identifier, reason=reason))
                assert read is not None
                assert (read.kind, read.state) == (kind, state)
                assert (read.identifier, read.reason) == (identifier, reason)


def test_a_reason_of_the_server_hides_the_state() -> None:
    read = parse_queue_warning("Training for m-1 is paused. Reason: the weather is bad.")
    assert read is not None
    assert (read.kind, read.identifier, read.reason, read.state) == (
        ClientKind.TRAINING,
        "m-1",
        "the weather is bad",
        None,
    )


@pytest.mark.parametrize(
    "line", ["Retrying", "Sampling is paused", "xSampling is paused for a. Reason: b", ""]
)
def test_other_lines_are_none(line: str) -> None:
    assert parse_queue_warning(line) is None


def test_lines_are_captured_by_level_and_wherever_they_are_logged() -> None:
    with captured_warnings() as warnings:
        logging.getLogger("tinker.lib").warning("%s", LINE)
        logging.getLogger("tinker.lib").info(LINE)
        logging.getLogger("other").warning("Retrying")
    logging.getLogger("tinker.lib").warning(LINE)
    (warning,) = warnings
    assert (warning.logger, warning.message, warning.identifier) == ("tinker.lib", LINE, "s-1:sample:0")
    assert warnings[:] == (warning,)


def test_a_root_level_above_warning_is_lowered_meanwhile() -> None:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.CRITICAL)
    try:
        with captured_warnings() as warnings:
            logging.getLogger("tinker").warning(LINE)
        assert len(warnings) == 1
        assert root.level == logging.CRITICAL
    finally:
        root.setLevel(before)


def test_warnings_arrive_though_the_handlers_of_the_root_logger_are_replaced() -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        with captured_warnings() as warnings:
            logging.basicConfig(level=logging.INFO, force=True)
            logging.getLogger("tinker.lib").warning(LINE)
            logging.getLogger("tinker").warning(LINE)
        assert [warning.logger for warning in warnings] == ["tinker.lib", "tinker"]
    finally:
        for handler in root.handlers[:]:
            root.removeHandler(handler)
        for handler in before:
            root.addHandler(handler)
        root.setLevel(level)


def _no_propagation(logger: logging.Logger) -> None:
    logger.propagate = False


def _disabled(logger: logging.Logger) -> None:
    logger.disabled = True


def _high_level(logger: logging.Logger) -> None:
    logger.setLevel(logging.ERROR)


WAYS_TO_READ: dict[str, Callable[[QueueWarnings], object]] = {
    "len": len,
    "bool": bool,
    "list": list,
    "slice": lambda warnings: warnings[:],
    "index": lambda warnings: warnings[0],
    "in": lambda warnings: "x" in warnings,
    "reversed": lambda warnings: list(reversed(warnings)),
    "count": lambda warnings: warnings.count("x"),
    "index of": lambda warnings: warnings.index("x"),
    "matching": lambda warnings: warnings.matching(),
    "matching one": lambda warnings: warnings.matching(state="paused_capacity"),
    "assert_logged": lambda warnings: warnings.assert_logged(0),
}


def test_every_way_to_read_it_is_known() -> None:
    inherited = {"index", "count"}  # of `collections.abc.Sequence`
    public = {name for name in dir(QueueWarnings) if not name.startswith("_")}
    assert public - inherited == {"add", "clear", "matching", "assert_logged"}


@pytest.mark.parametrize("way", WAYS_TO_READ)
def test_nothing_is_not_reported_where_nothing_could_arrive(way: str) -> None:
    logger = logging.getLogger("tinker.lib.cut_off")
    logger.propagate = False
    try:
        with (
            captured_warnings() as warnings,
            pytest.raises(AssertionError, match=r"'tinker.lib.cut_off' does not propagate"),
        ):
            WAYS_TO_READ[way](warnings)
        # After the block, too.
        with pytest.raises(AssertionError, match=r"'tinker.lib.cut_off' does not propagate"):
            WAYS_TO_READ[way](warnings)
    finally:
        logger.propagate = True


@pytest.mark.parametrize("way", sorted({*WAYS_TO_READ} - {"index", "index of"}))
def test_nothing_is_nothing_where_warnings_arrive(way: str) -> None:
    with captured_warnings() as warnings:
        assert not WAYS_TO_READ[way](warnings)


def test_what_arrived_can_be_read_beside_a_logger_that_is_cut_off() -> None:
    logger = logging.getLogger("tinker.lib.cut_off")
    logger.propagate = False
    try:
        with captured_warnings() as warnings:
            logging.getLogger("tinker").warning(LINE)
            assert len(warnings) == len(list(warnings)) == len(warnings.matching(kind="sampling")) == 1
    finally:
        logger.propagate = True


def test_logging_that_is_configured_meanwhile_is_named() -> None:
    sdk, root = logging.getLogger("tinker"), logging.getLogger()
    with captured_warnings() as warnings:
        kept = [(logger, logger.handlers[:]) for logger in (sdk, root)]
        try:
            for logger in (sdk, root):
                logger.handlers.clear()
            with pytest.raises(AssertionError, match="the logger 'tinker' lost the handler of this fixture"):
                warnings.assert_logged(0)
        finally:
            for logger, handlers in kept:
                logger.handlers[:] = handlers


@pytest.mark.parametrize(
    ("cut_off", "expected"),
    [
        (_no_propagation, "does not propagate"),
        (_disabled, "is disabled"),
        (_high_level, "its level is ERROR"),
    ],
)
def test_no_warning_proves_nothing_where_a_logger_is_cut_off(
    cut_off: Callable[[logging.Logger], None], expected: str
) -> None:
    logger = logging.getLogger("tinker.lib.cut_off")
    try:
        with captured_warnings() as warnings:
            cut_off(logger)
            logger.warning(LINE)
            with pytest.raises(AssertionError, match=expected):
                warnings.assert_logged(0)
            assert expected in repr(warnings)
            logging.getLogger("tinker.lib").warning(LINE)
            assert len(warnings.assert_logged(1)) == 1
            with pytest.raises(AssertionError, match=expected):
                warnings.assert_logged(2)
    finally:
        logger.propagate, logger.disabled = True, False
        logger.setLevel(logging.NOTSET)


def test_the_assertion_counts_and_names_the_nearest_miss() -> None:
    with captured_warnings() as warnings:
        warnings.assert_logged(0)
        logging.getLogger("tinker").warning(LINE)
    assert warnings.assert_logged(1, kind="sampling", state="paused_rate_limit") == warnings[:]
    with pytest.raises(AssertionError) as caught:
        warnings.assert_logged(kind="sampling", state="paused_capacity")
    assert "wanted at least one, got 0" in str(caught.value)
    assert "differs in state: wanted 'paused_capacity', got 'paused_rate_limit'" in str(caught.value)
    with pytest.raises(AssertionError, match="wanted 2, got 1"):
        warnings.assert_logged(2)
    with pytest.raises(AssertionError, match="wanted 0, got 1"):
        warnings.assert_logged(0, identifier="s-1:sample:0")
    with pytest.raises(ValueError, match="there is no queue state"):
        warnings.assert_logged(state="paused")
    with pytest.raises(ValueError, match="so none has the state 'active'"):
        warnings.assert_logged(0, state="active")


def test_an_unknown_state_or_kind_names_the_nearest() -> None:
    with captured_warnings() as warnings:
        with pytest.raises(
            UserError, match=r"no queue state 'paused_capacty'; did you mean 'paused_capacity'\?; use"
        ):
            warnings.assert_logged(0, state="paused_capacty")
        with pytest.raises(UserError, match="no kind of client 'samplin'; did you mean 'sampling'"):
            warnings.matching(kind="samplin")
