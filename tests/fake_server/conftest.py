"""An engine, and a way to ask it, for each test."""

import pytest

from fake_server import FakeTinker
from tests.fake_server.asking import FACES, Asker, Face


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Face:
    return FACES[request.param]


@pytest.fixture
def engine() -> FakeTinker:
    return FakeTinker()


@pytest.fixture
def ask(engine: FakeTinker) -> Asker:
    return Asker(engine)
