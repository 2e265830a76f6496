"""What an SDK does with a request that the server does not accept: it sends it again, or gives up."""

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

_DRIVEN: Final = "official SDK 0.1.0, 0.6.3, 0.20.0 and 0.38.0, driven"


def _of_each_client(scenario: str) -> tuple[str, ...]:
    return tuple(f"{scenario}-{kind.replace('_', '-')}" for kind in ClientKind)


REQUIREMENTS: Final = (
    Requirement(
        id="submissions.sent_again",
        sentence=(
            "After a 408, 409, 429 or 5xx, and if its reply is lost, a submission is sent again until it is "
            "accepted."
        ),
        source=_DRIVEN,
        scenarios=_of_each_client("submission-refused"),
        check=same(seen.submissions, seen.outcomes),
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.refused",
        sentence="A 400, 401, 403, 404 or 422 ends a submission: the future ends with an error.",
        source=_DRIVEN,
        scenarios=_of_each_client("submission-ends"),
        check=same(seen.submissions, seen.poll_counts, seen.outcomes),
    ),
    Requirement(
        id="submissions.malformed",
        sentence="A reply that accepts a submission without an id to poll ends the future with an error.",
        source=_DRIVEN,
        scenarios=_of_each_client("submission-malformed"),
        level=Level.QUIRK,
        check=same(seen.submissions, seen.poll_counts, seen.outcomes),
    ),
    Requirement(
        id="submissions.redirect",
        sentence="A submission follows a 307 and a 308 with its method and its body.",
        source=_DRIVEN,
        scenarios=_of_each_client("submission-redirect"),
        level=Level.QUIRK,
        check=same(seen.submissions, seen.outcomes),
    ),
    Requirement(
        id="submissions.no_pause",
        sentence="A 408 that refuses a submission is no pause, whatever its body says.",
        source=_DRIVEN,
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
            "After a 402 a sample is sent again after one second and a training operation after five; the "
            "creation of a model ends."
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
            "A sample is sent again after 1, 2, 4 … 30 s; another request after 0.5, 1, 2 … 10 s, less up "
            "to a random quarter."
        ),
        source="official SDK; since 0.18.0 what saves weights waits like a sample",
        scenarios=tuple(f"submission-delays-{operation.replace('_', '-')}" for operation in Operation),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.too_many_requests",
        sentence="After each 429 a sample waits 1 s, and its other waits begin at 1 s again.",
        source=_DRIVEN,
        scenarios=("submission-too-many-requests-sampling",),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.after_ten_retries",
        sentence=(
            "After ten retries a training operation waits 1 s and begins with the first delay again; the "
            "creation of a model ends."
        ),
        source=_DRIVEN,
        scenarios=("submission-many-training", "submission-many-model-creation"),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.after_five_minutes",
        sentence="After five minutes a sample starts over: half a second later, plus or minus a quarter.",
        source=_DRIVEN,
        scenarios=("submission-limit-sampling",),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.retry_after",
        sentence=(
            "A training operation and the creation of a model wait as long as `Retry-After` says, up to a "
            "minute; a sample does not."
        ),
        source=_DRIVEN,
        scenarios=_of_each_client("submission-retry-after"),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.should_retry",
        sentence="A training operation and the creation of a model do as the header `x-should-retry` says.",
        source=_DRIVEN,
        scenarios=("submission-should-retry-training", "submission-should-retry-model-creation"),
        check=within_the_waits,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.empty_bad_request_ends",
        sentence="A 400 without a body ends a submission too.",
        source="official SDK 0.1.0 to 0.16.0",
        scenarios=_of_each_client("submission-empty-400"),
        check=same(seen.submissions, seen.outcomes),
        holds=does_not(retries_an_empty_400),
        level=Level.QUIRK,
    ),
    Requirement(
        id="submissions.empty_bad_request",
        sentence="After a 400 without a body a submission is sent again; the creation of a model ends.",
        source="official SDK since 0.16.1",
        scenarios=_of_each_client("submission-empty-400"),
        check=same(seen.submissions, seen.outcomes),
        holds=retries_an_empty_400,
        level=Level.QUIRK,
        needs=RETRIES,
    ),
    Requirement(
        id="submissions.same_number",
        sentence="A training operation that is sent again has the same `seq_id`.",
        source=_DRIVEN,
        scenarios=("submission-refused-training",),
        check=same(seen.repeated_numbers),
        holds=numbers_its_submissions,
        level=Level.QUIRK,
        needs=TRAINING | RETRIES,
    ),
    Requirement(
        id="submissions.same_number_of_a_sample",
        sentence="A sample that is sent again has the same `seq_id`.",
        source="official SDK since 0.21.0",
        scenarios=("submission-refused-sampling",),
        check=same(seen.repeated_numbers),
        holds=keeps_the_number_of_a_sample,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.session",
        sentence="What creates a session or a sampling session is sent again like a submission.",
        source="official SDK since 0.3.0, driven",
        scenarios=("setup-refused",),
        check=same(seen.submissions, seen.outcomes),
        holds=creates_a_session,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.session_lines",
        sentence="A warning and an error in the reply that creates a session are logged at their levels.",
        source="official SDK since 0.3.0; 0.6.3 and 0.38.0, driven",
        scenarios=("setup-messages",),
        check=same(seen.session_lines),
        holds=creates_a_session,
        needs=SAMPLING | OFFICIAL_PLUMBING,
    ),
    Requirement(
        id="submissions.delays_of_a_session",
        sentence="Those requests wait as a training operation does.",
        source="official SDK since 0.3.0, driven",
        scenarios=("setup-refused",),
        check=within_the_waits,
        holds=creates_a_session,
        level=Level.QUIRK,
        needs=SAMPLING | RETRIES,
    ),
    Requirement(
        id="submissions.delays_of_the_config",
        sentence="The request for the client's configuration waits as a training operation does.",
        source="official SDK since 0.18.0, driven",
        scenarios=("setup-config-refused",),
        check=within_the_waits,
        holds=asks_client_config,
        level=Level.QUIRK,
        needs=SAMPLING | OFFICIAL_PLUMBING | RETRIES,
    ),
)
