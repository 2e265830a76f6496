"""The interface between the kit and an SDK under test.

``open_sdk`` takes a SPEC, the text after ``--sdk`` such as ``official==0.38.0`` or ``exec:node adapter.mjs``.
It starts that SDK and returns an ``SdkSession``, which runs scenarios with the SDK and returns a timeline of
each. The subpackages are the ways to drive an SDK: `in_process` (Python), `stdio` (any language), and
`official` (releases of `tinker`, with their environments).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._fake_server import check_fake_server
from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.sdk.adapter import (
        Adapter,
        AdapterInfo,
        CallRecorder,
        CallsFunctions,
        Capability,
        OperationCall,
        RunsOnThreads,
        ScenarioContext,
        Transport,
    )
    from tinker_conformance.sdk.json_schema import schema_text
    from tinker_conformance.sdk.remembered_session import RememberedSession
    from tinker_conformance.sdk.scripted_engine import API_KEY, VIRTUAL_LIMIT_SECONDS
    from tinker_conformance.sdk.session import Fault, FaultKind, Run, SdkSession, refuse_kit_faults
    from tinker_conformance.sdk.spec import check_spec, command_of, open_sdk

__all__ = [
    "API_KEY",
    "VIRTUAL_LIMIT_SECONDS",
    "Adapter",
    "AdapterInfo",
    "CallRecorder",
    "CallsFunctions",
    "Capability",
    "Fault",
    "FaultKind",
    "OperationCall",
    "RememberedSession",
    "Run",
    "RunsOnThreads",
    "ScenarioContext",
    "SdkSession",
    "Transport",
    "check_spec",
    "command_of",
    "open_sdk",
    "refuse_kit_faults",
    "schema_text",
]

check_fake_server()

__getattr__ = lazy_exports(
    __name__,
    {
        "adapter": (
            "Adapter AdapterInfo CallRecorder CallsFunctions Capability OperationCall "
            "RunsOnThreads ScenarioContext Transport"
        ),
        "json_schema": "schema_text",
        "remembered_session": "RememberedSession",
        "scripted_engine": "API_KEY VIRTUAL_LIMIT_SECONDS",
        "session": "Fault FaultKind Run SdkSession refuse_kit_faults",
        "spec": "check_spec command_of open_sdk",
    },
)
