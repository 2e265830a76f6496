"""Futures that their caller gives up."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import every, polls_whole_sessions, reports_cancellations
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CANCELLATION, SESSION_POLLING

_DRIVEN: Final = "official SDK 0.26.0, 0.36.0 and 0.38.0, driven"

REQUIREMENTS: Final = (
    Requirement(
        id="cancellation.stops_polling",
        sentence="A future that its caller gives up is not polled any more.",
        source=_DRIVEN,
        scenarios=("cancellation-sampling", "cancellation-training"),
        check=same(seen.poll_counts, seen.outcomes),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.sent",
        sentence=(
            "Where the server's configuration asks for it, `cancel_future` names each sample given up."
        ),
        source=_DRIVEN,
        scenarios=("cancellation-sampling",),
        check=same(seen.cancellations),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.not_sent",
        sentence="Where the server's configuration does not ask for it, no cancellation is sent.",
        source=_DRIVEN,
        scenarios=("cancellation-off",),
        check=same(seen.cancellations),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.not_of_training",
        sentence="No cancellation of a training operation is sent.",
        source=_DRIVEN,
        scenarios=("cancellation-training",),
        check=same(seen.cancellations),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.sent_again",
        sentence="After a 5xx, or if the reply is lost, a cancellation is sent again after 1, 2, 4 … 30 s.",
        source=_DRIVEN,
        scenarios=("cancellation-refused",),
        check=same(seen.cancellation_times),
        holds=reports_cancellations,
        level=Level.QUIRK,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.others_go_on",
        sentence="The samples that wait for their session together with it end with their results.",
        source="official SDK 0.27.1, 0.36.0 and 0.38.0, driven",
        scenarios=("cancellation-of-a-session",),
        check=same(seen.cancellations, seen.outcomes),
        holds=every(reports_cancellations, polls_whole_sessions),
        needs=CANCELLATION | SESSION_POLLING,
    ),
)
