"""Requirements on one poll for all samples of a session, if the server's configuration asks for that."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import polls_whole_sessions, reports_what_it_fetched
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CONCURRENCY, OFFICIAL_PLUMBING, SESSION_POLLING

_MEASURED: Final = "official SDK 0.27.2, 0.36.0 and 0.38.0, measured"

REQUIREMENTS: Final = (
    Requirement(
        id="session_polling.result",
        sentence=(
            "If the server's configuration asks for it, a sample waits until `retrieve_futures` reports it "
            "as finished, and is then polled for its result."
        ),
        source=_MEASURED,
        scenarios=("session-polling-waits",),
        check=same(seen.session_polls, seen.poll_counts, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.no_pause",
        sentence=(
            "A queue state in a reply to `retrieve_futures` is not a pause: neither the observer nor the log "
            "shows it."
        ),
        source=_MEASURED,
        scenarios=("session-polling-pause",),
        check=same(seen.notified_states, seen.line_times, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.pause_afterwards",
        sentence=(
            "Once `retrieve_futures` has reported a sample as finished, its own polls report pauses as usual."
        ),
        source=_MEASURED,
        scenarios=("session-polling-pause-afterwards",),
        check=same(seen.notified_states, seen.line_times, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.cursor",
        sentence=(
            "Each poll of a session names the sampling session of its client, and the cursor of the previous "
            "reply."
        ),
        source=_MEASURED,
        scenarios=("session-polling-two-clients",),
        check=same(seen.session_poll_cursors, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.polled_again",
        sentence="After a 408, 409, 429 or 5xx, or a lost reply, the session is polled again.",
        source=_MEASURED,
        scenarios=("session-polling-refused",),
        check=same(seen.session_polls, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.delays",
        sentence="A session is polled again after 1 s, and after a 402 after 5 s.",
        source=_MEASURED,
        scenarios=("session-polling-refused", "session-polling-unpaid"),
        check=same(seen.session_poll_times),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING | OFFICIAL_PLUMBING,
    ),
    Requirement(
        id="session_polling.bad_request",
        sentence=(
            "After a 400 a session is polled again, up to three times; any usable reply allows three more."
        ),
        source=_MEASURED,
        scenarios=("session-polling-400",),
        check=same(seen.session_polls, seen.outcomes),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.ends_all",
        sentence=(
            "Any other status ends all samples that wait for the session, and all later ones, with an error."
        ),
        source=_MEASURED,
        scenarios=("session-polling-ends",),
        check=same(seen.session_polls, seen.poll_counts, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.error_line",
        sentence=(
            "When a status ends a session, the session and the reply are logged as an error, and so is each "
            "sample that ends."
        ),
        source=_MEASURED,
        scenarios=("session-polling-ends",),
        check=same(seen.error_lines),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING | OFFICIAL_PLUMBING,
    ),
    Requirement(
        id="session_polling.failure",
        sentence=(
            "A sample that `retrieve_futures` reports as failed fails alone; the others end with their "
            "results."
        ),
        source=_MEASURED,
        scenarios=("session-polling-one-fails",),
        check=same(seen.poll_counts, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING | CONCURRENCY,
    ),
    Requirement(
        id="session_polling.announced_size",
        sentence=(
            "If `retrieve_futures` announces the size of a result, the first poll for it does not allow "
            "metadata in place of the result."
        ),
        source=_MEASURED,
        scenarios=("session-polling-announced",),
        check=same(seen.request_metadata, seen.outcomes),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.fetched",
        sentence="A later poll of the session names each future whose result has been fetched.",
        source="official SDK 0.36.0 and 0.38.0, measured",
        scenarios=("session-polling-two-clients",),
        check=same(seen.fetched_reports),
        holds=reports_what_it_fetched,
        level=Level.QUIRK,
        needs=SESSION_POLLING,
    ),
)
