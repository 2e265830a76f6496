"""Times in the names that programs give their sessions are found; other numbers are not taken for times."""

import time
import uuid
from datetime import UTC, datetime

import pytest

from fake_server.service.times_in_names import without_times

NOW = datetime(2026, 11, 30, 7, 35, 9, 123456, tzinfo=UTC)
LATER = datetime(2027, 1, 2, 23, 59, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    "form",
    [
        "run-%Y-%m-%d-%H-%M",
        "run %Y-%m-%d %H:%M:%S",
        "%Y%m%d_%H%M%S",
        "%Y%m%d",
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%S.%fZ",
        "%Y-%m-%dT%H:%M:%S%z",
        "run at %H:%M of lr 1e-5",
    ],
)
def test_forms_of_dates_and_times(form):
    assert without_times(NOW.strftime(form)) == without_times(LATER.strftime(form)) != NOW.strftime(form)
    assert without_times({"began": [NOW.isoformat()]}) == without_times({"began": [LATER.isoformat()]})


def test_seconds_since_1970_and_uuids():
    seconds = time.time()
    for one, other in (
        (seconds, seconds + 9.5),
        (int(seconds), int(seconds) + 9),
        (f"run-{int(seconds * 1000)}", f"run-{int(seconds * 1000) + 7}"),
        (f"run-{uuid.uuid4()}", f"run-{uuid.uuid4()}"),
        (uuid.uuid4().hex, uuid.uuid4().hex),
    ):
        assert without_times(one) == without_times(other)


@pytest.mark.parametrize(
    "name", ["worker-1", "Qwen3-8B-32rank-1e-05lr-4group-2batch-seed0", "1024", 7, 0.5, True, None, "0.6.1"]
)
def test_other_numbers_stay(name):
    assert without_times(name) == name
    assert without_times([name, {"a": name}]) == [name, {"a": name}]
