"""What a fixture could leave behind in this process, by kind."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gc
import logging
import os
import socket
import threading
import time
from pathlib import Path

import freezegun.api
import httpx
from respx.mocks import HTTPXMocker


def state() -> dict[str, object]:
    """Everything as it is now; two states are compared kind by kind."""
    return {
        "clocks": (time.time, time.monotonic, time.perf_counter, time.sleep, time.time_ns),
        "dates": (datetime.datetime, datetime.date),
        "freezers": list(freezegun.api.freeze_factories),
        "freezegun": (freezegun.api._get_fake_monotonic, freezegun.api.call_stack_inspection_limit),
        "loops": (asyncio.SelectorEventLoop.time, asyncio.new_event_loop),
        "transports": (httpx.Client._transport_for_url, httpx.AsyncClient._transport_for_url),
        "routers": list(HTTPXMocker.routers),
        "threads": {thread for thread in threading.enumerate() if thread.is_alive()},
        "processes": _children(),
        "ports": _listening(),
        "environment": {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "handlers": _handlers(),
        "levels": {logger.name: logger.level for logger in _loggers() if logger.level},
    }


def changed(before: dict[str, object], after: dict[str, object]) -> set[str]:
    """The kinds in which two states differ."""
    return {kind for kind in before if before[kind] != after[kind]}


def _loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logging.getLogger(), *(each for each in known if isinstance(each, logging.Logger))]


def _handlers() -> list[tuple[str, logging.Handler]]:
    return [
        (logger.name, handler)
        for logger in _loggers()
        for handler in logger.handlers
        if not type(handler).__module__.startswith("_pytest")
    ]


def _listening() -> set[object]:
    found: set[object] = set()
    for each in gc.get_objects():
        if type(each) is socket.socket and each.fileno() != -1:
            with contextlib.suppress(OSError):
                if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.add(each.getsockname())
    return found


def _children() -> set[str]:
    files = Path("/proc/self/task").glob("*/children")
    return {child for file in files for child in file.read_text().split()}
