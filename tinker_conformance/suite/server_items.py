"""The pytest items of the probes of servers: one per probe, named by its id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tinker_conformance.server.probe import Probe
from tinker_conformance.server.probes import probes_of
from tinker_conformance.server.server_request import Pausing, ServerRequest
from tinker_conformance.server.server_run import ServerRun, open_server_run
from tinker_conformance.server.suite.server_chapter import ServerChapter
from tinker_conformance.server.target import DEFAULT_MAX_MINUTES, DEFAULT_MAX_REQUESTS, KEY_VARIABLE
from tinker_conformance.suite.items import RequirementItem, item_of
from tinker_conformance.suite.outlets import usage_error
from tinker_conformance.suite.pytest_options import (
    ALLOW_REMOTE,
    API_KEY,
    AS_OF,
    BASE_MODEL,
    KNOWN_FAILURES,
    MAX_MINUTES,
    MAX_REQUESTS,
    PAUSES_AT_MODELS,
    PAUSES_AT_SAMPLES,
    QUICK,
    RECORD_KNOWN_FAILURES,
    STRICT_QUIRKS,
    URL,
    SuiteOption,
    is_set,
    text_of,
    with_free_names,
)

_NO_URL: Final = "the suite of probes needs a server: add --tinker-url http://127.0.0.1:8000"
_RUN: Final = pytest.StashKey[ServerRun]()


def server_items_of(collector: pytest.Module, chapter: ServerChapter) -> Iterator[RequirementItem[Probe]]:
    """Yield one item for each probe of a chapter.

    Raises:
        pytest.UsageError: If the options name no usable server, file or version.
    """
    run = _run(collector.config)
    for probe in probes_of(chapter.name):
        if probe in run.asked:
            yield item_of(collector, probe, run)


def _run(config: pytest.Config) -> ServerRun:
    """Return the run of the pytest session against the server; the first call opens the run."""
    if _RUN not in config.stash:
        try:
            config.stash[_RUN] = open_server_run(_request(config))
        except (ValueError, RuntimeError) as error:
            raise usage_error(with_free_names(str(error), config)) from error
        config.add_cleanup(config.stash[_RUN].close)
    return config.stash[_RUN]


def _request(config: pytest.Config) -> ServerRequest:
    url = text_of(config, URL)
    if url is None:
        raise ValueError(_NO_URL)
    known, recorded = text_of(config, KNOWN_FAILURES), text_of(config, RECORD_KNOWN_FAILURES)
    return ServerRequest(
        url=url,
        api_key=text_of(config, API_KEY) or os.environ.get(KEY_VARIABLE),
        base_model=text_of(config, BASE_MODEL),
        quick=is_set(config, QUICK),
        max_requests=_number(config, MAX_REQUESTS) or DEFAULT_MAX_REQUESTS,
        max_minutes=_number(config, MAX_MINUTES) or DEFAULT_MAX_MINUTES,
        allow_remote=is_set(config, ALLOW_REMOTE),
        pausing=Pausing(models=_number(config, PAUSES_AT_MODELS), samples=_number(config, PAUSES_AT_SAMPLES)),
        as_of=text_of(config, AS_OF),
        known=None if known is None else Path(known),
        recorded=None if recorded is None else Path(recorded),
        strict=is_set(config, STRICT_QUIRKS),
    )


def _number(config: pytest.Config, option: SuiteOption) -> int | None:
    given = text_of(config, option)
    if given is None:
        return None
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"{option.long} is {given!r}; give a whole number from 1")
    return int(given)
