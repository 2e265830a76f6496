"""What the official SDK makes of submissions that are sent again, and of what the service refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tinker_conformance.sdk.official.environments import lean_environment

PROGRAM = Path(__file__).with_name("protocol_program.py")


@pytest.fixture(scope="module", params=[pytest.param("0.6.3", marks=pytest.mark.slow), "0.38.0"])
def results(request: pytest.FixtureRequest) -> dict[str, Any]:
    environment = lean_environment(request.param)
    done = subprocess.run(
        [str(environment.python), str(PROGRAM)],
        env=environment.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"version": request.param}


@pytest.mark.slow
def test_a_submission_whose_reply_was_lost_is_sent_again_and_done_once(results: dict[str, Any]) -> None:
    lost = results["lost"]
    assert lost["lossy"] == lost["whole"] == sorted(lost["whole"], reverse=True)
    assert (lost["submissions"], lost["futures"]) == (6, 3)


@pytest.mark.parametrize(
    ("case", "error", "status", "words"),
    [
        ("name that exists", "ConflictError", 409, "Checkpoint 'x' already exists for model"),
        (
            "name of a sampler that exists",
            "ConflictError",
            409,
            "in sampler_weights. Please choose a different name",
        ),
        ("late load", "BadRequestError", 400, "LoadWeights is not permitted with seq_id"),
        ("sample of training weights", "RequestFailedError", None, "is a training checkpoint"),
        ("long prompt", "BadRequestError", 400, "exceeds the model's context window: 32768 prompt tokens"),
        ("nobody's checkpoint", "NotFoundError", 404, "no checkpoint was saved at 'tinker://nobody"),
        ("finished session", "APIStatusError", 410, "is finished; create another"),
        ("finished training", "APIStatusError", 410, "is finished; create another"),
    ],
)
def test_what_is_refused_raises_the_sdks_error(
    results: dict[str, Any], case: str, error: str, status: int | None, words: str
) -> None:
    name, found, text = results["refusals"][case]
    assert (name, found) == (error, status)
    assert words in text
    assert results["refusals"]["problems"] == []


def test_a_client_goes_on_after_a_refusal(results: dict[str, Any]) -> None:
    assert results["refusals"]["after a conflict"] == "y"
    assert results["refusals"]["another session"] is True


def test_a_sampler_is_named_by_its_session_and_number(results: dict[str, Any]) -> None:
    session, kind, number = results["refusals"]["sampler id"].split(":")
    assert (len(session), kind, number) == (36, "sample", "1")


def test_lengths_of_life_are_checked_and_kept(results: dict[str, Any]) -> None:
    if results["version"] == "0.6.3":
        assert "short ttl" not in results["refusals"]  # its methods have no such argument
        return
    assert results["refusals"]["short ttl"][:2] == ["BadRequestError", 400]
    assert results["refusals"]["expired checkpoint"][0] == "RequestFailedError"
    assert results["refusals"]["expired path"][:2] == ["NotFoundError", 404]


def test_copies_of_a_sampling_client_draw_samples_of_their_own(results: dict[str, Any]) -> None:
    if results["version"] == "0.6.3":
        assert "clones" not in results  # its clients have no handles
        return
    samples = results["clones"]["samples"]
    assert len({tuple(each) for each in samples}) == 4
    assert results["clones"]["polled"] is True
    assert results["clones"]["problems"] == []
