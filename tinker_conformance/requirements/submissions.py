"""Requirements on requests that the server does not accept: when an SDK sends them again or gives up."""

from __future__ import annotations

from typing import Final

from fake_server.core.operations import Operation
from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.checks.submission_delays import within_the_waits
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements.conditions import (
    asks_client_config,
    creates_a_session,
    does_not,
    ends_on_402,
    keeps_the_number_of_a_sample,
    numbers_its_submissions,
    pauses_on_402,
    retries_an_empty_400,
)
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import OFFICIAL_PLUMBING, RETRIES, SAMPLING, TRAINING

_MEASURED: Final = "official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, measured"


def _of_each_client(scenario: str) -> tuple[str, ...]:
    return tuple(f"{scenario}-{kind.replace('_', '-')}" for kind in ClientKind)


REQUIREMENTS: Final = (
    Requirement(
        id="submissions.sent_again",
        sentence=(
            "After a 408, 409, 429 or 5xx, or a lost reply, a submission is sent again until it is accepted."
        ),
        source=_MEASURED,
        scenarios=_of_each_client("submission-refused"),
        check=same(seen.submissions, seen.outcomes),
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.refused",
        sentence="A 400, 401, 403, 404 or 422 ends a submission: the future ends with an error.",
        source=_MEASURED,
        scenarios=_of_each_client("submission-ends"),
        check=same(seen.submissions, seen.poll_counts, seen.outcomes),
    ),
    Requirement(
        id="submissions.malformed",
        sentence="If the reply that accepts a submission has no id to poll, the future ends with an error.",
        source=_MEASURED,
        scenarios=_of_each_client("submission-malformed"),
        level=Level.QUIRK,
        check=same(seen.submissions, seen.poll_counts, seen.outcomes),
    ),
    Requirement(
        id="submissions.redirect",
        sentence="A submission follows a 307 or 308 redirect with the same method and body.",
        source=_MEASURED,
        scenarios=_of_each_client("submission-redirect"),
        level=Level.QUIRK,
        check=same(seen.submissions, seen.outcomes),
    ),
    Requirement(
        id="submissions.no_pause",
        sentence="A 408 in reply to a submission is not a pause, whatever its body says.",
        source=_MEASURED,
        scenarios=_of_each_client("submission-refused"),
        check=same(seen.notified_states, seen.line_times),
    ),
    Requirement(
        id="submissions.payment_ends",
        sentence="A 402 ends a submission: the future ends with an error.",
        source="official SDK 0.1.0 to 0.19.0",
        scenarios=_of_each_client("submission-unpaid"),
        check=same(seen.submissions, seen.outcomes),
        holds=ends_on_402,
    ),
    Requirement(
        id="submissions.payment_pauses",
        sentence=(
            "After a 402, a sample is sent again after 1 s and a training operation after 5 s; the creation "
            "of a model fails."
        ),
        source="official SDK since 0.20.0, measured",
        scenarios=_of_each_client("submission-unpaid"),
        check=within_the_waits,
        holds=pauses_on_402,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.delays",
        sentence=(
            "A sample is sent again after 1, 2, 4 … 30 s; other requests after 0.5, 1, 2 … 10 s, each "
            "shortened at random by up to a quarter."
        ),
        source="official SDK; since 0.18.0 what saves weights waits like a sample",
        scenarios=tuple(f"submission-delays-{operation.replace('_', '-')}" for operation in Operation),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.too_many_requests",
        sentence="After a 429, a sample waits 1 s, and its back-off starts again at 1 s.",
        source=_MEASURED,
        scenarios=("submission-too-many-requests-sampling",),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.after_ten_retries",
        sentence=(
            "After ten retries, a training operation waits 1 s and its back-off starts again; the creation "
            "of a model fails."
        ),
        source=_MEASURED,
        scenarios=("submission-many-training", "submission-many-model-creation"),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.after_five_minutes",
        sentence=(
            "After five minutes of retries, a sample waits 0.5 s (plus or minus a quarter, at random) and "
            "its back-off starts again."
        ),
        source=_MEASURED,
        scenarios=("submission-limit-sampling",),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.retry_after",
        sentence=(
            "A training operation and the creation of a model wait as long as `Retry-After` says, up to a "
            "minute; a sample ignores the header."
        ),
        source=_MEASURED,
        scenarios=_of_each_client("submission-retry-after"),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.should_retry",
        sentence="A training operation and the creation of a model obey the header `x-should-retry`.",
        source=_MEASURED,
        scenarios=("submission-should-retry-training", "submission-should-retry-model-creation"),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.empty_bad_request_ends",
        sentence="A 400 without a body ends a submission, as other 400s do.",
        source="official SDK 0.1.0 to 0.16.0",
        scenarios=_of_each_client("submission-empty-400"),
        check=same(seen.submissions, seen.outcomes),
        holds=does_not(retries_an_empty_400),
        level=Level.QUIRK,
    ),
    Requirement(
        id="submissions.empty_bad_request",
        sentence="After a 400 without a body, a submission is sent again, but the creation of a model fails.",
        source="official SDK since 0.16.1",
        scenarios=_of_each_client("submission-empty-400"),
        check=same(seen.submissions, seen.outcomes),
        holds=retries_an_empty_400,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.same_number",
        sentence="A training operation keeps its `seq_id` when it is sent again.",
        source=_MEASURED,
        scenarios=("submission-refused-training",),
        check=same(seen.repeated_numbers),
        holds=numbers_its_submissions,
        level=Level.QUIRK,
        needs=TRAINING | RETRIES,
    ),
    Requirement(
        id="submissions.same_number_of_a_sample",
        sentence="A sample keeps its `seq_id` when it is sent again.",
        source="official SDK since 0.21.0",
        scenarios=("submission-refused-sampling",),
        check=same(seen.repeated_numbers),
        holds=keeps_the_number_of_a_sample,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.session",
        sentence=(
            "A request that creates a session or a sampling session is sent again, as other submissions are."
        ),
        source="official SDK since 0.3.0, measured",
        scenarios=("setup-refused",),
        check=same(seen.submissions, seen.outcomes),
        holds=creates_a_session,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.session_lines",
        sentence=(
            "A warning or an error message in the reply to `create_session` is logged, at level warning or "
            "error."
        ),
        source="official SDK since 0.3.0; 0.6.3 and 0.38.0, measured",
        scenarios=("setup-messages",),
        check=same(seen.session_lines),
        holds=creates_a_session,
        needs=SAMPLING | OFFICIAL_PLUMBING,
    ),
    Requirement(
        id="submissions.delays_of_a_session",
        sentence=(
            "A request that creates a session or a sampling session is sent again after the same delays as a "
            "training operation."
        ),
        source="official SDK since 0.3.0, measured",
        scenarios=("setup-refused",),
        check=within_the_waits,
        holds=creates_a_session,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.delays_of_the_config",
        sentence=(
            "The request for the client's configuration is sent again after the same delays as a training "
            "operation."
        ),
        source="official SDK since 0.18.0, measured",
        scenarios=("setup-config-refused",),
        check=within_the_waits,
        holds=asks_client_config,
        level=Level.QUIRK,
        needs=SAMPLING | OFFICIAL_PLUMBING | RETRIES,
    ),
)
