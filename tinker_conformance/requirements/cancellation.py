"""Requirements on futures that their caller gives up: how the server is told."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import every, polls_whole_sessions, reports_cancellations
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CANCELLATION, SESSION_POLLING

_MEASURED: Final = "official SDK 0.26.0, 0.36.0 and 0.38.0, measured"

REQUIREMENTS: Final = (
    Requirement(
        id="cancellation.stops_polling",
        sentence="A future that its caller gives up is no longer polled.",
        source=_MEASURED,
        scenarios=("cancellation-sampling", "cancellation-training"),
        check=same(seen.poll_counts, seen.outcomes),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.sent",
        sentence=(
            "If the server's configuration asks for it, `cancel_future` is sent for each sample that its "
            "caller gives up."
        ),
        source=_MEASURED,
        scenarios=("cancellation-sampling",),
        check=same(seen.cancellations),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.not_sent",
        sentence="If the server's configuration does not ask for it, no cancellation is sent.",
        source=_MEASURED,
        scenarios=("cancellation-off",),
        check=same(seen.cancellations),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.not_of_training",
        sentence="No cancellation is sent for a training operation.",
        source=_MEASURED,
        scenarios=("cancellation-training",),
        check=same(seen.cancellations),
        holds=reports_cancellations,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.sent_again",
        sentence="After a 5xx or a lost reply, a cancellation is sent again after 1, 2, 4 … 30 s.",
        source=_MEASURED,
        scenarios=("cancellation-refused",),
        check=same(seen.cancellation_times),
        holds=reports_cancellations,
        level=Level.QUIRK,
        needs=CANCELLATION,
    ),
    Requirement(
        id="cancellation.others_go_on",
        sentence=(
            "When one sample of a session is given up, the others that wait with it end with their results."
        ),
        source="official SDK 0.27.1, 0.36.0 and 0.38.0, measured",
        scenarios=("cancellation-of-a-session",),
        check=same(seen.cancellations, seen.outcomes),
        holds=every(reports_cancellations, polls_whole_sessions),
        needs=CANCELLATION | SESSION_POLLING,
    ),
)
