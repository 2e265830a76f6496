"""The engine: the fake Tinker API without a transport.

A ``Request`` goes in; a ``Reply`` or a ``TransportFault`` comes out. The engine follows the scripts of tests,
keeps the futures and a journal of all requests, and notifies a ``Listener`` of submissions, polls and clock
steps.
"""

from __future__ import annotations

from fake_server.core.errors import BodyError
from fake_server.engine.explanations import unfinished_script
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.journal import Exchange, Journal
from fake_server.engine.listener import Listener, Poll, Submission
from fake_server.engine.request_decoding import decode_request
from fake_server.engine.results import result_body
from fake_server.engine.tinker_api import POLL_PATH, FakeTinker, Unscripted

__all__ = [
    "POLL_PATH",
    "BodyError",
    "Exchange",
    "FakeTinker",
    "Journal",
    "Listener",
    "Poll",
    "ScriptedFuture",
    "Submission",
    "Unscripted",
    "decode_request",
    "result_body",
    "unfinished_script",
]
