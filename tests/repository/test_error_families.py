"""Few exception classes, in few modules, each of a family that says who is at fault."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tests.docs.generate.error_table import error_classes, family_of

HOMES: Final = {
    "fake_server.core.errors": "the family of the fake server",
    "fake_server.core.refused_request": "carries an error reply to the HTTP layer and the control plane",
    "fake_server.engine.tinker_api": "carries an error reply from a locked section",
    "fake_server.in_process.httpx_faults": "carries a fault to the transport of the client",
    "fake_server.in_process.respx_router": "respx must recognize them",
    "fake_server.service.refusals": "carries the answer of the simulated service",
    "tinker_conformance.commands.interruption": "ends a command, as KeyboardInterrupt does",
    "tinker_conformance.downstream.clock": "documented for users of the fixtures",
    "tinker_conformance.error_families": "the families of the kit",
    "tinker_conformance.profile.releases": "a warning of Python",
    "tinker_conformance.reference.failures": "how a future of the reference ends",
    "tinker_conformance.scenario.scenario": "documented for users of scenarios",
    "tinker_conformance.sdk.adapter": "documented for adapters",
    "tinker_conformance.sdk.process.line_process": "carries which problem a process has",
    "tinker_conformance.sdk.session": "carries the kind of a fault and a timeline",
    "tinker_conformance.sdk.stdio.conversation": "leaves the loop of a conversation",
    "tinker_conformance.server.dialogue": "how a probe ends early",
    "tinker_conformance.server.exchanges": "carries whether a server could be connected to",
    "tinker_conformance.server.releases.release_failures": "carries the outcome of a verb",
}
"""Where exception classes may be defined, and why not among the families."""
OF_NO_FAMILY: Final = {
    "Interrupted": "a KeyboardInterrupt, which nothing may handle as an error",
    "NewerThanKnownWarning": "a warning",
    "ScriptViolation": "an AssertionError, as pytest expects of a failed test",
    "UnexpectedHostError": "the error of respx for a request that it does not expect",
    "_Elsewhere": "an answer to respx",
    "_EndedError": "the end of a scenario, which need not be an error",
}
MOST: Final = 30


def test_an_exception_class_is_defined_in_a_known_module() -> None:
    assert sorted({each.module for each in error_classes()}) == sorted(HOMES)


def test_every_exception_belongs_to_a_family() -> None:
    without = {each.name for each in error_classes() if not family_of(each)}
    assert without == set(OF_NO_FAMILY)


def test_there_are_few_and_each_has_a_name_of_its_own() -> None:
    counted = Counter(each.name for each in error_classes())
    assert len(counted) <= MOST
    assert [name for name, count in counted.items() if count > 1] == []
