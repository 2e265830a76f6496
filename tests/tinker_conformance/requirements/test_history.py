"""Releases across the history: each conforms to its own revision, and fails its neighbours' in a known few.

The tables are written by hand, from the list of what each revision changed.
"""

from __future__ import annotations

import pytest

from tests.support.shared_runs import SharedRuns, SharedSession
from tinker_conformance.judging.judge import Judge, Verdict
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.profile.releases import profile_for
from tinker_conformance.requirements import REQUIREMENTS
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.session import SdkSession

RELEASES = ("0.1.0", "0.5.0", "0.6.3", "0.9.0", "0.15.0", "0.20.0", "0.22.7", "0.36.0", "0.38.0")
_ASKED_BY_45_S = "polling.read_timeout"
"""The official SDK has a timeout that cannot be set: `polling.late_reply` asks about its 45 s."""
_NOT_IN_ALL = {"functions", "session_polling", "cancellation", "checkpoints"}
"""Chapters about what no release has, or only some."""
QUICK_RELEASES = ("0.38.0",)
"""Those that `make test` drives, whose runs other tests share; CI drives all."""

_NO_CREATION = {
    "reasons.model_creation",
    "reasons.model_creation_unknown",
    "reasons.of_the_server_for_creation",
    "messages.model_creation_verb",
    "messages.model_creation_identifier",
    "messages.model_creation_text",
    "messages.model_creation_level",
    "messages.any_creation_identifier",
    "debounce.separate_creations",
    "wiring.create_model",
}
_NO_BUDGET = {
    "polling.bad_request_budget",
    "polling.bad_request_refill_by_any_408",
}
_NO_BILLING = {
    "polling.payment_pauses",
    "polling.payment_limit",
    "polling.payment_forgotten",
    "polling.payment_line",
    "submissions.payment_pauses",
}
_POLLS_AS_0_20 = {
    "polling.too_many_requests_backs_off",
    "polling.back_off_reset_by_any_reply",
    "polling.bad_request_refill",
    "polling.status_line",
    "polling.budget_line",
    "polling.result_in_json",
    "submissions.delays",
    "submissions.same_number_of_a_sample",
}
_POLLS_AS_0_21 = {
    "polling.too_many_requests_ends",
    "polling.back_off_goes_on",
    "polling.bad_request_refill_by_any_408",
    "polling.status_line",
    "polling.budget_line",
}
_NO_SECOND_GATE = {
    "parsing.containers_end_the_poll",
    "parsing.containers_are_silent",
    "trigger.try_again",
    "trigger.every_try_again",
    "trigger.try_again_gate",
    "callback.error_ends_the_poll",
    "callback.reason",
    "reasons.of_the_server",
}
_TRY_AGAIN_TELLS = {
    "trigger.not_try_again",
    "callback.reason",
    "reasons.of_the_server",
}
_OTHER_TIMES_OF_TRAINING = {
    "concurrency.training_on_threads",
    "debounce.across_forward",
    "debounce.across_forward_backward",
    "debounce.across_optim_step",
    "debounce.separate_training_clients",
    "debounce.across_load_state",
    "debounce.across_save_state",
    "debounce.across_save_weights_for_sampler",
    "debounce.across_states",
    "debounce.active",
    "debounce.begins_at_the_line",
    "debounce.boundary",
    "debounce.clock_stepping_back",
    "debounce.first_pause_logs",
    "debounce.fraction",
    "debounce.wall_clock",
    "debounce.within_a_minute",
    "debounce.after_2038",
    "debounce.after_a_long_run",
    "debounce.any_time_of_day",
    "debounce.long_uptime",
    "debounce.summer_time",
    "reasons.any_text",
}
_NO_GRACE = {
    "grace.boundary",
    "grace.then_once_a_minute",
    "grace.change_of_state",
    "grace.active",
    "grace.completion",
    "grace.monotonic_clock",
    "grace.model_creation",
    "callback.active_on_completion",
    "callback.error_at_the_end",
    "concurrency.grace",
} | _OTHER_TIMES_OF_TRAINING

_LOADED_INTO_A_NEW_MODEL = {"checkpoints.into_a_new_model", "checkpoints.pause", "checkpoints.failure"}
_CREATED_BY_THE_LOAD = {"checkpoints.in_one_request", "checkpoints.pause", "checkpoints.failure"}

