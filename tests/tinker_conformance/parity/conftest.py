from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinker_conformance.sdk.session import SdkSession
from tinker_conformance.sdk.spec import open_sdk

HERE = Path(__file__).parent


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], SdkSession]]:
    """Starts one of the SDKs in planted.py, by the name of its class."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    opened: list[SdkSession] = []

    def start(name: str) -> SdkSession:
        opened.append(open_sdk(f"python:planted:{name}"))
        return opened[-1]

    yield start
    for session in opened:
        session.close()
