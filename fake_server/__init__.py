"""A fake Tinker service whose replies are scripted.

One engine, ``FakeTinker``, works with several transports: mounted on respx, as an httpx transport, on a
loopback socket, and as the program ``python -m fake_server``. Importing this package loads no HTTP library;
each transport is loaded when it is first used. The functions that write scripts (``script``, ``timeout``,
``complete``, …) are in ``fake_server.script``.

PYTEST_DONT_REWRITE: pytest looks for this word, and then leaves the assertions of this package alone. Without
it, the kit's pytest plugin causes a warning in processes that imported this package before pytest did.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fake_server.core.errors import Problem, ProblemKind, ScriptError, ScriptViolation
    from fake_server.core.faults import Cut, CutEnd, Dribble, DropKind, RawBytes, Refusal, Wire
    from fake_server.core.http_messages import Reply, Request, TransportFault
    from fake_server.core.operations import Operation
    from fake_server.dialects.dialect import Dialect
    from fake_server.dialects.dialect_files import dialect_names
    from fake_server.engine.futures import ScriptedFuture
    from fake_server.engine.journal import Exchange, Journal
    from fake_server.engine.listener import Listener, Poll, Submission
    from fake_server.engine.tinker_api import FakeTinker, Unscripted
    from fake_server.http.http_server import FakeTinkerServer
    from fake_server.in_process.httpx_transport import FakeTinkerTransport
    from fake_server.in_process.respx_router import mounted
    from fake_server.script.builder import Exhausted, Script, ScriptBuilder
    from fake_server.script.holds import AtMost, Outage, at_most, outage
    from fake_server.script.rules import Rule, chance, every, nth
    from fake_server.script.script_data import decode_steps, encode_steps
    from fake_server.script.script_yaml import load_script_file
    from fake_server.script.steps import (
        Advance,
        Complete,
        Drop,
        Fail,
        FailCategory,
        Status,
        Timeout,
        TryAgain,
        Wired,
    )
    from fake_server.verify.poll_records import PollRecord
    from fake_server.verify.used_connections import UsedConnection
    from fake_server.verify.verified_tinker import VerifiedTinker

__all__ = [
    "Advance",
    "AtMost",
    "Complete",
    "Cut",
    "CutEnd",
    "Dialect",
    "Dribble",
    "Drop",
    "DropKind",
    "Exchange",
    "Exhausted",
    "Fail",
    "FailCategory",
    "FakeTinker",
    "FakeTinkerServer",
    "FakeTinkerTransport",
    "Journal",
    "Listener",
    "Operation",
    "Outage",
    "Poll",
    "PollRecord",
    "Problem",
    "ProblemKind",
    "RawBytes",
    "Refusal",
    "Reply",
    "Request",
    "Rule",
    "Script",
    "ScriptBuilder",
    "ScriptError",
    "ScriptViolation",
    "ScriptedFuture",
    "Status",
    "Submission",
    "Timeout",
    "TransportFault",
    "TryAgain",
    "Unscripted",
    "UsedConnection",
    "VerifiedTinker",
    "Wire",
    "Wired",
    "at_most",
    "chance",
    "decode_steps",
    "dialect_names",
    "encode_steps",
    "every",
    "load_script_file",
    "mounted",
    "nth",
    "outage",
]

__distribution__: Final = "tinker-conformance"
"""The name of the distribution that installs this package. The kit reads it to notice another module that is
also called ``fake_server``.
"""

_HOMES: Final = {
    "Advance": "script.steps",
    "Complete": "script.steps",
    "Cut": "core.faults",
    "CutEnd": "core.faults",
    "Dialect": "dialects.dialect",
    "Dribble": "core.faults",
    "Drop": "script.steps",
    "DropKind": "core.faults",
    "Exchange": "engine.journal",
    "Exhausted": "script.builder",
    "Fail": "script.steps",
    "FailCategory": "script.steps",
    "FakeTinker": "engine.tinker_api",
    "FakeTinkerServer": "http.http_server",
    "FakeTinkerTransport": "in_process.httpx_transport",
    "Journal": "engine.journal",
    "Listener": "engine.listener",
    "Operation": "core.operations",
    "Poll": "engine.listener",
    "PollRecord": "verify.poll_records",
    "Problem": "core.errors",
    "ProblemKind": "core.errors",
    "RawBytes": "core.faults",
    "Refusal": "core.faults",
    "Reply": "core.http_messages",
    "Request": "core.http_messages",
    "Rule": "script.rules",
    "Script": "script.builder",
    "ScriptBuilder": "script.builder",
    "ScriptError": "core.errors",
    "ScriptViolation": "core.errors",
    "ScriptedFuture": "engine.futures",
    "Status": "script.steps",
    "Submission": "engine.listener",
    "Timeout": "script.steps",
    "TransportFault": "core.http_messages",
    "TryAgain": "script.steps",
    "Unscripted": "engine.tinker_api",
    "UsedConnection": "verify.used_connections",
    "VerifiedTinker": "verify.verified_tinker",
    "Wire": "core.faults",
    "Wired": "script.steps",
    "AtMost": "script.holds",
    "Outage": "script.holds",
    "at_most": "script.holds",
    "chance": "script.rules",
    "dialect_names": "dialects.dialect_files",
    "decode_steps": "script.script_data",
    "every": "script.rules",
    "encode_steps": "script.script_data",
    "load_script_file": "script.script_yaml",
    "mounted": "in_process.respx_router",
    "nth": "script.rules",
    "outage": "script.holds",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fake_server' has no attribute {name!r}")
    return getattr(import_module(f"fake_server.{home}"), name)
