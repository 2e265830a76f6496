"""What the tests share: sessions of SDKs whose runs are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.shared_runs import SharedRuns, SharedSession


@pytest.fixture(scope="session")
def shared_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedRuns]:
    """Sessions of the reference and of releases whose runs all tests share, in every xdist worker."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # each worker has a folder of its own below that of the whole call
    runs = SharedRuns(folder / "shared-runs")
    yield runs
    runs.close()


@pytest.fixture(scope="session")
def reference(shared_runs: SharedRuns) -> SharedSession:
    """The reference, started when a test asks for a scenario that no test has run yet."""
    return shared_runs.reference()
