"""A fake Tinker service whose replies are scripted.

One engine, ``FakeTinker``, behind several faces: mounted on respx, as an httpx transport, on a loopback
socket, and as the program ``python -m fake_server``. Importing this package loads no HTTP library; a face is
loaded when it is named. The functions that write scripts (``script``, ``timeout``, ``complete``, …) are in
``fake_server.script``.

PYTEST_DONT_REWRITE: the kit's pytest plugin must not make pytest warn a process that imported this first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fake_server.errors import Problem, ProblemKind, ScriptError, ScriptViolation
    from fake_server.faults import Cut, CutEnd, Dribble, DropKind, RawBytes, Refusal, Wire
    from fake_server.futures import ScriptedFuture
    from fake_server.http_server import FakeTinkerServer
    from fake_server.httpx_transport import FakeTinkerTransport
    from fake_server.journal import Exchange, Journal
    from fake_server.listener import Listener, Poll, Submission
    from fake_server.messages import Reply, Request, TransportFault
    from fake_server.operations import Operation
    from fake_server.polls import PollRecord
    from fake_server.respx_router import mounted
    from fake_server.rules import Rule, chance, every, nth
    from fake_server.script import Exhausted, Script, ScriptBuilder
    from fake_server.script_data import decode_steps, encode_steps
    from fake_server.script_yaml import load_script_file
    from fake_server.steps import (
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
    from fake_server.tinker_api import FakeTinker, Unscripted
    from fake_server.used_connections import UsedConnection
    from fake_server.verification import VerifiedTinker

__all__ = [
    "Advance",
    "Complete",
    "Cut",
    "CutEnd",
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
    "chance",
    "decode_steps",
    "encode_steps",
    "every",
    "load_script_file",
    "mounted",
    "nth",
]

__distribution__: Final = "tinker-conformance"
"""Tells this package from other modules of the same name."""

_HOMES: Final = {
    "Advance": "steps",
    "Complete": "steps",
    "Cut": "faults",
    "CutEnd": "faults",
    "Dribble": "faults",
    "Drop": "steps",
    "DropKind": "faults",
    "Exchange": "journal",
    "Exhausted": "script",
    "Fail": "steps",
    "FailCategory": "steps",
    "FakeTinker": "tinker_api",
    "FakeTinkerServer": "http_server",
    "FakeTinkerTransport": "httpx_transport",
    "Journal": "journal",
    "Listener": "listener",
    "Operation": "operations",
    "Poll": "listener",
    "PollRecord": "polls",
    "Problem": "errors",
    "ProblemKind": "errors",
    "RawBytes": "faults",
    "Refusal": "faults",
    "Reply": "messages",
    "Request": "messages",
    "Rule": "rules",
    "Script": "script",
    "ScriptBuilder": "script",
    "ScriptError": "errors",
    "ScriptViolation": "errors",
    "ScriptedFuture": "futures",
    "Status": "steps",
    "Submission": "listener",
    "Timeout": "steps",
    "TransportFault": "messages",
    "TryAgain": "steps",
    "Unscripted": "tinker_api",
    "UsedConnection": "used_connections",
    "VerifiedTinker": "verification",
    "Wire": "faults",
    "Wired": "steps",
    "chance": "rules",
    "decode_steps": "script_data",
    "every": "rules",
    "encode_steps": "script_data",
    "load_script_file": "script_yaml",
    "mounted": "respx_router",
    "nth": "rules",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fake_server' has no attribute {name!r}")
    return getattr(import_module(f"fake_server.{home}"), name)
