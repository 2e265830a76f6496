"""Which log lines count as telling of a pause, what names a client, and which reasons are known."""

from __future__ import annotations

import pytest

from tests.tinker_conformance.checks.small_timelines import case, line, notified, poll, reply, scenario
from tinker_conformance.checks.pause_lines import PauseLine, identifier_of, known_reasons, pause_lines
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.scenario import decode_scenario


@pytest.mark.parametrize(
    ("message", "is_pause_line"),
    [
        ("Training is paused for model-a. Reason: out of capacity", True),
        ("Training is paused for model-a", True),
        ("TRAINING IS PAUSED FOR model-a", True),
        ("Paused for an unknown reason", True),
        ("PAUSED. REASON: NONE", True),
        ("Everything is paused", False),
        ("Sampling waits for sampler-b, reason unknown", True),
        ("model-a waits: out of capacity", True),
        ("model-a waits: concurrent models rate limit hit", True),
        ("model-a waits: concurrent LoRA rate limit hit", True),
        ("model-a waits", False),
        ("model-A waits: out of capacity", False),
        ("Somebody waits: out of capacity", False),
        ("Somebody waits. Reason: out of capacity", False),
        ("Retrying for an unknown reason", False),
        ("", False),
    ],
)
def test_a_line_reports_a_pause_by_its_verb_or_by_client_and_reason(
    message: str, is_pause_line: bool
) -> None:
    of = case(line(message))
    assert bool(list(pause_lines(of.observed, of))) is is_pause_line


def test_pause_lines_come_in_order_each_with_its_place_among_all_events() -> None:
    first, second = line("model-a paused", 1.0), line("sampler-b paused", 2.0)
    of = case(poll(), reply(), first, notified("paused_capacity"), line("something else"), second)
    assert list(pause_lines(of.observed, of)) == [PauseLine(2, first), PauseLine(5, second)]


@pytest.mark.parametrize(
    ("profile", "kind", "called"),
    [
        ("tinker-0.1", "sampling", "tinker://one/weights/1"),
        ("tinker-0.5.1", "sampling", "one"),
        ("tinker-0.1", "training", "one"),
        ("tinker-0.10", "model_creation", "base"),
        ("tinker-0.5.1", "model_creation", "one"),
    ],
)
def test_a_client_is_called_as_the_revision_calls_it(profile: str, kind: str, called: str) -> None:
    clients = {"c": {"kind": kind, "id": "one", "base_model": "base"}}
    (client,) = scenario(clients).clients
    assert identifier_of(client, load_profile(profile)) == called


def test_a_sampler_on_a_base_model_is_called_none_in_the_oldest_revision() -> None:
    (client,) = scenario({"c": {"kind": "sampling", "id": "one", "model_path": None}}).clients
    assert identifier_of(client, load_profile("tinker-0.1")) == "None"


def test_known_reasons_are_the_revisions_for_every_kind_of_client_once_each() -> None:
    assert known_reasons(load_profile("tinker-0.5.1"), scenario()) == (
        "concurrent LoRA rate limit hit",
        "out of capacity",
        "concurrent models rate limit hit",
    )


def test_known_reasons_are_the_scenarios_servers_too() -> None:
    steps: list[object] = [
        {"timeout": {"queue_state_reason": "of a 408"}},
        {"try_again": {"queue_state_reason": "of a 200"}},
        {"timeout": {"queue_state_reason": "out of capacity"}},
        {"timeout": {"queue_state_reason": ""}},
        {"try_again": {"queue_state_reason": 7}},
        {"timeout": {"queue_state": "paused_capacity"}},
        {"status": 503, "body": {"queue_state_reason": "of a 503"}},
        {"advance": 1},
        {"complete": {}},
    ]
    later = {"client": "b", "steps": [{"try_again": {"queue_state_reason": "of another future"}}]}
    both = decode_scenario(
        {
            "id": "two",
            "clients": {"a": {"kind": "training"}, "b": {"kind": "sampling"}},
            "futures": [{"client": "a", "steps": steps}, later],
        },
        "two",
    )
    known = known_reasons(load_profile("tinker-0.5.1"), both)
    assert known[3:] == ("of a 408", "of a 200", "of another future")
