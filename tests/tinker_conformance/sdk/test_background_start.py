"""An SDK that starts while something else goes on."""

import threading
from typing import Any, cast

import pytest

from tinker_conformance.sdk.background_start import StartsEarly
from tinker_conformance.sdk.session import SdkSession


class Session:
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_it_starts_before_anybody_asks_and_closes_with_the_block() -> None:
    started, session = threading.Event(), Session()

    def start() -> SdkSession:
        started.set()
        return cast("SdkSession", session)

    with StartsEarly(start) as early:
        assert started.wait(5)
        assert early.ready() is cast("Any", session)
        assert session.closed == 0
    assert session.closed == 1


def test_a_failure_to_start_is_raised_to_each_caller_and_hides_no_other() -> None:
    def start() -> SdkSession:
        message = "no SDK"
        raise RuntimeError(message)

    with StartsEarly(start) as early, pytest.raises(RuntimeError, match="no SDK"):
        early.ready()
    with pytest.raises(KeyError), StartsEarly(start):
        raise KeyError
