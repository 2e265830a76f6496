"""An engine, and a way to ask it, for each test."""

import pytest

from fake_server import FakeTinker
from tests.fake_server.asking import TRANSPORTS, Asker, Transport


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    return TRANSPORTS[request.param]


@pytest.fixture
def engine() -> FakeTinker:
    return FakeTinker()


@pytest.fixture
def ask(engine: FakeTinker) -> Asker:
    return Asker(engine)