NEIGHBOURS: dict[tuple[str, str], set[str]] = {
    # The sampler was named by its model's path; a failure had another error; half an hour of patience.
    ("0.1.0", "tinker-0.5.1"): {
        "messages.any_sampling_identifier",
        "requests.client_of_a_sample",
        "requests.numbers_of_samples",
        "requests.numbers_of_training",
        "messages.sampling_identifier",
        "messages.sampling_text",
        "polling.error_line",
        "polling.failure_time",
        "polling.gives_up",
        "submissions.delays_of_a_session",
        "submissions.session",
        "submissions.session_lines",
    },
    ("0.5.0", "tinker-0.5.1"): {
        "messages.any_sampling_identifier",
        "messages.sampling_identifier",
        "messages.sampling_text",
        "polling.gives_up",
    },
    ("0.6.3", "tinker-0.1"): {
        "messages.any_sampling_identifier",
        "messages.sampling_identifier",
        "messages.sampling_text",
        "wiring.sample",
        "wiring.compute_logprobs",
        "polling.gives_up",
    },
    # The callback had one argument; other texts; the server's reason was not shown.
    ("0.6.3", "tinker-0.7"): {
        "checkpoints.pause",
        "reasons.any_text",
        "callback.reason",
        "reasons.sampling",
        "reasons.training",
        "reasons.of_the_server",
        "messages.sampling_text",
        "messages.training_text",
    },
    ("0.9.0", "tinker-0.5.1"): {
        "checkpoints.pause",
        "reasons.sampling",
        "reasons.training",
        "reasons.not_of_the_server",
        "messages.sampling_text",
        "messages.training_text",
    },
    # Creation was not observed; training said it in another order; polling changed thrice until 0.20.
    ("0.9.0", "tinker-0.10"): _NO_CREATION
    | _NO_BUDGET
    | _NO_BILLING
    | {
        "checkpoints.pause",
        "messages.training_text",
        "polling.announced_result",
        "polling.failure_time",
        "requests.metadata_only",
        "submissions.delays",
        "submissions.delays_of_the_config",
        "submissions.empty_bad_request",
    },
    ("0.15.0", "tinker-0.7"): {
        "checkpoints.pause",
        "messages.training_verb",
        "messages.training_text",
        "polling.bad_request_ends",
    },
    ("0.15.0", "tinker-0.21"): _NO_SECOND_GATE
    | _NO_BILLING
    | _POLLS_AS_0_20
    | {
        "polling.failure_time",
        "requests.content_of_forward",
        "submissions.delays_of_the_config",
        "submissions.empty_bad_request",
    },
    ("0.20.0", "tinker-0.7"): {
        "checkpoints.pause",
        "messages.training_verb",
        "messages.training_text",
        "polling.bad_request_ends",
        "polling.payment_ends",
        "polling.failure_time",
        "submissions.delays",
        "submissions.empty_bad_request_ends",
        "submissions.payment_ends",
    },
    ("0.20.0", "tinker-0.21"): _NO_SECOND_GATE | _POLLS_AS_0_20 | {"requests.content_of_forward"},
    ("0.22.7", "tinker-0.10"): _POLLS_AS_0_21 | _TRY_AGAIN_TELLS | {"parsing.containers_are_unknown"},
    # Samples were still taken in JSON.
    ("0.22.7", "tinker-0.38"): _NO_GRACE
    | _CREATED_BY_THE_LOAD
    | {"polling.result_in_json", "requests.content_of_forward", "submissions.delays"},
    ("0.36.0", "tinker-0.10"): _POLLS_AS_0_21
    | _TRY_AGAIN_TELLS
    | {
        "parsing.containers_are_unknown",
        "requests.content_of_forward",
        "submissions.delays",
    },
    ("0.36.0", "tinker-0.38"): _NO_GRACE | _CREATED_BY_THE_LOAD | {"debounce.across_save_weights_external"},
    # A raising observer, notified of ACTIVE at the end, ends the poll there.
    ("0.38.0", "tinker-0.21"): {
        "callback.nothing_on_completion",
        "callback.error_is_swallowed",
        "debounce.training",
        "debounce.separate_creations",
        "debounce.across_save_weights_external",
    }
    | _OTHER_TIMES_OF_TRAINING
    | _LOADED_INTO_A_NEW_MODEL,
}
"""By release and the profile of a neighbouring revision: every requirement that must fail, and no other."""


def _slow(release: str) -> tuple[pytest.MarkDecorator, ...]:
    return () if release in QUICK_RELEASES else (pytest.mark.slow,)


@pytest.fixture
def release(request: pytest.FixtureRequest, shared_runs: SharedRuns) -> SharedSession:
    return shared_runs.release(request.param)


def _failed(sdk: SdkSession, reference: SdkSession, profile: Profile) -> set[str]:
    judge = Judge(sdk, lambda: reference, profile, shipped_scenarios())
    judgements = [judge.judge(required) for required in REQUIREMENTS if required.holds(profile)]
    judge.close()
    unclaimed = [j for j in judgements if j.verdict is Verdict.NOT_CLAIMED]
    assert all(
        j.requirement.chapter in _NOT_IN_ALL or "operation" in j.note or j.requirement.id == _ASKED_BY_45_S
        for j in unclaimed
    )
    return {j.requirement.id for j in judgements if j.verdict not in {Verdict.PASSED, Verdict.NOT_CLAIMED}}


@pytest.mark.parametrize(
    "release", [pytest.param(release, marks=_slow(release)) for release in RELEASES], indirect=True
)
def test_a_release_conforms_to_its_own_revision(release: SharedSession, reference: SdkSession) -> None:
    assert _failed(release, reference, profile_for(release.info.version)) == set()


@pytest.mark.parametrize(
    ("release", "profile", "expected"),
    [
        pytest.param(release, profile, expected, marks=_slow(release), id=f"{release}-under-{profile}")
        for (release, profile), expected in NEIGHBOURS.items()
    ],
    indirect=["release"],
)
def test_a_release_fails_its_neighbours_in_exactly_the_table(
    release: SharedSession, reference: SdkSession, profile: str, expected: set[str]
) -> None:
    assert _failed(release, reference, load_profile(profile)) == expected
