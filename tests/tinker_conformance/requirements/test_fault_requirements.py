"""Faults on the wire in scenarios: what timelines show of them, and of whom they are asked."""

from __future__ import annotations

import contextlib

import httpx
import pytest

from fake_server import FakeTinker, decode_steps
from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.engine.listener import Poll, Submission
from fake_server.httpx_transport import FakeTinkerTransport
from fake_server.script.steps import Advance, Wired
from tinker_conformance.checks.pause_lines import known_reasons
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.judging.claims import invisible_seconds
from tinker_conformance.judging.explanation import shown
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario import parse_scenarios
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.adapter import AdapterInfo, Transport
from tinker_conformance.sdk.server_events import FutureKey, response_event
from tinker_conformance.timeline import Response

HTTPX = AdapterInfo(name="a", version="1")
SOCKET = AdapterInfo(name="a", version="1", transport=Transport.SOCKET)


class Listening:
    """Makes the event of each reply, as the recorder does."""

    def __init__(self) -> None:
        self.events: list[Response] = []

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None: ...

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None: ...

    def submission_arrived(self, submission: Submission) -> None: ...

    def request_arrived(self, poll: Poll) -> None: ...

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None: ...

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        self.events.append(response_event(0.0, FutureKey("client", 1), poll, reply))


def events(*steps: object) -> list[Response]:
    listening = Listening()
    engine = FakeTinker(listener=listening)
    engine.add_script(decode_steps(steps, "test"), name="f")
    with httpx.Client(transport=FakeTinkerTransport(engine), base_url="http://tinker.test") as client:
        client.post("/api/v1/asample", json={})
        for _ in steps:
            with contextlib.suppress(httpx.TransportError):
                client.post("/api/v1/retrieve_future", json={"request_id": "f"})
    return listening.events


def test_a_timeline_shows_what_was_meant_and_what_became_of_it() -> None:
    found = events(
        {"timeout": {"a": 1}, "wire": {"cut": "body"}},
        {"complete": {}, "wire": {"compress": "gzip"}},
        {"status": 408, "raw_base64": "/w=="},
        {"refuse": 0},
    )
    replies = [(event.status, event.body, event.fault) for event in found]
    assert replies == [
        (408, {"a": 1}, "cut body by reset"),
        (200, None, "compress gzip"),
        (408, None, None),
        (None, None, "refuse 0 s"),
    ]


def test_an_explanation_names_the_fault_beside_the_status() -> None:
    corrupted, refused = events({"timeout": {}, "wire": {"cut": "body"}}, {"refuse": 0})
    assert shown(corrupted) == "receives  HTTP 408, with a fault: cut body by reset"
    assert shown(refused) == "receives  no reply: refuse 0 s"


@pytest.mark.parametrize(
    ("step", "takes_time"),
    [
        ("{complete: {}, wire: {delay: 1}}", True),
        ("{complete: {}, wire: {hold: true}}", True),
        ("{complete: {}, wire: {slow_head: {bytes: 1, seconds: 1}}}", True),
        ("{complete: {}, wire: {slow_body: {bytes: 1, seconds: 1}}}", True),
        ("{complete: {}, wire: {cut: {at: body, by: silence}}}", True),
        ("{bytes: a, then: silence}", True),
        ("{refuse: 1}", True),
        ("{refuse: 0}", False),
        ("{bytes: a}", False),
        ("{drop: half_close}", False),
        ("{complete: {}, wire: {cut: body, compress: gzip}}", False),
        ("{timeout: {}}", False),
    ],
)
def test_seconds_on_the_wire_are_asked_of_sdks_in_process_alone(step: str, takes_time: bool) -> None:
    text = f"- {{id: one, client: sampling, futures: [[{step}]]}}"
    scenarios = parse_scenarios(text, source="test")
    assert invisible_seconds(scenarios, HTTPX, SdkClock.FROZEN) is None
    elsewhere = [
        invisible_seconds(scenarios, SOCKET, SdkClock.FROZEN),
        *(invisible_seconds(scenarios, HTTPX, clock) for clock in SdkClock if clock is not SdkClock.FROZEN),
    ]
    assert [note is not None and "scenario one" in note for note in elsewhere] == [takes_time] * len(
        elsewhere
    )


def test_a_socket_misses_three_of_the_requirements_on_faults() -> None:
    scenarios = shipped_scenarios()
    missed = [
        required.id
        for required in REQUIREMENTS
        if required.scenarios[0].startswith("fault-")
        and invisible_seconds([scenarios[name] for name in required.scenarios], SOCKET, SdkClock.FILE)
    ]
    assert missed == ["polling.refused_connection", "polling.slow_reply", "polling.late_reply"]


def test_the_reason_in_a_corrupted_reply_is_one_that_a_line_may_give() -> None:
    text = (
        "- {id: one, client: sampling, futures: "
        "[[{timeout: {queue_state_reason: full}, wire: {compress: gzip}}, {complete: {}}]]}"
    )
    [scenario] = parse_scenarios(text, source="test")
    assert "full" in known_reasons(load_profile("tinker-0.7"), scenario)


def test_no_reply_is_compressed_for_a_client_that_did_not_ask_for_it() -> None:
    wires = [
        (scenario.id, step.wire)
        for scenario in shipped_scenarios().values()
        for future in scenario.futures
        for step in future.script.steps
        if isinstance(step, Wired) and step.wire.compress is not None
    ]
    assert len({name for name, _ in wires}) >= 3
    assert [name for name, wire in wires if not wire.if_accepted] == []
