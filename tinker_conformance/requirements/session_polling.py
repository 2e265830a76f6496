"""Samples that wait together, where the server's configuration says so."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import polls_whole_sessions, reports_what_it_fetched
from tinker_conformance.requirements.model import Level, Requirement
from tinker_conformance.requirements.needs import CONCURRENCY, OFFICIAL_PLUMBING, SESSION_POLLING

_DRIVEN: Final = "official SDK 0.27.2, 0.36.0 and 0.38.0, driven"

REQUIREMENTS: Final = (
    Requirement(
        id="session_polling.result",
        sentence=(
            "Where the server's configuration asks for it, a sample waits until `retrieve_futures` says that "
            "it is finished, and then ends with its result."
        ),
        source=_DRIVEN,
        scenarios=("session-polling-waits",),
        check=same(seen.session_polls, seen.poll_counts, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.no_pause",
        sentence="A queue state in a reply to `retrieve_futures` is no pause: the user hears nothing of it.",
        source=_DRIVEN,
        scenarios=("session-polling-pause",),
        check=same(seen.notified_states, seen.line_times, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.pause_afterwards",
        sentence="The polls of a sample that the session calls finished tell of pauses as all polls do.",
        source=_DRIVEN,
        scenarios=("session-polling-pause-afterwards",),
        check=same(seen.notified_states, seen.line_times, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.cursor",
        sentence="Each poll names the sampling session of its client, and the cursor of the reply before.",
        source=_DRIVEN,
        scenarios=("session-polling-two-clients",),
        check=same(seen.session_poll_cursors, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.polled_again",
        sentence="After a 408, 409, 429 or 5xx, and if the reply is lost, the session is polled again.",
        source=_DRIVEN,
        scenarios=("session-polling-refused",),
        check=same(seen.session_polls, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.delays",
        sentence="It is polled again after one second, and after a 402 after five.",
        source=_DRIVEN,
        scenarios=("session-polling-refused", "session-polling-unpaid"),
        check=same(seen.session_poll_times),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING | OFFICIAL_PLUMBING,
    ),
    Requirement(
        id="session_polling.bad_request",
        sentence="After a 400 it is polled again three times; any usable reply allows three more.",
        source=_DRIVEN,
        scenarios=("session-polling-400",),
        check=same(seen.session_polls, seen.outcomes),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.ends_all",
        sentence="Any other status ends what waits for the session, and each later sample, with an error.",
        source=_DRIVEN,
        scenarios=("session-polling-ends",),
        check=same(seen.session_polls, seen.poll_counts, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.error_line",
        sentence="That end is logged at level error with the session and the reply, and so is each sample's.",
        source=_DRIVEN,
        scenarios=("session-polling-ends",),
        check=same(seen.error_lines),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING | OFFICIAL_PLUMBING,
    ),
    Requirement(
        id="session_polling.failure",
        sentence="A sample that the session calls failed fails alone; the others end with their results.",
        source=_DRIVEN,
        scenarios=("session-polling-one-fails",),
        check=same(seen.poll_counts, seen.outcomes),
        holds=polls_whole_sessions,
        needs=SESSION_POLLING | CONCURRENCY,
    ),
    Requirement(
        id="session_polling.announced_size",
        sentence="If the session tells the size of a result, its first poll allows no metadata alone.",
        source=_DRIVEN,
        scenarios=("session-polling-announced",),
        check=same(seen.request_metadata, seen.outcomes),
        holds=polls_whole_sessions,
        level=Level.QUIRK,
        needs=SESSION_POLLING,
    ),
    Requirement(
        id="session_polling.fetched",
        sentence="A later poll of the session names each future whose result has been fetched.",
        source="official SDK 0.36.0 and 0.38.0, driven",
        scenarios=("session-polling-two-clients",),
        check=same(seen.fetched_reports),
        holds=reports_what_it_fetched,
        level=Level.QUIRK,
        needs=SESSION_POLLING,
    ),
)
